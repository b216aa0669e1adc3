import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { refusals, type RefusalReason } from './refusals.js';

/** A flood is one line in so long. */
const SILENCE_MS = 10_000;

interface Count {
  count: number;
  /** Not yet told. */
  untold: number;
  toldMs: number;
  source: string;
  detail: string | undefined;
}

/** Adverts that were refused: counted by reason, told at once and then at a bounded rate. Those of a partner set up differently are told as what they mean. */
export class Conflicts {
  readonly #router: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Log;
  readonly #counts = new Map<RefusalReason, Count>();

  constructor(router: string, clock: Pick<Clock, 'now'>, log: Log) {
    this.#router = router;
    this.#clock = clock;
    this.#log = log;
  }

  /** How many by reason, and who was the last. */
  get counts(): ReadonlyMap<
    RefusalReason,
    { readonly count: number; readonly source: string; readonly detail?: string | undefined }
  > {
    return this.#counts;
  }

  note(reason: RefusalReason, source: string, detail: string | undefined): void {
    const nowMs = this.#clock.now();
    const before = this.#counts.get(reason);
    const count: Count = before ?? { count: 0, untold: 0, toldMs: -Infinity, source, detail };
    if (before === undefined) this.#counts.set(reason, count);
    count.count++;
    count.untold++;
    count.source = source;
    count.detail = detail;
    if (nowMs < count.toldMs + SILENCE_MS) return;
    const { sentence, conflict } = refusals[reason];
    this.#log.warn({
      event: conflict ? 'vrrp.conflict' : 'vrrp.refused',
      router: this.#router,
      reason,
      source,
      adverts: count.untold,
      why: sentence,
      ...(detail === undefined ? {} : { detail }),
    });
    count.untold = 0;
    count.toldMs = nowMs;
  }
}
