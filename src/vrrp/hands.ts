import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { HeldAddress, Possessions } from './network.js';

export interface HandsOptions {
  readonly router: string;
  readonly possessions: Possessions;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
  /** Addresses are held after all, by another try: what was to be announced with the first one was not, or not all. */
  readonly late: () => void;
}

/** What the kernel refused is tried again. */
const RETRY_MS = 1000;

type Wish = 'hold' | 'release';

/**
 * Carries out what the machine decides about addresses, one thing at a time: the machine does not wait for the kernel. Of wishes that came
 * meanwhile only the last one is done. What is to be told waits until the wish before it was tried.
 */
export class Hands {
  readonly #options: HandsOptions;
  readonly #timers: Timers<'retry'>;
  #wish: Wish | undefined;
  /** The wish is carried out, or just being so; not if it came, or came again, meanwhile. */
  #isServed = true;
  #refused = false;
  /** How many addresses the last try had, if something was refused. */
  #partly: number | undefined;
  #held: readonly HeldAddress[] = [];
  #waiting: (() => void)[] = [];
  #working: Promise<void> | undefined;

  constructor(options: HandsOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** Where the addresses are; none while they are not held. */
  get held(): readonly HeldAddress[] {
    return this.#held;
  }

  /** What is wished for last is so. */
  get isDone(): boolean {
    return this.#isServed && this.#working === undefined;
  }

  want(wish: Wish): void {
    if (wish === this.#wish && this.#isServed) return;
    this.#wish = wish;
    if (wish === 'release') this.#held = [];
    this.again();
  }

  /** The same wish again: something of it was undone by others, or what is to be held is something else. */
  again(): void {
    if (this.#wish === undefined) return;
    this.#isServed = false;
    this.#timers.disarm('retry');
    this.#work();
  }

  /** When nothing is under way; at once if nothing is. */
  then(run: () => void): void {
    if (this.#working === undefined) run();
    else this.#waiting.push(run);
  }

  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  close(): void {
    this.#timers.disarmAll();
    this.#wish = undefined;
    this.#waiting = [];
  }

  #work(): void {
    if (this.#working !== undefined || this.#isServed) return;
    this.#working = this.#serve().finally(() => {
      this.#working = undefined;
      if (!this.#timers.isArmed('retry')) this.#work(); // of a wish that came after the last look at it
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const run of waiting) this.then(run);
    });
  }

  async #serve(): Promise<void> {
    for (let wish = this.#wish; wish !== undefined && !this.#isServed; wish = this.#wish) {
      this.#isServed = true;
      const isDone = await this.#try(wish);
      if (!this.#isStill(wish)) continue;
      if (isDone && (wish === 'release' || this.#options.possessions.isWhole)) continue;
      this.#isServed = isDone; // with something of it, too: the rest is no reason to call it not done
      this.#timers.arm('retry', RETRY_MS, () => this.again());
      return;
    }
  }

  #isStill(wish: Wish): boolean {
    return this.#isServed && this.#wish === wish;
  }

  async #try(wish: Wish): Promise<boolean> {
    const { possessions, router, log, late } = this.#options;
    const before = this.#refused ? 0 : this.#partly;
    this.#refused = false;
    this.#partly = undefined;
    try {
      if (wish === 'release') await possessions.release();
      else {
        const held = await possessions.hold();
        this.#take(wish, held);
        if (before !== undefined && held.length > before) this.then(late);
        if (!possessions.isWhole) this.#partly = held.length;
      }
      return true;
    } catch (error) {
      this.#refused = wish === 'hold';
      log.error({ event: 'vrrp.addresses-failed', router, operation: wish, reason: reasonOf(error) });
      return false;
    }
  }

  #take(wish: Wish, held: readonly HeldAddress[]): void {
    if (this.#wish === wish) this.#held = held;
  }
}
