import { familyOf } from '../model/address.js';
import type { Log } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { gratuitousArp, unsolicitedAdvertisement } from './announce.js';
import {
  add,
  type Announcement,
  announcements,
  type AnnounceSettings,
  cancel,
  emptyQueue,
  nextPeriod,
  type Occasion,
  type Pacing,
  type Queue,
  take,
} from './garp.js';
import type { Announces } from './instance.js';
import type { HeldAddress } from './network.js';
import type { AdvertPort } from './ports.js';

export interface AnnouncerOptions {
  readonly adverts: Pick<AdvertPort, 'clock' | 'sendFrame'>;
  readonly pacing: () => Pacing;
  readonly log: Log;
}

/** What one router has announced since it became master. */
interface Speaker {
  readonly settings: () => AnnounceSettings;
  held: readonly HeldAddress[];
  sinceMs: number;
}

/** Sends what garp.ts says at the times it says, for all instances: they share interfaces. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #timers: Timers<'take' | `period ${string}`>;
  readonly #speakers = new Map<string, Speaker>();
  #queue: Queue = emptyQueue;
  #trouble = 0;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#timers = new Timers(options.adverts.clock);
  }

  of(router: string, settings: () => AnnounceSettings): Announces {
    return {
      announce: (why, held, atMs) => {
        const before = this.#speakers.get(router);
        const sinceMs = why === 'master' ? atMs : (before?.sinceMs ?? atMs);
        this.#speakers.set(router, { settings, held, sinceMs });
        this.#add(router, why, atMs);
        this.#armPeriod(router, atMs);
      },
      stop: () => {
        this.#speakers.delete(router);
        this.#timers.disarm(`period ${router}`);
        this.#queue = cancel(this.#queue, router);
      },
    };
  }

  close(): void {
    this.#timers.disarmAll();
    this.#queue = emptyQueue;
  }

  #add(router: string, occasion: Occasion, atMs: number): void {
    const speaker = this.#speakers.get(router);
    if (speaker === undefined) return;
    const targets = speaker.held.map(({ address, interface: name, elsewhere }) => ({
      family: familyOf(address),
      address,
      interface: name,
      ...(elsewhere === undefined ? {} : { elsewhere }),
    }));
    this.#queue = add(this.#queue, announcements(speaker.settings(), router, targets, occasion, atMs), atMs);
    this.#take();
  }

  #armPeriod(router: string, afterMs: number): void {
    const speaker = this.#speakers.get(router);
    const next = speaker && nextPeriod(speaker.settings(), speaker.sinceMs, afterMs);
    if (next === undefined) return this.#timers.disarm(`period ${router}`);
    this.#timers.arm(`period ${router}`, Math.max(0, next.atMs - this.#now()), () => {
      for (const occasion of next.occasions) this.#add(router, occasion, next.atMs);
      this.#armPeriod(router, Math.max(next.atMs, this.#now())); // what was missed in a pause is not made up for
    });
  }

  #take(): void {
    const nowMs = this.#now();
    const { send, queue, nextMs } = take(this.#queue, this.#options.pacing(), nowMs);
    this.#queue = queue;
    for (const announcement of send) this.#send(announcement);
    if (nextMs === undefined) this.#timers.disarm('take');
    else this.#timers.arm('take', Math.max(0, nextMs - nowMs), () => this.#take());
  }

  /** An interface that is going down is no reason to complain more than once. */
  #send({ instance, address, interface: name }: Announcement): void {
    const held = this.#speakers.get(instance)?.held.find((one) => one.address === address && one.interface === name);
    if (held === undefined) return;
    const frame =
      familyOf(address) === 'ip4'
        ? gratuitousArp(address, held.mac)
        : unsolicitedAdvertisement(address, held.mac, held);
    const errno = this.#options.adverts.sendFrame(held.index, frame);
    if (errno !== 0 && errno !== this.#trouble)
      this.#options.log.warn({ event: 'vrrp.not-announced', router: instance, address, interface: name, errno });
    this.#trouble = errno;
  }

  #now(): number {
    return this.#options.adverts.clock.now();
  }
}
