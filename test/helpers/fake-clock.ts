import type { Clock } from '../../src/system/clock.js';

interface Due {
  readonly at: number;
  readonly run: () => void;
}

/** Time that moves when the test says so. A day takes a millisecond. */
export class FakeClock implements Clock {
  #now = 0;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#due.push(timer);
    return () => void (this.#due = this.#due.filter((other) => other !== timer));
  }

  /** Runs what is due up to then, in the order of time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const timer = next;
      this.#due = this.#due.filter((other) => other !== timer);
      this.#now = timer.at;
      timer.run();
    }
    this.#now = end;
  }

  /** The same in steps, and what each timer started may get on between them. */
  async run(ms: number, stepMs = 100): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.advance(Math.min(stepMs, left));
      await settled();
    }
  }

  /** Timers armed now. */
  get pending(): number {
    return this.#due.length;
  }

  #next(end: number): Due | undefined {
    return this.#due.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets promises that are ready run on: a turn of the event loop. */
export const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
