import type { Outcome } from '../health/check.js';
import { Timers } from '../system/timers.js';
import type { Clock } from '../system/clock.js';

/** What is known of BFD sessions. `version` is another number whenever something has changed, and in every process. */
export interface SessionsNews {
  readonly version: number;
  /** By name of the session; those of which nothing is known yet are left out. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** Whoever asks is answered so soon though nothing has changed: then it is known that somebody is there. */
const LONGEST_MS = 10_000;

/** The sessions of this process for another one that wants to know: it asks for what is new, and is answered when there is something. */
export class BfdBoard {
  readonly #timers: Timers<'longest'>;
  #version: number;
  readonly #outcomes = new Map<string, Outcome>();
  #waiting: (() => void)[] = [];
  #closed = false;

  /** @param first a number of this process alone */
  constructor(clock: Pick<Clock, 'now' | 'after'>, first: number) {
    this.#timers = new Timers(clock);
    this.#version = first;
  }

  /** undefined: there is no such session any more. */
  set(name: string, outcome: Outcome | undefined): void {
    if (outcome === undefined && !this.#outcomes.has(name)) return;
    if (outcome === undefined) this.#outcomes.delete(name);
    else this.#outcomes.set(name, outcome);
    this.#version++;
    this.#wake();
  }

  /** Resolves at once if that is not the last version, else when there is another, or some seconds later. */
  async since(known: number): Promise<SessionsNews> {
    if (known === this.#version && !this.#closed)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        if (!this.#timers.isArmed('longest')) this.#timers.arm('longest', LONGEST_MS, () => this.#wake());
      });
    return { version: this.#version, outcomes: Object.fromEntries(this.#outcomes) };
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    this.#timers.disarm('longest');
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
