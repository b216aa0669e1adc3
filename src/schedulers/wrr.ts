import type { Candidate, Scheduler } from './scheduler.js';

/** struct ip_vs_wrr_mark. */
export interface Mark {
  /** Chosen last; -1 for the list's head. */
  readonly last: number;
  /** Weight that a destination must have in this round. */
  readonly current: number;
}

/**
 * Weighted round robin (ip_vs_wrr.c): rounds over the list; in each one only those of at least the current weight are chosen,
 * and from round to round that weight sinks by the common divisor, from the largest weight to the smallest and round again.
 */
export const wrr: Scheduler<Mark> = {
  /** Destinations came one after the other, the last of the list first, and each moved the mark. */
  prepare(_settings, candidates) {
    let mark: Mark = { last: -1, current: 0 };
    for (let n = candidates.length - 1; n >= 0; n--) mark = moved(candidates.slice(n), mark);
    return mark;
  },
  change: (_settings, candidates, before) => moved(candidates, before),
  choose(_settings, candidates, mark) {
    const { divisor, highest } = scale(candidates);
    if (highest === 0) return { index: undefined, state: mark };

    let { current } = mark;
    let index = mark.last;
    // Every destination is asked at every weight, once: after that many steps nobody is available.
    const limit = (candidates.length + 1) * (highest / divisor + 2);
    for (let step = 0; step < limit; step++) {
      if (++index >= candidates.length) {
        index = -1;
        current -= divisor;
        if (current <= 0) current = highest;
        continue;
      }
      const candidate = candidates[index]!;
      if (!candidate.overloaded && candidate.weight >= current) return { index, state: { last: index, current } };
    }
    return { index: undefined, state: mark };
  },
};

/** ip_vs_wrr_dest_changed: from the head of the list again; the weight of the round stays, as far as it is one that can occur. */
function moved(candidates: readonly Candidate[], { current }: Mark): Mark {
  const { divisor, highest } = scale(candidates);
  if (current > highest || current === 0) return { last: -1, current: highest };
  return { last: -1, current: divisor > 1 ? Math.floor(current / divisor) * divisor + 1 : current };
}

/** The common divisor, and the highest weight that a round begins with: such that the last round is at 1. */
function scale(candidates: readonly Candidate[]): { readonly divisor: number; readonly highest: number } {
  const weights = candidates.map((candidate) => candidate.weight).filter((weight) => weight > 0);
  const divisor = weights.reduce(gcd, 0) || 1;
  const heaviest = Math.max(0, ...weights);
  return { divisor, highest: heaviest === 0 ? 0 : heaviest - (divisor - 1) };
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
