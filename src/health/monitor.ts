import type { AskingCheck } from '../config/check.js';
import type { Cancel } from '../system/clock.js';
import type { Outcome } from './check.js';
import { type Belief, Finding, type FindingEvents } from './finding.js';
import { firstAttemptMs, type JudgeSettings } from './judge.js';
import type { ProbePorts } from './ports.js';
import { attempt } from './probe.js';
import type { Slots } from './slots.js';

export interface MonitorSettings extends JudgeSettings {
  readonly check: AskingCheck;
  readonly warmupMs: number;
  /** Pauses count from the beginning of an attempt, not from its end. */
  readonly fromStart: boolean;
}

export interface MonitorOptions extends FindingEvents {
  readonly ports: ProbePorts;
  readonly slots: Slots;
  readonly initial: Belief;
  /** An attempt begins, so much later than it was due. */
  readonly onBegin?: ((lateMs: number) => void) | undefined;
}

/** Whoever finds out about one target, and may be stopped. */
export interface Watcher {
  readonly finding: Finding;
  start(): void;
  /** No more attempts until `resume`; what is known stays. */
  rest(): void;
  resume(): void;
  readonly rests: boolean;
  /** Resolves when the attempt under way, which is cut short, has ended; nothing is told any more. */
  stop(): Promise<void>;
}

/** After a rest the first attempt comes within this. */
const WITHIN_MS = 1000;

/** Watches one target with one check: attempt, judge, wait. One attempt at a time, one timer, and none after `stop`. */
export class Monitor implements Watcher {
  readonly finding: Finding;
  readonly #settings: MonitorSettings;
  readonly #options: MonitorOptions;
  readonly #stopped = new AbortController();
  #cancel: Cancel | undefined;
  /** `waiting` in line for a slot, `asking` the server; a monitor that rests may still be either. */
  #is: 'idle' | 'waiting' | 'asking' = 'idle';
  #rests = false;
  #startedMs = 0;
  #dueMs = 0;
  #successes = 0;
  readonly #onEnded: (() => void)[] = [];

  constructor(settings: MonitorSettings, options: MonitorOptions) {
    this.#settings = settings;
    this.#options = options;
    this.finding = new Finding(settings, options.initial, options);
  }

  start(): void {
    if (this.#rests) return;
    this.#armIn(firstAttemptMs(this.#settings.warmupMs, this.#options.ports.random.next()));
  }

  get rests(): boolean {
    return this.#rests;
  }

  rest(): void {
    this.#rests = true;
    this.#disarm();
  }

  resume(): void {
    if (!this.#rests) return;
    this.#rests = false;
    if (this.#is === 'idle') this.#armIn(WITHIN_MS * this.#options.ports.random.next());
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    this.#disarm();
    if (this.#is !== 'asking') return Promise.resolve();
    return new Promise((resolve) => this.#onEnded.push(resolve));
  }

  /** Whoever was told of an outcome may have stopped us. */
  #goOn(ms: number): void {
    if (!this.#rests && !this.#stopped.signal.aborted) this.#armIn(ms);
  }

  #armIn(ms: number): void {
    this.#disarm();
    const { clock } = this.#options.ports;
    this.#dueMs = clock.now() + ms;
    this.#cancel = clock.after(ms, this.#onDue);
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  readonly #onDue = (): void => {
    this.#cancel = undefined;
    this.#is = 'waiting';
    this.#options.slots.enter(this.#ask);
  };

  readonly #ask = (): void => {
    const { signal } = this.#stopped;
    const { ports, slots, onBegin } = this.#options;
    if (signal.aborted || this.#rests) {
      this.#is = 'idle';
      slots.leave();
      return;
    }
    this.#is = 'asking';
    this.#startedMs = ports.clock.now();
    onBegin?.(this.#startedMs - this.#dueMs);
    void attempt(this.#settings.check, this.#successes, ports, signal).then(this.#answered);
  };

  readonly #answered = (outcome: Outcome): void => {
    const { slots, ports } = this.#options;
    this.#is = 'idle';
    slots.leave();
    for (const ended of this.#onEnded.splice(0)) ended();
    if (this.#stopped.signal.aborted) return;
    if (outcome.is === 'alive') this.#successes++;
    const now = ports.clock.now();
    const waitMs = this.finding.take(outcome, now);
    this.#goOn(this.#settings.fromStart ? Math.max(0, waitMs - (now - this.#startedMs)) : waitMs);
  };
}
