import { Timers } from '../system/timers.js';
import type { Clock } from '../system/clock.js';

/** What is known of things by their names. `version` is another number whenever something has changed, and in every process. */
export interface BoardNews<Known> {
  readonly version: number;
  /** Those of which nothing is known yet are left out. */
  readonly known: Readonly<Record<string, Known>>;
}

/** Whoever asks is answered so soon though nothing has changed: then it is known that somebody is there. */
const LONGEST_MS = 10_000;

/** What this process knows, for another one that wants to know: it asks for what is new, and is answered when there is something. */
export class Board<Known> {
  readonly #timers: Timers<'longest'>;
  #version: number;
  readonly #known = new Map<string, Known>();
  #waiting: (() => void)[] = [];
  #closed = false;

  /** @param first a number of this process alone */
  constructor(clock: Pick<Clock, 'now' | 'after'>, first: number) {
    this.#timers = new Timers(clock);
    this.#version = first;
  }

  /** undefined: there is no such thing any more. */
  set(name: string, known: Known | undefined): void {
    if (known === undefined && !this.#known.has(name)) return;
    if (known === undefined) this.#known.delete(name);
    else this.#known.set(name, known);
    this.#version++;
    this.#wake();
  }

  /** Resolves at once if that is not the last version, else when there is another, or some seconds later. */
  async since(version: number): Promise<BoardNews<Known>> {
    if (version === this.#version && !this.#closed)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        if (!this.#timers.isArmed('longest')) this.#timers.arm('longest', LONGEST_MS, () => this.#wake());
      });
    return { version: this.#version, known: Object.fromEntries(this.#known) };
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
