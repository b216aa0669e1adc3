import { randomUUID } from 'node:crypto';
import type { Drain, Override } from '../declare/change.js';
import type { CountedTable } from '../model/counted.js';
import { destinationId, serviceId } from '../model/ids.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';

export interface DrainKeeperOptions {
  /** What is stored of drains, by id. */
  readonly drains: () => ReadonlyMap<string, Drain>;
  /** Whether there is such a real server. */
  readonly isThere: (service: string, destination: string) => boolean;
  readonly counts: { read(oldestMs: number): Promise<CountedTable> };
  /** Stores that a drain has ended and does what it said; it may be asked again for one whose end could not be stored. */
  readonly end: (drain: Drain) => Promise<void>;
  readonly clock: Clock;
  readonly wallMs: () => number;
  readonly log: Log;
}

/** Connections of servers that are being drained are counted so often. */
const LOOK_MS = 1_000;
/** And of a large table no more than this part of the time. */
const LOOK_SHARE = 1 / 20;
const MOST_ENDED = 50;

type Connections = Drain['connections'];
const nobody: Connections = { active: 0, inactive: 0, persistent: 0 };

/** Looks at the servers that are being drained until nobody is connected to them, or their time is up. */
export class DrainKeeper {
  readonly #options: DrainKeeperOptions;
  readonly #timers: Timers<'look'>;
  /** The last that was seen, by id: what is stored would be old. */
  readonly #seen = new Map<string, Connections>();
  #pauseMs = LOOK_MS;
  #isClosed = false;

  constructor(options: DrainKeeperOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** Those that run, then those that ended, the newest first. */
  list(): readonly Drain[] {
    const all = [...this.#options.drains().values()].map((drain) => this.#withSeen(drain)).reverse();
    return [...all.filter(isRunning), ...all.filter((drain) => !isRunning(drain))];
  }

  /** A new one, that nobody knows of yet. */
  make(of: Pick<Drain, 'server' | 'service' | 'destination' | 'then' | 'who'>, withinSeconds: number): Drain {
    const since = this.#options.wallMs();
    return {
      id: randomUUID(),
      ...of,
      since,
      until: Math.ceil(since + 1000 * withinSeconds),
      state: 'running',
      connections: nobody,
    };
  }

  /** What is to be stored with a new one: another one of the same server gives way to it, and the oldest that ended are forgotten. */
  storedWith(drain: Drain): Readonly<Record<string, Drain | null>> {
    const all = [...this.#options.drains().values()];
    const former = all.filter((one) => isRunning(one) && one.server === drain.server);
    const ended = all.filter((one) => !isRunning(one));
    const forgotten = ended.slice(0, Math.max(0, ended.length + former.length - MOST_ENDED));
    return Object.fromEntries([
      ...forgotten.map(({ id }) => [id, null] as const),
      ...former.map((one) => [one.id, this.#ended(one, 'cancelled')] as const),
      [drain.id, drain] as const,
    ]);
  }

  /** Those that end because their server is to take connections again. */
  cancelledBy(overrides: ReadonlyMap<string, Override>): Readonly<Record<string, Drain>> {
    const running = [...this.#options.drains().values()].filter(isRunning);
    const cancelled = running.filter(({ server }) => overrides.get(server)?.maintenance !== true);
    return Object.fromEntries(cancelled.map((drain) => [drain.id, this.#ended(drain, 'cancelled')] as const));
  }

  /** To be called whenever one was stored. */
  arm(): void {
    if (this.#isClosed || this.#timers.isArmed('look') || ![...this.#options.drains().values()].some(isRunning)) return;
    this.#timers.arm('look', this.#pauseMs, () => {
      this.#look()
        .catch((error: unknown) => {
          if (!this.#isClosed) this.#options.log.error({ event: 'declared.drain-unseen', reason: reasonOf(error) });
        })
        .finally(() => this.arm());
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#timers.disarmAll();
  }

  async #look(): Promise<void> {
    const { counts, drains, end, clock, wallMs, isThere } = this.#options;
    const begin = clock.now();
    const counted = await counts.read(0);
    this.#pauseMs = Math.max(LOOK_MS, (clock.now() - begin) / LOOK_SHARE);
    for (const id of this.#seen.keys()) if (!drains().has(id)) this.#seen.delete(id);
    for (const drain of [...drains().values()].filter(isRunning)) {
      const connections = connectionsOf(drain, counted);
      this.#seen.set(drain.id, connections);
      const isEmpty = connections.active + connections.inactive + connections.persistent === 0;
      if (!isThere(drain.service, drain.destination)) await end(this.#ended(drain, 'gone'));
      else if (isEmpty) await end(this.#ended(drain, 'drained'));
      else if (drain.until <= wallMs()) await end(this.#ended(drain, 'deadline'));
    }
  }

  #ended(drain: Drain, state: Drain['state']): Drain {
    return { ...this.#withSeen(drain), state, endedAt: this.#options.wallMs() };
  }

  #withSeen(drain: Drain): Drain {
    const connections = isRunning(drain) ? this.#seen.get(drain.id) : undefined;
    return connections === undefined ? drain : { ...drain, connections };
  }
}

export const isRunning = ({ state }: Drain): boolean => state === 'running';

function connectionsOf({ service, destination }: Drain, { services }: CountedTable): Connections {
  const row = services.find(({ key }) => serviceId(key) === service);
  const found = row?.destinations.find(({ key }) => destinationId(key) === destination);
  if (found === undefined) return nobody;
  const { active, inactive, persistent } = found;
  return { active, inactive, persistent };
}
