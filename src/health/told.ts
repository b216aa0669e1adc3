import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import type { Outcome } from './check.js';
import { type Belief, Finding, type FindingEvents } from './finding.js';
import type { JudgeSettings } from './judge.js';
import type { Watcher } from './monitor.js';

/** A check that is told: calls back once as soon as it knows, and at each change. What it returns stops it; nothing is told after that. */
export type Follow = (tell: (outcome: Outcome) => void) => () => void;

export interface ToldOptions extends FindingEvents {
  readonly clock: Clock;
  readonly initial: Belief;
  readonly follow: Follow;
}

/** Judges what it is told, at once: up as soon as it hears so, down likewise. Only flap damping makes it wait. */
export class Listener implements Watcher {
  readonly finding: Finding;
  readonly #options: ToldOptions;
  readonly #timers: Timers<'hold'>;
  #unfollow: (() => void) | undefined;
  #stopped = false;

  constructor(settings: Pick<JudgeSettings, 'damping'>, options: ToldOptions) {
    this.finding = new Finding({ ...atOnce, ...settings }, options.initial, options);
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  start(): void {
    const unfollow = this.#options.follow((outcome) => this.#take(outcome));
    // told so much at once that somebody stopped us meanwhile
    if (this.#stopped) unfollow();
    else this.#unfollow = unfollow;
  }

  /** It asks nobody, so there is nothing to rest from. */
  rest(): void {}
  resume(): void {}
  readonly rests = false;

  stop(): Promise<void> {
    this.#stopped = true;
    this.#timers.disarmAll();
    this.#unfollow?.();
    this.#unfollow = undefined;
    return Promise.resolve();
  }

  #take(outcome: Outcome): void {
    if (this.#stopped) return;
    const waitMs = this.finding.take(outcome, this.#options.clock.now());
    const isHeld = outcome.is === 'alive' && this.finding.judgement.verdict === 'down';
    // nobody will tell again what has not changed
    if (isHeld) this.#timers.arm('hold', waitMs, () => this.#take(outcome));
    else this.#timers.disarm('hold');
  }
}

/** The pauses matter only while damping holds: then to the end of it. */
const LONG_MS = 2 ** 31;
const atOnce = { retries: 0, rise: 1, riseUnseen: 1, intervalMs: LONG_MS, retryDelayMs: 0, riseDelayMs: 0 };
