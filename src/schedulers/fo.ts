import { type Candidate, isAvailable, stateless } from './scheduler.js';

/** The first of the heaviest among those that may be chosen. */
export function heaviest(
  candidates: readonly Candidate[],
  mayBe: (candidate: Candidate) => boolean,
): number | undefined {
  let best: number | undefined;
  for (const [i, candidate] of candidates.entries()) {
    if (mayBe(candidate) && (best === undefined || candidate.weight > candidates[best]!.weight)) best = i;
  }
  return best;
}

/** Weighted failover (ip_vs_fo.c): all connections to the heaviest available destination. */
export const fo = stateless((candidates) => heaviest(candidates, isAvailable));
