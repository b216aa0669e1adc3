import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import { Histogram } from './histogram.js';

const EVERY_MS = 100;

/** How late timers run, which is how long the event loop does not come round. Looked at from the first reader on: a daemon that nobody scrapes sleeps. */
export class LoopDelay {
  readonly #clock: Clock;
  readonly #timers: Timers<'look'>;
  readonly #histogram = new Histogram();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timers = new Timers(clock);
  }

  get histogram(): Histogram {
    if (!this.#timers.isArmed('look')) this.#look();
    return this.#histogram;
  }

  stop(): void {
    this.#timers.disarmAll();
  }

  #look(): void {
    const dueMs = this.#clock.now() + EVERY_MS;
    this.#timers.arm('look', EVERY_MS, () => {
      this.#histogram.record((this.#clock.now() - dueMs) / 1000);
      this.#look();
    });
  }
}
