/**
 * So many attempts at a time; the others wait in line, first come first served. The limit is there so that a director does not run
 * out of descriptors; it must not be felt, as who waits here finds out late.
 */
export class Slots {
  readonly limit: number;
  readonly #onCrowded: () => void;
  #free: number;
  #line: (() => void)[] = [];
  #head = 0;
  #isHandingOn = false;

  /** `onCrowded`: somebody has to wait, and before nobody had to. */
  constructor(limit: number, onCrowded: () => void = () => undefined) {
    this.limit = limit;
    this.#free = limit;
    this.#onCrowded = onCrowded;
  }

  get waiting(): number {
    return this.#line.length - this.#head;
  }

  /** Runs `start` now, or when it is its turn. Whoever was started leaves, once. */
  enter(start: () => void): void {
    if (this.#free > 0 && this.waiting === 0) {
      this.#free--;
      start();
      return;
    }
    this.#line.push(start);
    if (this.waiting === 1) this.#onCrowded();
  }

  /** Whoever waits longest is started. Those who leave at once are gone through here, not one within the other: there may be thousands. */
  leave(): void {
    this.#free++;
    if (this.#isHandingOn) return;
    this.#isHandingOn = true;
    try {
      while (this.#free > 0 && this.waiting > 0) {
        this.#free--;
        this.#next()();
      }
    } finally {
      this.#isHandingOn = false;
    }
  }

  #next(): () => void {
    const next = this.#line[this.#head++]!;
    // cut now and then, not each time: shifting thousands for one would cost more than the attempt
    if (2 * this.#head >= this.#line.length) {
      this.#line = this.#line.slice(this.#head);
      this.#head = 0;
    }
    return next;
  }
}
