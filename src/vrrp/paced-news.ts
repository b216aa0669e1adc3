import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import type { Told } from './machine-types.js';

/** Whoever can send an advert can cause these, with each one. */
const PACED = ['new-master', 'interval-bounded', 'same-priority', 'unheard'] as const;
type Paced = (typeof PACED)[number];
/** Between two of a kind. */
const GAP_MS = 1000;

const kindOf = ({ is }: Told): Paced | undefined => PACED.find((one) => one === is);

/** News as it is told to people and scripts: what a stream of adverts causes is told at a bounded rate, and the last of it always. */
export class PacedNews {
  readonly #tell: (what: Told) => void;
  readonly #clock: Pick<Clock, 'now' | 'after'>;
  readonly #timers: Timers<Paced>;
  readonly #toldMs = new Map<Paced, number>();

  constructor(clock: Pick<Clock, 'now' | 'after'>, tell: (what: Told) => void) {
    this.#tell = tell;
    this.#clock = clock;
    this.#timers = new Timers(clock);
  }

  tell(what: Told): void {
    const kind = kindOf(what);
    if (kind === undefined) return this.#tell(what);
    const nowMs = this.#clock.now();
    const nextMs = (this.#toldMs.get(kind) ?? -Infinity) + GAP_MS;
    const now = (): void => {
      this.#toldMs.set(kind, this.#clock.now());
      this.#tell(what);
    };
    this.#timers.disarm(kind);
    if (nextMs <= nowMs) now();
    else this.#timers.arm(kind, nextMs - nowMs, now);
  }

  close(): void {
    this.#timers.disarmAll();
  }
}
