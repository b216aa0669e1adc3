import type { Clock } from '../system/clock.js';
import type { IdleProcessors } from '../system/processors.js';
import { adaptShare, type Pace, type PaceLimits, share, spend } from './pace.js';

/** So often it is looked how much others leave. */
const LOOK_MS = 250;

export interface PacerOptions {
  readonly clock: Clock;
  readonly pace: PaceLimits;
  /** undefined: nobody else needs the processors. */
  readonly idle?: IdleProcessors | undefined;
}

/** Work in slices, with pauses between them. */
export class Pacer {
  readonly #options: PacerOptions;
  #pace: Pace = { paidMs: Number.NEGATIVE_INFINITY };
  #share: number;
  #lookedMs: number;
  #resumedMs: number;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#share = options.idle === undefined ? 1 : share.first;
    this.#lookedMs = this.#resumedMs = options.clock.now();
  }

  /** Work begins here: until now others were waited for. */
  resume(): void {
    this.#resumedMs = this.#options.clock.now();
  }

  /** After a slice. */
  async pause(connections: number, bytes: number): Promise<void> {
    const { clock, pace } = this.#options;
    const now = clock.now();
    this.#look(now);
    const workedMs = now - this.#resumedMs;
    const spent = { connections, bytes, leastMs: workedMs / this.#share };
    // counted from when the work began: its own time is part of what it may take
    const { pace: after, waitMs } = spend(this.#pace, spent, pace, this.#resumedMs);
    this.#pace = after;
    if (waitMs > workedMs) await new Promise<void>((resolve) => void clock.after(waitMs - workedMs, resolve));
    this.resume();
  }

  #look(nowMs: number): void {
    if (nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    const idle = this.#options.idle?.();
    if (idle !== undefined) this.#share = adaptShare(this.#share, idle);
  }
}
