import { againMs } from './adaptive.js';
import type { DynamicWeight, Outcome } from './check.js';
import { judge, type Judgement, type JudgeSettings, type Verdict } from './judge.js';

export interface FindingEvents {
  /** The verdict changed, or was given for the first time. */
  readonly onVerdict: (verdict: Verdict, outcome: Outcome) => void;
  /** The check gives another weight. */
  readonly onWeight: () => void;
  /** Every outcome, after what it led to. */
  readonly onOutcome: (outcome: Outcome, before: Outcome | undefined) => void;
}

/** What is believed until the first outcome. */
export interface Belief {
  readonly judgement: Judgement;
  /** When the verdict was given, in the clock's milliseconds; undefined: nobody knows. */
  readonly sinceMs?: number;
  readonly weight?: DynamicWeight;
}

/** What one check has found of its target so far. Has no timer: who owns it hands in the outcomes. */
export class Finding {
  readonly #settings: JudgeSettings;
  readonly #events: FindingEvents;
  #judgement: Judgement;
  #sinceMs: number | undefined;
  #weight: DynamicWeight | undefined;
  #outcome: Outcome | undefined;
  #attempts = 0;
  #failures = 0;

  constructor(settings: JudgeSettings, initial: Belief, events: FindingEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#judgement = initial.judgement;
    this.#sinceMs = initial.sinceMs;
    this.#weight = initial.weight;
  }

  get judgement(): Judgement {
    return this.#judgement;
  }

  /** When the verdict was given, in the clock's milliseconds; undefined: before our time. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  /** What it makes of the configured weight; undefined: nothing. */
  get weight(): DynamicWeight | undefined {
    return this.#weight;
  }

  /** The last one. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  get attempts(): number {
    return this.#attempts;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds until the next attempt. */
  take(outcome: Outcome, now: number): number {
    const last = this.#outcome;
    this.#outcome = outcome;
    this.#attempts++;
    if (outcome.is === 'failed') this.#failures++;
    const waitMs = outcome.is === 'inconclusive' ? againMs(this.#settings) : this.#judge(outcome, now);
    this.#events.onOutcome(outcome, last);
    return waitMs;
  }

  #judge(outcome: Outcome, now: number): number {
    const before = this.#judgement;
    const isAlive = outcome.is === 'alive';
    const { judgement, waitMs } = judge(this.#settings, before, isAlive, now);
    this.#judgement = judgement;
    const weightChanged = outcome.is === 'alive' && this.#takeWeight(outcome.weight);
    if (judgement.verdict !== before.verdict || judgement.proven !== before.proven) {
      this.#sinceMs = now;
      this.#events.onVerdict(judgement.verdict, outcome);
    }
    if (weightChanged) this.#events.onWeight();
    return waitMs;
  }

  #takeWeight(weight: DynamicWeight | undefined): boolean {
    if (sameWeight(weight, this.#weight)) return false;
    this.#weight = weight;
    return true;
  }
}

const sameWeight = (a: DynamicWeight | undefined, b: DynamicWeight | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));
