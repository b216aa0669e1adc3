import type { Configuration } from '../config/configuration.js';
import type { CheckStatus } from '../cli/control.js';
import type { Override } from '../declare/change.js';
import { serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import { MaglevPrints, printOf } from './maglev-prints.js';
import type { DirectorNews } from './vrrp-pair.js';

export interface PairNewsOptions {
  readonly clock: Clock;
  readonly configuration: () => Configuration | undefined;
  /** Of the file it was read from; undefined: it was none. */
  readonly fingerprint: () => string | undefined;
  /** What we program. */
  readonly table: () => Table;
  readonly checks: () => readonly CheckStatus[];
  /** What operators set beside the file, by serverName. */
  readonly overrides: () => ReadonlyMap<string, Override>;
  /** null: not known. */
  readonly connections: () => Promise<number | null>;
  readonly tell: (news: DirectorNews) => Promise<void>;
}

const EVERY_MS = 2000;

/** Tells the other director, by way of the process that holds the addresses, what is served here and how it is. */
export class PairNews {
  readonly #options: PairNewsOptions;
  readonly #timers: Timers<'tell'>;
  readonly #prints = new MaglevPrints();
  #configured: { readonly of: Configuration; readonly services: Readonly<Record<string, string>> } | undefined;

  constructor(options: PairNewsOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  open(): void {
    this.#timers.arm('tell', EVERY_MS, () => {
      this.open();
      void this.#tell();
    });
  }

  stop(): void {
    this.#timers.disarmAll();
  }

  async #tell(): Promise<void> {
    const { configuration, table, checks, overrides, connections, tell } = this.#options;
    const file = configuration();
    if (file?.globals.pair === undefined) return;
    const told = file.globals.pair.acceptsPush ? this.#options.fingerprint() : undefined;
    await tell({
      services: this.#services(file),
      maglev: this.#prints.of(table()),
      health: healthOf(checks()),
      overrides: Object.fromEntries(Array.from(overrides(), ([server, one]) => [server, wordsOf(one)])),
      ...(told === undefined ? {} : { file: told }),
      connections: await connections(),
    });
  }

  /** As the file says them: health changes nothing of it. */
  #services(file: Configuration): Readonly<Record<string, string>> {
    if (this.#configured?.of !== file) this.#configured = { of: file, services: servicesOf(file) };
    return this.#configured.services;
  }
}

/** Each with all that decides where its packets go. */
export const servicesOf = ({
  virtualServers,
}: Pick<Configuration, 'virtualServers'>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    virtualServers.flatMap(({ services, realServers, sorryServer, quorum, hysteresis }) => {
      const servers = [...realServers, ...(sorryServer === undefined ? [] : [sorryServer])];
      const pool = printOf([
        servers.map(({ address, port, settings }) => [address, port ?? null, settings]),
        sorryServer !== undefined,
        quorum,
        hysteresis,
      ]);
      return services.map(({ key, settings }) => [serviceName(key), printOf([settings, pool])] as const);
    }),
  );

const wordsOf = ({ weight, maintenance }: Override): string =>
  [maintenance && 'maintenance', weight !== undefined && `weight ${weight}`].filter(Boolean).join(', ');

/** A server is up if all of its checks say so. */
export function healthOf(checks: readonly CheckStatus[]): Readonly<Record<string, 'up' | 'down'>> {
  const health = new Map<string, 'up' | 'down'>();
  for (const { server, verdict } of checks) if (health.get(server) !== 'down') health.set(server, verdict);
  return Object.fromEntries(health);
}
