import { downMs } from './machine-steps.js';
import type { Backup, EventOf, MachineSettings } from './machine-types.js';
import type { AdvertChannel, HeardAdvert } from './ports.js';
import { skewMs } from './rfc.js';

/** Other adverts may wait so long for being heard; priority 0 starts nothing sooner than the skew. */
const MOST_LEEWAY_MS = 2;

/**
 * What a backup's master says again and again. The thread that hears it keeps the time: nobody here is woken while the master says what it
 * said last, and who asks gets the last one as if it had been told.
 */
export class Expected {
  readonly #channel: AdvertChannel;
  #known: { readonly event: EventOf<'advert'>; readonly patienceMs: number; readonly isSilent: boolean } | undefined;

  constructor(channel: AdvertChannel) {
    this.#channel = channel;
  }

  /** That were only noted, since the channel was opened. */
  get count(): number {
    return this.#channel.noted.count;
  }
  get lastMs(): number | undefined {
    return this.#channel.noted.lastMs;
  }

  /** What is told of the master is to be told at this moment, and that is when the thread tells it. */
  covers(deadlineMs: number): boolean {
    const known = this.#known;
    return known?.isSilent === false && deadlineMs === known.event.atMs + known.patienceMs;
  }

  /** Adverts like this one, which has just moved the deadline. */
  more(my: MachineSettings, state: Backup, event: EventOf<'advert'>, { payload, ttl }: HeardAdvert): void {
    const patienceMs = downMs(my, state.priority, state.masterAdvertMs);
    const leewayMs = Math.min(skewMs(my.version, state.priority, state.masterAdvertMs) / 2, MOST_LEEWAY_MS);
    this.#known = { event, patienceMs, isSilent: false };
    const { source, atMs } = event;
    this.#channel.expect({ payload, source, leastTtl: ttl, sinceMs: atMs, patienceMs, leewayMs });
  }

  /** All are told again. @returns whether that is something new */
  nothing(): boolean {
    if (this.#known === undefined) return false;
    this.#known = undefined;
    this.#channel.expect(undefined);
    return true;
  }

  /** The thread has told of it. False: that was about something else. */
  fellSilent(): boolean {
    if (this.#known === undefined) return false;
    this.#known = { ...this.#known, isSilent: true };
    return true;
  }

  /** The last one, if it was not taken before. */
  take(): EventOf<'advert'> | undefined {
    const known = this.#known;
    const lastMs = known && this.lastMs;
    if (known === undefined || lastMs === undefined || lastMs <= known.event.atMs) return undefined;
    const event = { ...known.event, atMs: lastMs };
    this.#known = { ...known, event, isSilent: false };
    return event;
  }
}

/** It was not ignored: the master has another down-interval from now on. */
export const movedDeadline = (my: MachineSettings, state: Backup, { atMs }: EventOf<'advert'>): boolean =>
  state.deadlineMs === atMs + downMs(my, state.priority, state.masterAdvertMs);
