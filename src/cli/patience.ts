import { systemClock } from '../system/clock.js';
import { onSignals } from '../system/signals.js';

/** Waiting that Ctrl-C ends, and nothing but the waiting. */
export class Patience {
  readonly #quiet: () => void;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(onInterrupt: () => void = () => undefined) {
    this.#quiet = onSignals(process, {
      SIGINT: () => {
        this.#isOver = true;
        this.#wake();
        onInterrupt();
      },
    });
  }

  isOver(): boolean {
    return this.#isOver;
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = systemClock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  close(): void {
    this.#quiet();
  }
}
