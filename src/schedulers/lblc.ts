import type { DestinationKey } from '../model/destination.js';
import { leastPerWeight } from './least.js';
import { type Candidate, connectionOverhead, placeOf, type Scheduler } from './scheduler.js';

/** Destination by the address asked for: which cache has it. */
type Cache = ReadonlyMap<string, DestinationKey>;

/**
 * Locality-based least connection (ip_vs_lblc.c): an address stays with its destination until that one has more active connections
 * than weight while another is less than half used; then, and for a new address, as wlc. A destination at its upper threshold keeps
 * the addresses it has. (Entries that nobody asked for in a day are forgotten by the kernel; time is not modelled here.)
 */
export const lblc: Scheduler<Cache> = {
  prepare: () => new Map(),
  change: (_settings, _candidates, cache) => cache,
  choose(_settings, candidates, cache, { virtual }) {
    const remembered = cache.get(virtual.address);
    const kept = remembered === undefined ? -1 : placeOf(candidates, remembered);
    if (kept >= 0 && candidates[kept]!.weight > 0 && !isOverworked(candidates[kept]!, candidates))
      return { index: kept, state: cache };
    const index = leastPerWeight(candidates, connectionOverhead);
    if (index === undefined) return { index, state: cache };
    return { index, state: new Map(cache).set(virtual.address, candidates[index]!.key) };
  },
};

/** is_overloaded: it is above its weight, and somebody has room. */
export const isOverworked = (candidate: Candidate, candidates: readonly Candidate[]): boolean =>
  candidate.active > candidate.weight && candidates.some(({ active, weight }) => active * 2 < weight);
