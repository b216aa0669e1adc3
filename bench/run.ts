/**
 * `npm run bench [-- NAME...]`: prints the figures of docs/performance.md. Those that need IPVS run inside the lab's User-Mode Linux; those of
 * the engine compile native/bench first.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guest = (megabytes: number): string[] => [
  `${root}test/lab/lab`,
  '-k',
  'uml',
  '-m',
  String(megabytes),
  '-t',
  '3600',
  '--',
];
const lab = guest(2048);

/** Where each runs: on this machine, or in a guest with IPVS. */
const benches: Readonly<Record<string, readonly string[]>> = {
  startup: [],
  reload: [],
  check: [],
  checks: [],
  forward: [],
  maglev: [],
  publish: [],
  sync: [],
  io: [],
  memory: [],
  api: [],
  'api-beside': [],
  vrrp: [],
  'reload-kernel': lab,
  'api-kernel': lab,
  ipvsadm: lab,
  detection: lab,
  scrape: lab,
  events: lab,
  // two kernels' tables of a million connections
  resync: guest(3072),
};

const wanted = process.argv.slice(2);
for (const [name, where] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const script = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const { status } = spawnSync('env', [...where, process.execPath, script], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
