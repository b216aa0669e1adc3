import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { NetworkFacts } from './facts.js';
import { type FactKind, factKinds, type NetworkSource } from './kernel-network.js';

export interface NetworkWatcherOptions {
  readonly source: Pick<NetworkSource, 'read' | 'watch'>;
  readonly clock: Clock;
  readonly log: Log;
  /** After each reading. */
  readonly onFacts: (facts: NetworkFacts) => void;
}

/** What comes together is read together; and a packet may wait for the neighbour that came. */
const GATHER_MS = 2;
const PAUSE_MS = 50;
/** Reading takes at most one part in so many of the time. */
const SHARE = 5;
const RETRY_MS = 1000;

/** Reads the network at the start and again, in the parts that changed, whenever the kernel says so. */
export class NetworkWatcher {
  readonly #options: NetworkWatcherOptions;
  readonly #timers: Timers<'read'>;
  readonly #stale = new Set<FactKind>();
  #facts: NetworkFacts = { links: [], addresses: [], routes: [], neighbours: [] };
  #reading = false;
  #closed = false;
  /** No reading before this moment. */
  #notBefore = 0;

  constructor(options: NetworkWatcherOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  get facts(): NetworkFacts {
    return this.#facts;
  }

  /** Knows it when it resolves. Rejects if it cannot be read. */
  async open(): Promise<void> {
    this.#options.source.watch((kinds) => this.#changed(kinds));
    this.#facts = await this.#read(new Set(factKinds));
    this.#options.onFacts(this.#facts);
  }

  close(): void {
    this.#closed = true;
    this.#timers.disarmAll();
  }

  #changed(kinds: Iterable<FactKind>): void {
    for (const kind of kinds) this.#stale.add(kind);
    if (!this.#reading) this.#arm(GATHER_MS);
  }

  #arm(ms: number): void {
    if (this.#closed || this.#timers.isArmed('read')) return;
    this.#timers.arm('read', Math.max(ms, this.#notBefore - this.#options.clock.now()), () => void this.#refresh());
  }

  async #refresh(): Promise<void> {
    const { clock, log, onFacts } = this.#options;
    const kinds = new Set(this.#stale);
    this.#stale.clear();
    this.#reading = true;
    const begun = clock.now();
    let retry = GATHER_MS;
    try {
      const facts = await this.#read(kinds);
      if (this.#closed) return;
      this.#facts = facts;
      onFacts(facts);
    } catch (error) {
      if (this.#closed) return;
      log.warn({ event: 'routing.not-read', reason: reasonOf(error) });
      for (const kind of kinds) this.#stale.add(kind);
      retry = RETRY_MS;
    } finally {
      this.#reading = false;
      const now = clock.now();
      this.#notBefore = now + Math.max(PAUSE_MS, (SHARE - 1) * (now - begun));
    }
    if (this.#stale.size > 0) this.#arm(retry);
  }

  async #read(kinds: ReadonlySet<FactKind>): Promise<NetworkFacts> {
    const { source } = this.#options;
    const known = this.#facts;
    const part = <K extends FactKind>(kind: K): Promise<NetworkFacts[K]> | NetworkFacts[K] =>
      kinds.has(kind) ? source.read(kind) : known[kind];
    const [links, addresses, routes, neighbours] = await Promise.all([
      part('links'),
      part('addresses'),
      part('routes'),
      part('neighbours'),
    ]);
    return { links, addresses, routes, neighbours };
  }
}
