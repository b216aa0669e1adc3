import { type Candidate, isAvailable, type Scheduler } from './scheduler.js';

/** struct ip_vs_wrr_mark. */
export interface Mark {
  /** Chosen last; -1 for the list's head. */
  readonly last: number;
  /** Weight that a destination must have in this round. */
  readonly current: number;
}

/** What the kernel works out from the weights whenever a destination changes. */
interface Scale {
  /** Greatest common divisor of the weights: by so much the current weight sinks from round to round. */
  readonly divisor: number;
  /** What the first round asks for: such that the last round asks for 1. 0: nobody has weight. */
  readonly highest: number;
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
    const scale = scaleOf(candidates);
    if (scale.highest === 0) return { index: undefined, state: mark };
    const inThisRound = findFrom(candidates, mark.last + 1, mark.current);
    if (inThisRound !== undefined) return { index: inThisRound, state: { ...mark, last: inThisRound } };

    const strongest = Math.max(0, ...candidates.filter(isAvailable).map(({ weight }) => weight));
    if (strongest === 0) return { index: undefined, state: afterVain(mark, scale) };
    const current = nextRound(mark.current, scale, strongest);
    const index = findFrom(candidates, 0, current)!;
    return { index, state: { last: index, current } };
  },
};

function findFrom(candidates: readonly Candidate[], start: number, weight: number): number | undefined {
  for (let i = start; i < candidates.length; i++) {
    if (!candidates[i]!.overloaded && candidates[i]!.weight >= weight) return i;
  }
  return undefined;
}

/** The first round from here on in which the strongest may be chosen. The kernel goes through the rounds in between, one by one. */
function nextRound(current: number, { divisor, highest }: Scale, strongest: number): number {
  const next = current > divisor ? current - divisor : highest;
  return next <= strongest ? next : next - Math.ceil((next - strongest) / divisor) * divisor;
}

/**
 * Where the kernel's mark stands after it has asked everybody, and all were overloaded. Most often back at the beginning; but if the
 * round was the last one, it went once round all of them to the destination where it began.
 */
function afterVain({ last, current }: Mark, { divisor, highest }: Scale): Mark {
  if (last < 0 || current > divisor) return { last: -1, current: highest };
  return { last, current: highest <= divisor ? highest : 1 };
}

/** ip_vs_wrr_dest_changed: from the head of the list again; the weight of the round stays, as far as it is one that can occur. */
function moved(candidates: readonly Candidate[], { current }: Mark): Mark {
  const { divisor, highest } = scaleOf(candidates);
  if (current > highest || current === 0) return { last: -1, current: highest };
  return { last: -1, current: divisor > 1 ? Math.floor(current / divisor) * divisor + 1 : current };
}

function scaleOf(candidates: readonly Candidate[]): Scale {
  const weights = candidates.map(({ weight }) => weight).filter((weight) => weight > 0);
  const divisor = weights.reduce(gcd, 0) || 1;
  return { divisor, highest: Math.max(0, ...weights.map((weight) => weight - (divisor - 1))) };
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
