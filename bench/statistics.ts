/** Medians and ratios: a shared machine is noisy, so a figure alone says little and a mean says less. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `median (least–most)` with a unit's digits. */
export const spread = (values: readonly number[], digits: number): string =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;

export interface Comparison {
  readonly what: string;
  readonly theirs: readonly number[];
  readonly ours: readonly number[];
  /** Largest ratio ours / theirs that is good enough. */
  readonly limit: number;
}

/** One row of the table in docs/performance.md; the ratio is the median of the paired ratios. */
export function row({ what, theirs, ours, limit }: Comparison, digits = 3): string {
  const ratio = median(ours.map((time, i) => time / theirs[i]!));
  return `| ${what} | ${spread(theirs, digits)} | ${spread(ours, digits)} | ${ratio.toFixed(2)} | ≤ ${limit} |`;
}
