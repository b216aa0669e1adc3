/** Upper ends of buckets, seconds: from what nobody feels to what a check feels. */
const BOUNDS = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

export interface Counted {
  /** Upper end, and how many were not above it; the last end is infinite. */
  readonly buckets: readonly (readonly [end: number, count: number])[];
  readonly sum: number;
  readonly count: number;
}

/** Times since the start. It is never begun anew, so that any number of readers may look at it. */
export class Histogram {
  readonly #counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  #sum = 0;

  record(seconds: number): void {
    const time = Math.max(0, seconds);
    const at = BOUNDS.findIndex((end) => time <= end);
    this.#counts[at < 0 ? BOUNDS.length : at]!++;
    this.#sum += time;
  }

  get counted(): Counted {
    let count = 0;
    const buckets = this.#counts.map((one, i) => [BOUNDS[i] ?? Infinity, (count += one)] as const);
    return { buckets, sum: this.#sum, count };
  }
}
