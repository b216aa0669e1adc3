/** Uses up all descriptors and tries to run a script then; says what became of it. */
import { openSync } from 'node:fs';
import { systemClock } from '../../../src/system/clock.js';
import { launcherPath } from '../../../src/system/launcher.js';
import { runScript } from '../../../src/system/run-script.js';

launcherPath();
try {
  for (;;) openSync('/dev/null', 'r');
} catch {
  process.stdout.write(JSON.stringify(await runScript({ argv: ['/bin/true'], timeoutMs: 1000 }, systemClock)));
}
