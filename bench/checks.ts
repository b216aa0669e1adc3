/**
 * What checking costs: 4,000 TCP checks with delay_loop 1, by the whole director and by Debian's keepalived in turn, against the same
 * listeners on this machine. CPU is that of the process that checks, all threads, as a part of one core.
 */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KNOCKED_PORT, type KnockedOrder, type Knocks } from './knocked.js';
import { median, row, spread } from './statistics.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const CHECKS = Number(process.env['CHECKS'] ?? 4000);
const SETTLE_MS = 8000;
const MEASURE_MS = 20_000;
/** A pause that is longer than this is a probe that did not come. */
const LOST_MS = 1500;
const MOST_P99_MS = 1050;
const MOST_CPU_RATIO = 3;
const TICKS_PER_SECOND = 100; // sysconf(_SC_CLK_TCK) of every Linux that Node runs on
const KEEPALIVED = '/usr/sbin/keepalived';

const address = (i: number): string => `127.1.${i >> 8}.${i & 255}`;
const addresses = Array.from({ length: CHECKS }, (_, i) => address(i));
const directory = mkdtempSync(join(tmpdir(), 'lvsd-bench-'));
const file = join(directory, 'checks.conf');
writeFileSync(
  file,
  `virtual_server 127.2.0.1 80 {
    delay_loop 1
    lvs_sched rr
    lvs_method NAT
    protocol TCP
${addresses
  .map(
    (one) => `    real_server ${one} ${KNOCKED_PORT} {
        TCP_CHECK {
            connect_timeout 1
        }
    }`,
  )
  .join('\n')}
}
`,
  { mode: 0o644 },
);

/** Where keepalived is, and what makes it run without IPVS; undefined: it cannot. */
function keepalivedStub(): string | undefined {
  const stub = join(directory, 'ipvs-stub.so');
  const source = fileURLToPath(new URL('../../bench/ipvs-stub.c', import.meta.url));
  const made =
    existsSync(KEEPALIVED) && spawnSync('g++', ['-x', 'c', '-shared', '-fPIC', '-o', stub, source]).status === 0;
  return made ? stub : undefined;
}

const listeners = fork(fileURLToPath(new URL('knocked.js', import.meta.url)));
const ask = async (order: KnockedOrder): Promise<unknown> => {
  listeners.send(order);
  const [answer] = (await once(listeners, 'message')) as [unknown];
  return answer;
};

interface Running {
  /** The process that checks. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  const exit = once(child, 'exit');
  end();
  await exit;
}

async function lvsd(): Promise<Running> {
  const child = fork(fileURLToPath(new URL('checking-director.js', import.meta.url)), [file]);
  await once(child, 'message');
  return { pid: child.pid!, stop: () => ended(child, () => child.disconnect()) };
}

/** Its checker is the child of the process that we start. */
async function keepalived(stub: string): Promise<Running> {
  const args = ['-n', '-C', '-f', file, '-p', join(directory, 'pid'), '-c', join(directory, 'checkers.pid')];
  const child = spawn(KEEPALIVED, args, { stdio: 'ignore', env: { ...process.env, LD_PRELOAD: stub } });
  await sleep(1000);
  const [checker] = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === child.pid);
  if (checker === undefined) throw new Error('keepalived has no checker');
  return { pid: Number(checker), stop: () => ended(child, () => void child.kill('SIGTERM')) };
}

/** Fields of proc_pid_stat(5) from the state on, which is the third. */
const statOf = (pid: number | string): readonly string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

function parentOf(pid: string): number | undefined {
  try {
    return Number(statOf(pid)[1]);
  } catch {
    return undefined; // it has ended meanwhile
  }
}

const cpuSeconds = (pid: number): number => {
  const stat = statOf(pid);
  return (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND;
};
const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000;

interface Measured {
  readonly cpuPercent: number;
  readonly megabytes: number;
  readonly median: number;
  readonly p99: number;
  readonly most: number;
  readonly lost: number;
}

async function measured(start: () => Promise<Running>): Promise<Measured> {
  const { pid, stop } = await start();
  await sleep(SETTLE_MS);
  const [cpu, begin] = [cpuSeconds(pid), performance.now()];
  const { pauses } = (await ask({ measure: MEASURE_MS })) as Knocks;
  const cpuPercent = (100_000 * (cpuSeconds(pid) - cpu)) / (performance.now() - begin);
  const megabytes = residentMegabytes(pid);
  await stop();
  const sorted = [...pauses].sort((a, b) => a - b);
  const part = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const lost = sorted.filter((ms) => ms > LOST_MS).length;
  return { cpuPercent, megabytes, median: part(0.5), p99: part(0.99), most: part(1), lost };
}

await ask({ open: addresses });
const stub = keepalivedStub();
const ours: Measured[] = [];
const theirs: Measured[] = [];
for (let round = 0; round < ROUNDS; round++) {
  if (stub !== undefined) theirs.push(await measured(() => keepalived(stub)));
  ours.push(await measured(lvsd));
}
listeners.disconnect();
rmSync(directory, { recursive: true, force: true });

console.log(`\n### ${CHECKS} TCP checks, delay_loop 1, ${ROUNDS} rounds of ${MEASURE_MS / 1000} s\n`);
const cpu = (all: readonly Measured[]): number[] => all.map(({ cpuPercent }) => cpuPercent);
if (theirs.length === 0) console.log('keepalived cannot run here: it, or g++, is not installed\n');
else {
  console.log('| | keepalived | lvsd | ratio | wanted |\n| --- | --- | --- | --- | --- |');
  console.log(row({ what: 'CPU, % of one core', theirs: cpu(theirs), ours: cpu(ours), limit: MOST_CPU_RATIO }, 1));
  console.log();
}
console.log('| | CPU, % of one core | memory, MB | period: median | p99 | most, ms | probes lost |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const [name, all] of [['keepalived', theirs] as const, ['lvsd', ours] as const]) {
  if (all.length === 0) continue;
  const of = (what: keyof Measured): number[] => all.map((one) => one[what]);
  const lost = of('lost').reduce((sum, one) => sum + one, 0);
  const times = (['median', 'p99', 'most'] as const).map((what) => median(of(what)).toFixed(0)).join(' | ');
  console.log(`| ${name} | ${spread(cpu(all), 1)} | ${median(of('megabytes')).toFixed(0)} | ${times} | ${lost} |`);
}
console.log(`\nWanted of lvsd: p99 ≤ ${MOST_P99_MS} ms, no probe lost`);
