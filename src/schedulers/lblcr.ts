import { destinationName } from '../model/destination.js';
import { isOverworked } from './lblc.js';
import { leastPerWeight } from './least.js';
import { connectionOverhead, type Scheduler } from './scheduler.js';

/** Destinations by the address asked for, the newest first. */
type Cache = ReadonlyMap<string, readonly string[]>;

/**
 * Locality-based least connection with replication (ip_vs_lblcr.c): as lblc, but an address has a set of destinations, of which
 * the least loaded is used; when that one is overworked another joins the set. (The kernel takes the most loaded one out of a set that
 * did not change for net.ipv4.vs.lblcr_expiration; time is not modelled here.)
 */
export const lblcr: Scheduler<Cache> = {
  prepare: () => new Map(),
  change: (_settings, _candidates, cache) => cache,
  choose(_settings, candidates, cache, { virtual }) {
    const names = cache.get(virtual.address) ?? [];
    const places = names
      .map((name) => candidates.findIndex(({ key }) => destinationName(key) === name))
      .filter((i) => i >= 0);
    const least = leastPerWeight(
      places.map((i) => candidates[i]!),
      connectionOverhead,
    );
    const kept = least === undefined ? undefined : places[least]!;
    if (kept !== undefined && !isOverworked(candidates[kept]!, candidates)) return { index: kept, state: cache };

    const index = leastPerWeight(candidates, connectionOverhead);
    if (index === undefined) return { index, state: cache };
    const name = destinationName(candidates[index]!.key);
    return { index, state: new Map(cache).set(virtual.address, [name, ...names.filter((other) => other !== name)]) };
  },
};
