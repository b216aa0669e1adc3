import { type DestinationKey, destinationName } from '../model/destination.js';
import { isOverworked } from './lblc.js';
import { leastPerWeight } from './least.js';
import { type Candidate, connectionOverhead, placeOf, type Scheduler } from './scheduler.js';

/** The destinations of one address, the newest first. */
interface ServerSet {
  readonly keys: readonly DestinationKey[];
  readonly changedAtSeconds: number;
}

/** By the address asked for. */
type Cache = ReadonlyMap<string, ServerSet>;

const DAY = 86_400;

/**
 * Locality-based least connection with replication (ip_vs_lblcr.c): as lblc, but an address has a set of destinations, of which
 * the least loaded is used; when that one is overworked another joins the set. From a set that did not change for
 * net.ipv4.vs.lblcr_expiration each arrival takes the most loaded one away. (An address that nobody asks for is forgotten by a timer
 * of the kernel, after as long; that is not modelled here.)
 */
export const lblcr: Scheduler<Cache> = {
  prepare: () => new Map(),
  change: (_settings, _candidates, cache) => cache,
  choose(settings, candidates, cache, { virtual, atSeconds = 0 }) {
    const found = cache.get(virtual.address);
    const least = found === undefined ? undefined : leastOf(candidates, found.keys);
    const set = found && shrunk(found, candidates, atSeconds, settings.lblcrExpirationSeconds ?? DAY);
    const remember = (now: ServerSet): Cache => (now === found ? cache : new Map(cache).set(virtual.address, now));

    if (set !== undefined && least !== undefined && !isOverworked(candidates[least]!, candidates))
      return { index: least, state: remember(set) };
    const index = leastPerWeight(candidates, connectionOverhead);
    if (index === undefined) return { index, state: set === undefined ? cache : remember(set) };
    return { index, state: remember(joined(set, candidates[index]!.key, atSeconds)) };
  },
};

/** Those of the keys that are in the list, in the order of the keys. */
const placesOf = (candidates: readonly Candidate[], keys: readonly DestinationKey[]): number[] =>
  keys.map((key) => placeOf(candidates, key)).filter((place) => place >= 0);

function leastOf(candidates: readonly Candidate[], keys: readonly DestinationKey[]): number | undefined {
  const places = placesOf(candidates, keys);
  const least = leastPerWeight(
    places.map((place) => candidates[place]!),
    connectionOverhead,
  );
  return least === undefined ? undefined : places[least];
}

/** ip_vs_dest_set_insert: a member stays where it is in the set. */
function joined(set: ServerSet | undefined, key: DestinationKey, now: number): ServerSet {
  const keys = set?.keys ?? [];
  if (set !== undefined && keys.some((one) => destinationName(one) === destinationName(key))) return set;
  return { keys: [key, ...keys], changedAtSeconds: now };
}

/** Takes the most loaded member (ip_vs_dest_set_max: of those with weight, of equals the first) from a set that is old. */
function shrunk(set: ServerSet, candidates: readonly Candidate[], now: number, expirationSeconds: number): ServerSet {
  if (set.keys.length < 2 || now <= set.changedAtSeconds + expirationSeconds) return set;
  const members = placesOf(candidates, set.keys).map((place) => candidates[place]!);
  const weighty = members.filter(({ weight }) => weight > 0);
  const most = weighty.reduce<Candidate | undefined>(
    (most, one) => (most && !isMore(one, most) ? most : one),
    undefined,
  );
  if (most === undefined) return set;
  return { keys: set.keys.filter((key) => placeOf([most], key) < 0), changedAtSeconds: now };
}

const isMore = (a: Candidate, b: Candidate): boolean =>
  BigInt(connectionOverhead(b)) * BigInt(a.weight) < BigInt(connectionOverhead(a)) * BigInt(b.weight);
