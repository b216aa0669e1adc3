import type { Log } from '../system/log.js';
import type { AdvertPort } from '../vrrp/ports.js';

/** A link full of other routers is one line in so long. */
const SILENCE_MS = 10_000;

/** log_unknown_vrids: adverts for virtual routers that nobody here has, told as a number at a bounded rate. */
export class UnknownVrids {
  readonly #adverts: Pick<AdvertPort, 'strangers' | 'clock'>;
  readonly #log: Log;
  #isTold = false;
  #known = 0;
  #toldMs = -Infinity;

  constructor(adverts: Pick<AdvertPort, 'strangers' | 'clock'>, log: Log) {
    this.#adverts = adverts;
    this.#log = log;
  }

  /** What came before is no news. */
  follow(isTold: boolean): void {
    if (isTold && !this.#isTold) this.#known = this.#adverts.strangers.unknownVrid;
    this.#isTold = isTold;
  }

  /** To be called every now and then. */
  look(): void {
    const nowMs = this.#adverts.clock.now();
    if (!this.#isTold || nowMs < this.#toldMs + SILENCE_MS) return;
    const { unknownVrid } = this.#adverts.strangers;
    if (unknownVrid === this.#known) return;
    this.#log.info({ event: 'vrrp.unknown-vrids', adverts: unknownVrid - this.#known });
    this.#known = unknownVrid;
    this.#toldMs = nowMs;
  }
}
