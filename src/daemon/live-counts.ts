import type { EngineForwarder } from '../dataplane/forwarder.js';
import { destinationName } from '../model/destination.js';
import type { CountedDestination, CountedService, CountedTable } from '../model/counted.js';
import type { Cancel, Clock } from '../system/clock.js';
import type { KernelView } from './kernel-view.js';

export interface LiveCountsOptions {
  /** undefined: it has no IPVS. */
  readonly kernel: Pick<KernelView, 'services'> | undefined;
  /** undefined: this daemon has none. */
  readonly engine: { readonly forwarder: Pick<EngineForwarder, 'table' | 'statistics'> } | undefined;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
}

/** A large table is a dump of megabytes: it is kept no longer than the pages of one reader need it. */
const KEPT_MS = 5000;

/** What both engines count. Whoever asks while a dump is under way shares it. */
export class LiveCounts {
  readonly #options: LiveCountsOptions;
  #underWay: Promise<CountedTable> | undefined;
  #last: { readonly atMs: number; readonly table: CountedTable } | undefined;
  #forget: Cancel = () => undefined;

  constructor(options: LiveCountsOptions) {
    this.#options = options;
  }

  /**
   * @param oldestMs what was read so long ago will do; 0: not older than the question
   * @throws LvsError IPVS_*, NETLINK_*, ENGINE_*
   */
  async read(oldestMs = 0): Promise<CountedTable> {
    const { clock } = this.#options;
    if (this.#last !== undefined && clock.now() - this.#last.atMs < oldestMs) return this.#last.table;
    if (oldestMs === 0) await this.#underWay?.catch(() => undefined); // it may have begun before the question
    return (this.#underWay ??= this.#read());
  }

  close(): void {
    this.#forget();
    this.#last = undefined;
  }

  async #read(): Promise<CountedTable> {
    const { clock, wallMs } = this.#options;
    try {
      const [kernel, engine] = await Promise.all([this.#ofKernel(), this.#ofEngine()]);
      const table = { at: wallMs(), services: [...kernel, ...engine] };
      this.#last = { atMs: clock.now(), table };
      this.#forget();
      this.#forget = clock.after(KEPT_MS, () => (this.#last = undefined));
      return table;
    } finally {
      this.#underWay = undefined;
    }
  }

  async #ofKernel(): Promise<readonly CountedService[]> {
    const listed = (await this.#options.kernel?.services()) ?? [];
    return listed.map((row) => ({
      key: row.key,
      engine: 'kernel',
      get statistics() {
        return row.statistics;
      },
      destinations: row.destinations,
    }));
  }

  async #ofEngine(): Promise<readonly CountedService[]> {
    const { engine } = this.#options;
    if (engine === undefined) return [];
    const { table } = engine.forwarder;
    if (table.size === 0) return [];
    const counted = await engine.forwarder.statistics();
    return [...table].flatMap(([name, { key, destinations }]) => {
      const service = counted.get(name);
      if (service === undefined) return [];
      const rows = [...destinations.values()].flatMap((one): CountedDestination[] => {
        const row = service.destinations.get(destinationName(one.key));
        if (row === undefined) return [];
        const { statistics, activeConnections: active, inactiveConnections: inactive } = row;
        return [{ key: one.key, statistics, active, inactive, persistent: 0 }];
      });
      return [{ key, engine: 'userspace', statistics: service.statistics, destinations: rows }];
    });
  }
}
