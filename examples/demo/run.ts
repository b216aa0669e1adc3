/** `npm run demo`: tells the story of story.ts by the kernel's IPVS where it has one, else by our own engine; in namespaces of its own either way. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const story = fileURLToPath(new URL('story.js', import.meta.url));
const isRoot = process.getuid?.() === 0;
const inLab = (kernel: string): readonly string[] => [`${root}test/lab/lab`, '-k', kernel, '-t', '300', '--'];

function chosen(): readonly [why: string, ...command: (readonly string[])[]] {
  if (isRoot && existsSync('/proc/net/ip_vs'))
    return ["This machine's kernel has IPVS: using it, in namespaces of our own.", inLab('host'), ['kernel']];
  if (isRoot)
    return ["This machine's kernel has no IPVS: our own engine forwards, in namespaces of our own.", [], ['engine']];
  return ['Not root here: booting a guest kernel that has IPVS.', inLab('uml'), ['kernel']];
}

const [why, before = [], words = []] = chosen();
console.log(why);
const [program = '', ...args] = [...before, process.execPath, story, ...words];
process.exitCode = spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
