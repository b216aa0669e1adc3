/** Many virtual routers that nothing befalls: takeovers that should not be, how late adverts are, and what it costs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Site } from '../test/vrrp/interop/site.js';
import { latenessMs, percentile, takeovers } from './vrrp-figures.js';
import { monotonicMs, probe } from './vrrp-probe.js';
import { type BusyDirector, busyDirector } from './vrrp-director.js';
import { type Maker, type Many, until } from './vrrp-routers.js';

export interface Scenario {
  readonly instances: number;
  readonly advertMs: number;
  /** What else the machine does. `loops`: each core has another program that never sleeps. `director`: vrrp-director.ts, where the masters are. */
  readonly beside: 'nothing' | 'loops' | 'director';
  /** What is asked of lvsd. */
  readonly wanted: string;
}

const NONE = '0 takeovers';

/** Each with every router. */
export const scenarios: readonly Scenario[] = [
  { instances: 255, advertMs: 1000, beside: 'nothing', wanted: `${NONE}, CPU ≤ 3 × keepalived's` },
  { instances: 100, advertMs: 10, beside: 'nothing', wanted: "takeovers ≤ keepalived's / 10, CPU ≤ keepalived's" },
  { instances: 255, advertMs: 1000, beside: 'director', wanted: `${NONE}, as late as beside nothing` },
  { instances: 255, advertMs: 100, beside: 'director', wanted: `${NONE}, as late as beside nothing` },
];

/** Those that take ten minutes. */
export const endurance: readonly Scenario[] = [
  { instances: 255, advertMs: 1000, beside: 'loops', wanted: NONE },
  { instances: 255, advertMs: 100, beside: 'loops', wanted: NONE },
];

export interface Stability {
  readonly takeovers: number;
  readonly adverts: number;
  readonly late: readonly number[];
  /** Shares of a core. */
  readonly cpu: { readonly master: number; readonly backup: number };
  /** Of the director beside it. */
  readonly checksPerSecond?: number | undefined;
}

type Others = AsyncDisposable & Partial<BusyDirector>;

/** Further announcements of a new master (`garp_master_delay`) are over: they are not what is measured. */
const SETTLE_MS = 10_000;

export async function undisturbed(maker: Maker, scenario: Scenario, seconds: number): Promise<Stability> {
  const { instances, advertMs, beside } = scenario;
  await using site = await Site.build();
  const told = { instances, advertMs };
  const [one, two] = [site.a.addresses.ip4, site.b.addresses.ip4];
  await using a = maker.make(site.a.host, { ...told, priority: 150, ours: one, theirs: two });
  await using b = maker.make(site.b.host, { ...told, priority: 100, ours: two, theirs: one });
  await a.start();
  await until('all of the first are master', async () => (await a.masters()) === instances, a);
  await b.start();
  await until('all of the second are backup', async () => (await b.backups()) === instances, b);
  await sleep(SETTLE_MS);
  await using others = await begun(beside, site);
  return { ...(await measure({ site, a, b }, advertMs, seconds)), checksPerSecond: others.checksPerSecond };
}

async function begun(beside: Scenario['beside'], site: Site): Promise<Others> {
  if (beside === 'director') return await busyDirector(site.a.host);
  const others = beside === 'loops' ? loops(availableParallelism()) : [];
  return {
    [Symbol.asyncDispose]() {
      for (const loop of others) loop.kill('SIGKILL');
      return Promise.resolve();
    },
  };
}

interface Pair {
  readonly site: Site;
  readonly a: Many;
  readonly b: Many;
}

async function measure({ site, a, b }: Pair, advertMs: number, seconds: number): Promise<Stability> {
  const client = await probe(site.client);
  const fromMs = monotonicMs();
  const before = { master: cpuMs(a.pid), backup: cpuMs(b.pid) };
  await sleep(1000 * seconds);
  const after = { master: cpuMs(a.pid), backup: cpuMs(b.pid) };
  const tookMs = monotonicMs() - fromMs;
  const { adverts } = await client.end();
  return {
    takeovers: takeovers(adverts, site.b.addresses.ip4, advertMs),
    adverts: adverts.length,
    late: latenessMs(adverts, site.a.addresses.ip4, advertMs),
    cpu: { master: (after.master - before.master) / tookMs, backup: (after.backup - before.backup) / tookMs },
  };
}

/** Programs that do nothing, each as much as a core can. */
const loops = (count: number): readonly ChildProcess[] =>
  Array.from({ length: count }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));

/** What all threads of a process have used of the cores (schedstat: the first figure). */
const cpuMs = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]))
    .reduce((sum, ns) => sum + ns / 1e6, 0);

export const heading =
  '| instances, adverts | router | takeovers | adverts seen | late, ms: p50, p99, p99.9, most | CPU: master, backup | wanted of lvsd |\n| --- | --- | --- | --- | --- | --- | --- |';

export function row({ instances, advertMs, beside, wanted }: Scenario, router: string, found: Stability): string {
  const late = [0.5, 0.99, 0.999, 1].map((share) => percentile(found.late, share).toFixed(2)).join(', ');
  const cpu = [found.cpu.master, found.cpu.backup].map((share) => `${(100 * share).toFixed(1)} %`).join(', ');
  const others = {
    nothing: '',
    loops: ', beside busy loops',
    director: `, beside a director with ${found.checksPerSecond?.toFixed(0) ?? 0} checks/s`,
  };
  const what = `${instances}, ${advertMs} ms${others[beside]}`;
  return `| ${what} | ${router} | ${found.takeovers} | ${found.adverts} | ${late} | ${cpu} | ${wanted} |`;
}
