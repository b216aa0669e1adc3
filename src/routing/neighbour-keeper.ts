import { neighbourState } from '../links/uapi.js';
import type { NeighbourEntry } from '../links/rows.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { NextHopNeighbour } from './next-hops.js';

export interface NeighbourKeeperOptions {
  readonly use: (index: number, address: string) => Promise<void>;
  /** Of an interface, for the log. */
  readonly nameOf: (index: number) => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The kernel keeps for a minute what it does not use (gc_stale_time), and is sure of it for half of one (base_reachable_time). */
const REFRESH_MS = 20_000;
/** Whom the engine asked for itself, a client on the link, is kept so long after that. */
const REMEMBER_MS = 600_000;
const MOST_REMEMBERED = 4096;
/** The kernel takes three seconds to find out that somebody does not answer. */
const ASK_AGAIN_MS = 1000;

interface Asked extends NextHopNeighbour {
  readonly atMs: number;
}

const keyOf = ({ index, address }: NextHopNeighbour): string => `${index} ${address}`;

/**
 * Lets the kernel ask for the neighbours that the engine sends to: the kernel sees none of these packets, so it would forget them. Those of
 * the table are asked for before the first packet comes.
 */
export class NeighbourKeeper {
  readonly #options: NeighbourKeeperOptions;
  readonly #timers: Timers<'refresh'>;
  readonly #asked = new Map<string, Asked>();
  readonly #silent = new Set<string>();
  #kept: ReadonlyMap<string, NextHopNeighbour> = new Map();

  constructor(options: NeighbourKeeperOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** From now on these; a new one is asked for at once. */
  keep(neighbours: readonly NextHopNeighbour[]): void {
    const before = this.#kept;
    this.#kept = new Map(neighbours.map((one) => [keyOf(one), one]));
    for (const [key, one] of this.#kept) if (!before.has(key)) this.#use(one);
    for (const key of this.#silent) if (!this.#kept.has(key)) this.#silent.delete(key);
    if (!this.#timers.isArmed('refresh')) this.#arm();
  }

  /** The engine has packets for somebody. */
  wanted(neighbour: NextHopNeighbour): void {
    const key = keyOf(neighbour);
    const now = this.#options.clock.now();
    const last = this.#asked.get(key);
    if (last !== undefined && now - last.atMs < ASK_AGAIN_MS) return;
    this.#asked.delete(key);
    if (this.#asked.size >= MOST_REMEMBERED)
      for (const oldest of this.#asked.keys()) {
        this.#asked.delete(oldest);
        break;
      }
    this.#asked.set(key, { ...neighbour, atMs: now });
    this.#use(neighbour);
  }

  /** What the kernel says now: who of those that are kept does not answer is told, once, and again when it is back. */
  heard(entries: readonly NeighbourEntry[]): void {
    const { log, nameOf } = this.#options;
    for (const entry of entries) {
      const key = keyOf(entry);
      if (!this.#kept.has(key)) continue;
      const about = { neighbour: entry.address, interface: nameOf(entry.index) };
      if ((entry.state & neighbourState.failed) !== 0) {
        if (this.#silent.has(key)) continue;
        this.#silent.add(key);
        const reason = `${about.neighbour} does not answer on ${about.interface}: is it there, and its network mask right?`;
        log.warn({ event: 'routing.neighbour-silent', ...about, reason });
      } else if (
        entry.macAddress !== '' &&
        (entry.state & neighbourState.incomplete) === 0 &&
        this.#silent.delete(key)
      ) {
        log.info({ event: 'routing.neighbour-back', ...about });
      }
    }
  }

  /** Of those kept: who does not answer. */
  get silent(): readonly string[] {
    return [...this.#silent].map((key) => this.#kept.get(key)?.address ?? key);
  }

  close(): void {
    this.#timers.disarmAll();
    this.#kept = new Map();
    this.#asked.clear();
  }

  #arm(): void {
    this.#timers.arm('refresh', REFRESH_MS, () => {
      const now = this.#options.clock.now();
      for (const [key, { atMs }] of this.#asked) if (now - atMs > REMEMBER_MS) this.#asked.delete(key);
      for (const [key, one] of this.#asked) if (!this.#kept.has(key)) this.#use(one);
      for (const one of this.#kept.values()) this.#use(one);
      this.#arm();
    });
  }

  #use({ index, address }: NextHopNeighbour): void {
    this.#options.use(index, address).catch((error: unknown) => {
      this.#options.log.debug({ event: 'routing.neighbour-not-asked', neighbour: address, reason: reasonOf(error) });
    });
  }
}
