import type { Cancel, Clock } from './clock.js';

/** The timers of one owner. A name is armed at most once; when the owner stops, none is left. */
export class Timers<Name extends string> {
  readonly #clock: Clock;
  readonly #armed = new Map<Name, Cancel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  arm(name: Name, ms: number, run: () => void): void {
    this.disarm(name);
    const cancel = this.#clock.after(ms, () => {
      this.#armed.delete(name);
      run();
    });
    this.#armed.set(name, cancel);
  }

  isArmed(name: Name): boolean {
    return this.#armed.has(name);
  }

  disarm(name: Name): void {
    this.#armed.get(name)?.();
    this.#armed.delete(name);
  }

  disarmAll(): void {
    for (const name of [...this.#armed.keys()]) this.disarm(name);
  }
}
