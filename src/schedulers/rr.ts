import { type Candidate, isAvailable, type Scheduler } from './scheduler.js';

/**
 * Round robin (ip_vs_rr.c): the next available destination after the last one chosen, around the list.
 * State: the place that was chosen last, -1 for the head of the list, before the first.
 */
export const rr: Scheduler<number> = {
  prepare: () => -1,
  /** The list's head moved one on when a destination was added before it; a removed one hands its mark to the one before. */
  change: (_settings, candidates, last) => Math.min(last, candidates.length - 1),
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
