import { foldAddress, hash32 } from './hash.js';
import { isAvailable, type Scheduler } from './scheduler.js';

const TABLE_BITS = 8;

const bucketOf = (address: string): number => hash32(foldAddress(address), TABLE_BITS);

/**
 * Destination hashing (ip_vs_dh.c): the address the client asked for picks one of 256 buckets, dealt to the destinations in turn
 * without regard to weight. Of use where the virtual service is a mark or a network: for caches.
 */
export const dh: Scheduler<undefined> = {
  prepare: () => undefined,
  choose(_settings, candidates, state, { virtual }) {
    if (candidates.length === 0) return { index: undefined, state };
    const index = bucketOf(virtual.address) % candidates.length;
    return { index: isAvailable(candidates[index]!) ? index : undefined, state };
  },
  slot: (_settings, _state, { virtual }) => ({ slot: bucketOf(virtual.address), slots: 1 << TABLE_BITS }),
};
