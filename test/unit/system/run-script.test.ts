import t from 'tap';
import { findAccount } from '../../../src/system/accounts.js';
import { systemClock } from '../../../src/system/clock.js';
import { runScript } from '../../../src/system/run-script.js';
import { FakeClock } from '../../helpers/fake-clock.js';

const node = process.execPath;

t.test('the exit status is told; words are not a shell line', async (t) => {
  const argv = [node, '-e', 'process.exit(process.argv[1] === "$HOME;x" ? 7 : 1)', '$HOME;x'];
  t.same(await runScript({ argv, timeoutMs: 60_000 }, systemClock), { status: 7 });
});

t.test('a script that cannot be started is a failure with a reason', async (t) => {
  t.match(await runScript({ argv: ['/nowhere/at-all'], timeoutMs: 60_000 }, systemClock), { failed: /ENOENT/ });
  t.match(await runScript({ argv: ['a\0b'], timeoutMs: 60_000 }, systemClock), { failed: /null/ });
});

t.test('who takes too long is ended, and no timer is left', async (t) => {
  const clock = new FakeClock();
  const end = runScript({ argv: [node, '-e', 'setInterval(() => 0, 1e9)'], timeoutMs: 5000 }, clock);
  clock.advance(5000);
  t.same(await end, { failed: 'ended by SIGTERM' });
  t.equal(clock.pending, 0);
});

t.test('users and groups by name and number', async (t) => {
  const root = t.testdir({
    passwd: 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/var/www:/bin/sh\n',
    group: 'root:x:0:\nstaff:x:50:\n',
  });
  t.same(await findAccount('web', undefined, root), { uid: 33, gid: 34 });
  t.same(await findAccount('33', 'staff', root), { uid: 33, gid: 50 });
  t.same(await findAccount('web', '50', root), { uid: 33, gid: 50 });
  t.equal(await findAccount('nobody', undefined, root), undefined);
  t.equal(await findAccount('web', 'none', root), undefined);
});
