/** How long the address of a virtual router does not answer: a client that asks each millisecond, two routers, and what befalls the master. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Place, Site } from '../test/vrrp/interop/site.js';
import { median, spread } from './statistics.js';
import { firstAnswerMs, lastAdvertMs, masterDownMs, outageMs, type Seen, skewMs } from './vrrp-figures.js';
import { monotonicMs, probe } from './vrrp-probe.js';
import { type Maker, type Many, PAIR, type Told, until, virtualAddress } from './vrrp-routers.js';

const PRIORITY = { a: 150, b: 100 };

/** Two routers on a link. `a` has the higher priority. */
interface Pair {
  readonly site: Site;
  readonly a: Many;
  readonly b: Many;
}

interface Mishap {
  readonly name: string;
  /** Whether `a` runs before. */
  readonly isThere: boolean;
  readonly happen: (pair: Pair) => Promise<void>;
  /** After the last advert of `a`; undefined: nobody has to take over. */
  readonly protocolMs?: (advertMs: number) => number;
  /** What is asked of lvsd with any partner, and of two lvsd that know each other, where that is something else. */
  readonly wanted: string;
  readonly ofPair?: string;
}

const downMs = (advertMs: number): number => masterDownMs(PRIORITY.b, advertMs);

export const mishaps: readonly Mishap[] = [
  {
    name: 'node death',
    isThere: true,
    happen: ({ site }) => site.cut(site.a),
    protocolMs: downMs,
    wanted: 'no later than keepalived',
    ofPair: '< 150',
  },
  {
    name: 'link down',
    isThere: true,
    happen: ({ site }) => site.unplug(site.a),
    protocolMs: downMs,
    wanted: 'no later than keepalived',
    ofPair: '< 150',
  },
  {
    name: 'graceful stop',
    isThere: true,
    happen: ({ a }) => a.stop(),
    protocolMs: (advertMs) => skewMs(PRIORITY.b, advertMs),
    wanted: 'no later than keepalived',
    ofPair: '< 5',
  },
  {
    name: 'kill -9 of the process',
    isThere: true,
    happen: ({ a }) => Promise.resolve(void process.kill(a.pid, 'SIGKILL')),
    wanted: '0',
  },
  { name: 'preempt back', isThere: false, happen: ({ a }) => a.start(), wanted: '0' },
];

export interface Trial {
  readonly outageMs: number;
  /** From the moment that the protocol allows until the successor answered. */
  readonly lateMs: number | undefined;
}

/** Beyond what the protocol takes: a process starts, lets go, is started again. */
const PATIENCE_MS = 2500;
/** Neighbours have learned the addresses, whoever had to start has started. */
const SETTLE_MS = 700;
const BEFORE_MS = 300;

export async function trial(maker: Maker, mishap: Mishap, advertMs: number): Promise<Trial> {
  await using site = await Site.build();
  await using a = maker.make(site.a.host, told(advertMs, PRIORITY.a, site.a, site.b));
  await using b = maker.make(site.b.host, told(advertMs, PRIORITY.b, site.b, site.a));
  await ready({ site, a, b }, mishap, advertMs);
  const address = virtualAddress(1);
  await until('somebody answers', async () => (await site.ask(address)).ttl !== null, a);
  const client = await probe(site.client, address);
  await sleep(BEFORE_MS + Math.random() * advertMs); // no moment of the interval is preferred
  const fromMs = monotonicMs();
  const happened = mishap.happen({ site, a, b });
  await sleep((mishap.protocolMs?.(advertMs) ?? 2 * downMs(advertMs)) + PATIENCE_MS);
  await happened;
  return figures(await client.end(), site, mishap.protocolMs?.(advertMs), fromMs);
}

const told = (advertMs: number, priority: number, ours: Place, theirs: Place): Told => ({
  instances: 1,
  advertMs,
  priority,
  ours: ours.addresses.ip4,
  theirs: theirs.addresses.ip4,
});

async function ready({ a, b }: Pair, { isThere }: Mishap, advertMs: number): Promise<void> {
  const [first, second] = isThere ? [a, b] : [b, undefined];
  await first.start();
  await until('the first is master', async () => (await first.masters()) === 1, first);
  await second?.start();
  if (second !== undefined) await until('the second is backup', async () => (await second.backups()) === 1, second);
  await sleep(SETTLE_MS + advertMs);
}

function figures({ echoes, adverts }: Seen, { a, b }: Site, protocolMs: number | undefined, fromMs: number): Trial {
  const answeredMs = firstAnswerMs(echoes, b.ttl, fromMs);
  const silentMs = lastAdvertMs(adverts, a.addresses.ip4, answeredMs ?? Infinity);
  const isTakeover = protocolMs !== undefined && answeredMs !== undefined && silentMs !== undefined;
  return {
    outageMs: outageMs(echoes, fromMs),
    lateMs: isTakeover ? answeredMs - silentMs - protocolMs : undefined,
  };
}

export const heading =
  '| | adverts, ms | router | outage, ms: median (least–most) | after the moment of the protocol, ms | wanted |\n| --- | --- | --- | --- | --- | --- |';

export function row(
  { name, wanted, ofPair }: Mishap,
  advertMs: number,
  { name: router }: Maker,
  trials: readonly Trial[],
): string {
  const outages = spread(
    trials.map((one) => one.outageMs),
    0,
  );
  const isPair = PAIR.some((one) => one.name === router);
  const late = isPair ? [] : trials.flatMap((one) => one.lateMs ?? []); // a pair knows sooner than the protocol
  const limit = router.startsWith('keepalived') ? '' : isPair ? (ofPair ?? wanted) : wanted;
  return `| ${name} | ${advertMs} | ${router} | ${outages} | ${late.length === 0 ? '' : median(late).toFixed(1)} | ${limit} |`;
}
