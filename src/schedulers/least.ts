import { type Candidate, isAvailable } from './scheduler.js';

/**
 * The first available candidate whose overhead per weight is smallest, compared by cross-multiplication as the kernel does
 * (`loh * dest->weight > doh * least->weight` in s64: weights of 2^31 and overheads of 2^40 need more than a double).
 */
export function leastPerWeight(
  candidates: readonly Candidate[],
  overhead: (candidate: Candidate) => number,
): number | undefined {
  let least: number | undefined;
  for (const [i, candidate] of candidates.entries()) {
    if (!isAvailable(candidate)) continue;
    if (least === undefined || isLess(candidate, candidates[least]!, overhead)) least = i;
  }
  return least;
}

function isLess(a: Candidate, b: Candidate, overhead: (candidate: Candidate) => number): boolean {
  return BigInt(overhead(b)) * BigInt(a.weight) > BigInt(overhead(a)) * BigInt(b.weight);
}
