import { destinationName } from '../model/destination.js';
import { schedulerFlag } from '../model/service.js';
import { foldAddress, halfSipHash, type SipKey } from './hash.js';
import { populate, type Preference } from './maglev.js';
import { type Candidate, type Flow, isAvailable, type Scheduler, type SchedulerSettings } from './scheduler.js';
import { gcd } from './wrr.js';

/** CONFIG_IP_VS_MH_TAB_INDEX 12, the default: the table has 4093 slots, and no destination more than 2^6 turns. */
const TABLE_SIZE = 4093;
const TURN_BITS = 6;

/** generate_hash_secret: no secret, the same on every director, so that a backup picks the same servers. */
const keys: { readonly first: SipKey; readonly second: SipKey } = {
  first: [2654435761n, 2654435761n],
  second: [2654446892n, 2654446892n],
};

export interface Lookup {
  /** Slot → place in the list. Empty if nobody has, or had, weight. */
  readonly table: Int32Array;
  /**
   * dest->last_weight by destination: a server whose weight is set to 0 keeps its slots, so that no client of another moves. The
   * kernel does not tell it: who looks at a table for the first time can only take the weights that are there.
   */
  readonly lastWeights: ReadonlyMap<string, number>;
}

/**
 * Maglev hashing (ip_vs_mh.c): the client's address (with mh-port also its port) picks a slot of a Maglev table. A destination that
 * leaves moves few clients of the others. mh-fallback looks further when the picked one is not available.
 */
export const mh: Scheduler<Lookup> = {
  prepare: (settings, candidates) => build(settings, candidates, new Map()),
  change: (settings, candidates, { lastWeights }) => build(settings, candidates, lastWeights),
  choose(settings, candidates, lookup, flow) {
    return { index: pick(settings, candidates, lookup.table, flow), state: lookup };
  },
  slot: (settings, { table }, flow) =>
    table.length === 0 ? undefined : { slot: slotsFrom(settings, flow)(0), slots: TABLE_SIZE },
};

/** The flow's slot, and with an offset those that mh-fallback tries. */
function slotsFrom({ flags }: SchedulerSettings, { client }: Flow): (offset: number) => number {
  const port = (flags & schedulerFlag.port) === 0 ? 0 : client.port;
  const folded = foldAddress(client.address);
  return (offset) => hash(folded, port, keys.first, offset) % TABLE_SIZE;
}

function build(
  settings: SchedulerSettings,
  candidates: readonly Candidate[],
  before: ReadonlyMap<string, number>,
): Lookup {
  const weights = candidates.map(({ key, weight }) => (weight > 0 ? weight : (before.get(destinationName(key)) ?? 0)));
  return {
    table: populate(preferences(settings, candidates, weights), TABLE_SIZE),
    lastWeights: new Map(candidates.map(({ key }, i) => [destinationName(key), weights[i]!])),
  };
}

/** Hash of an address with a port: what is hashed is one 32-bit number, their sum. */
const hash = (folded: number, port: number, key: SipKey, offset = 0): number =>
  halfSipHash((folded + port + offset) >>> 0, key);

/** ip_vs_mh_permutate: weights are divided by what they have in common, and huge ones shifted down. */
function preferences(
  { family }: SchedulerSettings,
  candidates: readonly Candidate[],
  weights: readonly number[],
): Preference[] {
  const divisor = weights.reduce(gcd, 0) || 1;
  const bits = 32 - Math.clz32(Math.max(0, ...weights) / divisor);
  const shift = Math.max(0, bits - TURN_BITS);
  return candidates.map(({ key: { address, port } }, i) => {
    const folded = foldAddress(address, family);
    return {
      offset: hash(folded, port, keys.first) % TABLE_SIZE,
      skip: (hash(folded, port, keys.second) % (TABLE_SIZE - 1)) + 1,
      turns: (weights[i]! / divisor) >> shift || (weights[i]! > 0 ? 1 : 0),
    };
  });
}

function pick(
  settings: SchedulerSettings,
  candidates: readonly Candidate[],
  table: Int32Array,
  flow: Flow,
): number | undefined {
  if (table.length === 0) return undefined;
  const slot = slotsFrom(settings, flow);
  const first = slot(0);
  if (isAvailable(candidates[table[first]!]!)) return table[first];
  if ((settings.flags & schedulerFlag.fallback) === 0) return undefined;
  // Not the slots beside it: from there on each number is hashed, so that the clients of one server spread over all the others.
  for (let step = 0; step < TABLE_SIZE; step++) {
    const index = table[slot((first + step) % TABLE_SIZE)]!;
    if (isAvailable(candidates[index]!)) return index;
  }
  return undefined;
}
