import { schedulerFlag } from '../model/service.js';
import { foldAddress, halfSipHash, type SipKey } from './hash.js';
import { populate, type Preference } from './maglev.js';
import { type Candidate, type Flow, isAvailable, type Scheduler, type SchedulerSettings } from './scheduler.js';
import { gcd } from './wrr.js';

/** CONFIG_IP_VS_MH_TAB_INDEX 12, the default: the table has 4093 slots, and no destination more than 2^6 turns. */
const TABLE_SIZE = 4093;
const TURN_BITS = 6;

const keys: { readonly first: SipKey; readonly second: SipKey } = {
  first: [2654435761n, 2654435761n],
  second: [2654446892n, 2654446892n],
};

/**
 * Maglev hashing (ip_vs_mh.c): the client's address (with mh-port also its port) picks a slot of a Maglev table. A destination that
 * leaves moves few clients of the others. mh-fallback looks further when the picked one is not available.
 */
export const mh: Scheduler<Int32Array> = {
  prepare: (_settings, candidates) => populate(preferences(candidates), TABLE_SIZE),
  choose(settings, candidates, table, flow) {
    return { index: pick(settings, candidates, table, flow), state: table };
  },
};

const hash = (address: string, port: number, key: SipKey, offset = 0): number =>
  halfSipHash((foldAddress(address) + port + offset) >>> 0, key);

/** ip_vs_mh_permutate: weights are divided by what they have in common, and huge ones shifted down. */
function preferences(candidates: readonly Candidate[]): Preference[] {
  const weights = candidates.map(({ weight }) => Math.max(0, weight));
  const divisor = weights.reduce(gcd, 0) || 1;
  const bits = 32 - Math.clz32(Math.floor(Math.max(0, ...weights) / divisor));
  const shift = Math.max(0, bits - TURN_BITS);
  return candidates.map(({ key: { address, port } }, i) => ({
    offset: hash(address, port, keys.first) % TABLE_SIZE,
    skip: (hash(address, port, keys.second) % (TABLE_SIZE - 1)) + 1,
    turns: Math.floor(weights[i]! / divisor) >> shift || (weights[i]! > 0 ? 1 : 0),
  }));
}

function pick(
  { flags }: SchedulerSettings,
  candidates: readonly Candidate[],
  table: Int32Array,
  { client }: Flow,
): number | undefined {
  if (table.length === 0) return undefined;
  const port = (flags & schedulerFlag.port) === 0 ? 0 : client.port;
  const slot = (offset: number): number => hash(client.address, port, keys.first, offset) % TABLE_SIZE;
  const first = slot(0);
  if (isAvailable(candidates[table[first]!]!)) return table[first];
  if ((flags & schedulerFlag.fallback) === 0) return undefined;
  for (let step = 0; step < TABLE_SIZE; step++) {
    const index = table[slot((first + step) % TABLE_SIZE)]!;
    if (isAvailable(candidates[index]!)) return index;
  }
  return undefined;
}
