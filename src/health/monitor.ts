import type { AskingCheck } from '../config/check.js';
import { Timers } from '../system/timers.js';
import type { Outcome } from './check.js';
import { firstAttemptMs, judge, type Judgement, type JudgeSettings, type Verdict } from './judge.js';
import type { ProbePorts } from './ports.js';
import { attempt } from './probe.js';
import type { Slots } from './slots.js';

export interface MonitorSettings extends JudgeSettings {
  readonly check: AskingCheck;
  readonly warmupMs: number;
}

export interface MonitorOptions {
  readonly ports: ProbePorts;
  readonly slots: Slots;
  /** What is believed until the first attempt. */
  readonly initial: Judgement;
  /** The verdict changed, or was given for the first time. */
  readonly onVerdict: (verdict: Verdict, outcome: Outcome) => void;
  /** Every attempt. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/** Watches one destination with one check: attempt, judge, wait. One attempt at a time, one timer, and none after `stop`. */
export class Monitor {
  readonly settings: MonitorSettings;
  readonly #options: MonitorOptions;
  readonly #timers: Timers<'attempt'>;
  readonly #stopped = new AbortController();
  #judgement: Judgement;
  #outcome: Outcome | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #successes = 0;

  constructor(settings: MonitorSettings, options: MonitorOptions) {
    this.settings = settings;
    this.#options = options;
    this.#timers = new Timers(options.ports.clock);
    this.#judgement = options.initial;
  }

  get judgement(): Judgement {
    return this.#judgement;
  }

  /** Of the last attempt. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  start(): void {
    this.#armIn(firstAttemptMs(this.settings.warmupMs, this.#options.ports.random.next()));
  }

  /** Resolves when the attempt under way has ended; it is cut short. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#timers.disarmAll();
    await this.#underWay;
  }

  #armIn(ms: number): void {
    this.#timers.arm('attempt', ms, () => {
      this.#underWay = this.#attempt();
    });
  }

  async #attempt(): Promise<void> {
    const { signal } = this.#stopped;
    const outcome = await this.#options.slots.run(() =>
      attempt(this.settings.check, this.#successes, this.#options.ports, signal),
    );
    if (signal.aborted) return;
    this.#outcome = outcome;
    this.#armIn(this.#take(outcome));
    this.#options.onOutcome(outcome);
  }

  /** Milliseconds until the next attempt. */
  #take(outcome: Outcome): number {
    if (outcome.is === 'inconclusive') return this.settings.retryDelayMs;
    const before = this.#judgement;
    const { judgement, waitMs } = judge(this.settings, before, outcome.is === 'alive');
    this.#judgement = judgement;
    if (outcome.is === 'alive') this.#successes++;
    if (judgement.verdict !== before.verdict || judgement.proven !== before.proven)
      this.#options.onVerdict(judgement.verdict, outcome);
    return waitMs;
  }
}
