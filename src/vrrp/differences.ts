import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import type { AcceptedAdvert, ReceiveSettings, Remark } from './receive.js';

/** Whoever can send adverts can say another thing with each. */
const SILENCE_MS = 10_000;

type Ours = Pick<ReceiveSettings, 'addresses' | 'intervalMs'>;

/**
 * What is odd in adverts that are taken all the same: a partner that is set up differently. Told once with what each side has, and again when
 * something else differs; at a bounded rate.
 */
export class Differences {
  readonly #router: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Log;
  /** By remark: what was said last, and when. */
  readonly #told = new Map<Remark, { readonly text: string; readonly atMs: number }>();

  constructor(router: string, clock: Pick<Clock, 'now'>, log: Log) {
    this.#router = router;
    this.#clock = clock;
    this.#log = log;
  }

  note(advert: AcceptedAdvert, ours: Ours): void {
    if (advert.priority === 0) return; // its last word: the next one may be another's
    for (const remark of advert.remarks) this.#tell(remark, advert, ours);
    for (const [remark, { atMs }] of this.#told)
      if (!advert.remarks.includes(remark)) this.#told.set(remark, { text: '', atMs });
  }

  #tell(remark: Remark, advert: AcceptedAdvert, ours: Ours): void {
    const said = { source: advert.source, ...wordsOf(remark, advert, ours) };
    const text = JSON.stringify(said);
    const before = this.#told.get(remark);
    const atMs = this.#clock.now();
    if (before?.text === text || (before !== undefined && atMs < before.atMs + SILENCE_MS)) return;
    this.#told.set(remark, { text, atMs });
    this.#log.warn({ event: 'vrrp.differs', router: this.#router, ...said });
  }
}

function wordsOf(
  remark: Remark,
  { addresses, intervalMs }: AcceptedAdvert,
  ours: Ours,
): Readonly<Record<string, unknown>> {
  switch (remark) {
    case 'addresses':
      return {
        what: 'addresses',
        onlyThere: addresses.filter((one) => !ours.addresses.includes(one)),
        onlyHere: ours.addresses.filter((one) => !addresses.includes(one)),
        why: 'the sender advertises other addresses: those that only one side has are nowhere when the other is master',
      };
    case 'interval':
      return {
        what: 'interval',
        theirMs: intervalMs,
        ourMs: ours.intervalMs,
        why: 'the sender has another advert_int: how soon its end is noticed depends on who is master',
      };
    case 'unsigned':
      return { what: 'unsigned', why: 'the sender does not sign its adverts, and auth_hmac is only permissive here' };
  }
}
