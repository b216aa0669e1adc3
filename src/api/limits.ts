/** How often something may be done: `burst` times at once, then so many times a second. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** Whoever comes with ever new names makes us forget the oldest, and no more memory. */
const MOST_NAMES = 10_000;

/** Token buckets by name. Pure, but for what it remembers. */
export class Buckets {
  readonly #rate: Rate;
  readonly #most: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, most = MOST_NAMES) {
    this.#rate = rate;
    this.#most = most;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one at the moment `now` (ms). @returns seconds until there would be one, 0: it was taken */
  take(name: string, now: number): number {
    const { perSecond, burst } = this.#rate;
    const before = this.#buckets.get(name);
    const left = before === undefined ? burst : Math.min(burst, before.left + (perSecond * (now - before.at)) / 1000);
    this.#buckets.delete(name); // the last that was used is the last to be forgotten
    this.#buckets.set(name, { left: left >= 1 ? left - 1 : left, at: now });
    if (this.#buckets.size > this.#most) this.#forgetOldest();
    return left >= 1 ? 0 : Math.max(1, Math.ceil((1 - left) / perSecond));
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

/** How many there are at once, by name. */
export class Counted {
  readonly #counts = new Map<string, number>();

  /** @returns what gives it back, once; undefined: there are `most` already */
  take(name: string, most: number): (() => void) | undefined {
    const before = this.#counts.get(name) ?? 0;
    if (before >= most) return undefined;
    this.#counts.set(name, before + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#give(name);
      isTaken = false;
    };
  }

  #give(name: string): void {
    const left = (this.#counts.get(name) ?? 1) - 1;
    if (left === 0) this.#counts.delete(name);
    else this.#counts.set(name, left);
  }
}
