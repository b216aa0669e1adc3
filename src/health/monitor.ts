import type { Clock } from '../system/clock.js';
import type { Random } from '../system/random.js';
import { Timers } from '../system/timers.js';
import { alive, type Outcome } from './check.js';
import { attemptHttp, type HttpCheck } from './http.js';
import { firstAttemptMs, judge, type Judgement, type JudgeSettings, type Verdict } from './judge.js';
import type { Slots } from './slots.js';
import { attemptTcp, type TcpCheck } from './tcp.js';

export type Check = TcpCheck | HttpCheck;

export interface MonitorSettings extends JudgeSettings {
  readonly check: Check;
  readonly warmupMs: number;
}

export interface MonitorOptions {
  readonly clock: Clock;
  readonly random: Random;
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
  #url = 0;

  constructor(settings: MonitorSettings, options: MonitorOptions) {
    this.settings = settings;
    this.#options = options;
    this.#timers = new Timers(options.clock);
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
    this.#armIn(firstAttemptMs(this.settings.warmupMs, this.#options.random.next()));
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
    const outcome = await this.#options.slots.run(() => this.#probe(signal));
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
    if (outcome.is === 'alive') this.#url++;
    if (judgement.verdict !== before.verdict || judgement.proven !== before.proven)
      this.#options.onVerdict(judgement.verdict, outcome);
    return waitMs;
  }

  /** The urls of an HTTP check take turns; one that failed is asked again until it answers. */
  #probe(signal: AbortSignal): Promise<Outcome> {
    const { check } = this.settings;
    const { clock } = this.#options;
    if (check.kind === 'tcp') return attemptTcp(check, clock, signal);
    const url = check.urls[this.#url % check.urls.length];
    return url === undefined ? Promise.resolve(alive('nothing to ask')) : attemptHttp(check, url, clock, signal);
  }
}
