import { schedulerFlag } from '../model/service.js';
import { foldAddress, hash32 } from './hash.js';
import { type Candidate, type Flow, isAvailable, type Scheduler, type SchedulerSettings } from './scheduler.js';

const TABLE_BITS = 8;
const TABLE_SIZE = 1 << TABLE_BITS;

/** Buckets as places in the list; empty without destinations. */
type Table = readonly number[];

/**
 * Source hashing (ip_vs_sh.c): the client's address (with sh-port also its port) picks one of 256 buckets, which were dealt to the
 * destinations in turn, as many at a time as each one's weight. sh-fallback looks further when that one is not available.
 */
export const sh: Scheduler<Table> = {
  prepare: (_settings, candidates) => deal(candidates),
  choose(settings, candidates, table, flow) {
    return { index: pick(settings, candidates, table, flow), state: table };
  },
  slot: (settings, table, flow) =>
    table.length === 0 ? undefined : { slot: bucketOf(settings, flow), slots: TABLE_SIZE },
};

function bucketOf({ flags }: SchedulerSettings, { client }: Flow): number {
  const port = (flags & schedulerFlag.port) === 0 ? 0 : client.port;
  return hash32((foldAddress(client.address) + port) >>> 0, TABLE_BITS);
}

/** A destination of weight 0 has its bucket too. */
function deal(candidates: readonly Candidate[]): Table {
  if (candidates.length === 0) return [];
  const table: number[] = [];
  for (let index = 0; table.length < TABLE_SIZE; index = (index + 1) % candidates.length) {
    for (let turn = Math.max(1, candidates[index]!.weight); turn > 0 && table.length < TABLE_SIZE; turn--)
      table.push(index);
  }
  return table;
}

function pick(
  settings: SchedulerSettings,
  candidates: readonly Candidate[],
  table: Table,
  flow: Flow,
): number | undefined {
  if (table.length === 0) return undefined;
  const hash = bucketOf(settings, flow);
  const bucket = (offset: number): number => table[(hash + offset) % TABLE_SIZE]!;
  if (isAvailable(candidates[bucket(0)]!)) return bucket(0);
  if ((settings.flags & schedulerFlag.fallback) === 0) return undefined;
  // The kernel starts where the first try ended, counted from the hash again: 2 × hash, 2 × hash + 1, …
  for (let step = 0; step < TABLE_SIZE; step++) {
    const index = bucket((hash + step) % TABLE_SIZE);
    if (isAvailable(candidates[index]!)) return index;
  }
  return undefined;
}
