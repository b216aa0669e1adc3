import type { Say } from './advisor.js';
import type { RealServer, VirtualServer } from './configuration.js';
import type { Place } from './diagnostics.js';

/** What is in the kernel's sums of weights, of schedulers such as twos. */
const MOST_SUM = 2_147_483_647;
/** ip_vs_sh.c: one bucket per unit of weight, dealt out in order until all are gone. */
const SH_BUCKETS = 256;
/** ip_vs_mh.c: weights are shifted down until the largest has so many bits; nobody gets less than one turn. */
const MH_TURN_BITS = 6;
/** Schedulers that ask of a weight only whether it is 0. */
const WEIGHTLESS = new Set(['rr', 'lc', 'dh', 'lblc', 'lblcr']);

const spotOf = ({ position, address }: RealServer): Place => ({ ...position, length: address.length });

/** What the scheduler makes of the weights, where that is not what they say. */
export function lintWeights(server: VirtualServer, say: Say): void {
  const { realServers, services, position } = server;
  const scheduler = services[0]?.settings.scheduler;
  // One plain loop: thousands of services come by here that nothing is to be said of.
  let [total, least, most] = [0, Number.POSITIVE_INFINITY, 0];
  for (const { settings } of realServers) {
    const { weight } = settings;
    total += weight;
    if (weight > most) most = weight;
    if (weight > 0 && weight < least) least = weight;
  }
  const header = (): Place => ({ ...position, length: 'virtual_server'.length });
  if (total === 0 && realServers.length > 0 && !realServers.some(isDynamic))
    say(header(), 'all its real servers have weight 0: nobody gets a connection', 'a weight of at least 1');
  if (total > MOST_SUM)
    say(
      header(),
      `all its real servers together weigh ${total}: 32-bit sums of weights (lvs_sched twos, the lc family of older kernels) overflow`,
      `together at most ${MOST_SUM}; only their ratio counts`,
    );
  if (scheduler === 'sh' && total + realServers.length > SH_BUCKETS) lintBuckets(realServers, say);
  if (scheduler === undefined || most <= least) return;
  if (scheduler === 'mh') lintTurns(realServers, total, say);
  else if (WEIGHTLESS.has(scheduler))
    say(
      header(),
      `lvs_sched ${scheduler} takes no notice of weights, and those of its real servers differ`,
      `a scheduler that does, such as ${scheduler === 'lc' ? 'wlc' : 'wrr'}, or equal weights`,
    );
}

/** Its checks may give it another weight. */
export const isDynamic = ({ checks }: RealServer): boolean =>
  checks.some((check) => (check.is === 'file' && check.weight !== 0) || (check.is === 'misc' && check.dynamic));

function lintBuckets(servers: readonly RealServer[], say: Say): void {
  let taken = 0;
  for (const real of servers) {
    const { weight } = real.settings;
    if (weight > 0 && taken >= SH_BUCKETS)
      say(
        spotOf(real),
        `lvs_sched sh has ${SH_BUCKETS} buckets, one per unit of weight, and the servers before this one have taken them all: it gets no connection`,
        `weights that together are at most ${SH_BUCKETS}`,
      );
    taken += Math.max(1, weight); // one of weight 0 has its bucket too
  }
}

function lintTurns(servers: readonly RealServer[], total: number, say: Say): void {
  const weights = servers.map(({ settings }) => settings.weight);
  const divisor = weights.reduce(greatestCommonDivisor, 0) || 1;
  const bits = 32 - Math.clz32(Math.max(0, ...weights) / divisor);
  const shift = Math.max(0, bits - MH_TURN_BITS);
  if (shift === 0) return;
  const turns = weights.map((weight) => (weight / divisor) >> shift || (weight > 0 ? 1 : 0));
  const allTurns = turns.reduce((sum, one) => sum + one, 0);
  for (const [i, real] of servers.entries()) {
    const meant = weights[i]! / total;
    const got = turns[i]! / allTurns;
    if (got > 2 * meant)
      say(
        spotOf(real),
        `lvs_sched mh makes coarse numbers of weights that differ so much: this server gets ${percent(got)} of the clients, not ${percent(meant)}`,
        `weights at most ${2 ** MH_TURN_BITS - 1} times each other`,
      );
  }
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
