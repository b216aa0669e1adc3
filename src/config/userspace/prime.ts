/** Sizes of Maglev tables. Up to 2^24 a division by every number below the root is quick: 4096 of them at most. */

export function isPrime(value: number): boolean {
  if (!Number.isInteger(value) || value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}

export const isPowerOfTwo = (value: number): boolean =>
  Number.isInteger(value) && value >= 1 && 2 ** Math.round(Math.log2(value)) === value;

/** The largest prime that is at most `value`, or undefined below 2. */
export function primeBelow(value: number): number | undefined {
  for (let candidate = Math.floor(value); candidate >= 2; candidate--) if (isPrime(candidate)) return candidate;
  return undefined;
}

/** The smallest prime that is at least `value`. There is always one below twice as much (Bertrand). */
export function primeAbove(value: number): number {
  let candidate = Math.max(2, Math.ceil(value));
  while (!isPrime(candidate)) candidate++;
  return candidate;
}
