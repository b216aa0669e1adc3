/** `npm run demo`: boots a kernel that has IPVS, if ours has none, and tells the story of story.ts in it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const own = existsSync('/proc/net/ip_vs') && process.getuid?.() === 0;
console.log(
  own ? "This machine's kernel has IPVS: using it, in namespaces of our own." : 'Booting a guest kernel that has IPVS.',
);

const lab: readonly [string, ...string[]] = [`${root}test/lab/lab`, '-k', own ? 'host' : 'uml', '-t', '300', '--'];
const [program, ...args] = [...lab, process.execPath, fileURLToPath(new URL('story.js', import.meta.url))];
process.exitCode = spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
