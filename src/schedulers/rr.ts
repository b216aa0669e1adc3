import { type Candidate, isAvailable, placeOf, type Scheduler } from './scheduler.js';

/**
 * Round robin (ip_vs_rr.c): the next available destination after the last one chosen, around the list.
 * State: the place that was chosen last, -1 for the head of the list, before the first.
 */
export const rr: Scheduler<number> = {
  prepare: () => -1,
  /** The mark stays with its destination, wherever that stands now; one that leaves hands it to the one before it. */
  change(_settings, candidates, last, previous) {
    for (let i = last; i >= 0; i--) {
      const place = placeOf(candidates, previous[i]!.key);
      if (place >= 0) return place;
    }
    return -1;
  },
  choose(_settings, candidates, last) {
    const index = nextAvailable(candidates, last);
    return { index, state: index ?? last };
  },
};

function nextAvailable(candidates: readonly Candidate[], last: number): number | undefined {
  for (let step = 1; step <= candidates.length; step++) {
    const index = (last + step) % candidates.length;
    if (isAvailable(candidates[index]!)) return index;
  }
  return undefined;
}
