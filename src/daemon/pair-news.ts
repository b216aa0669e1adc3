import { createHash } from 'node:crypto';
import type { Configuration } from '../config/configuration.js';
import type { CheckStatus } from '../cli/control.js';
import { serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';
import { slotsOf } from '../replay/slots.js';
import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import type { DirectorNews } from './vrrp-pair.js';

export interface PairNewsOptions {
  readonly clock: Clock;
  readonly configuration: () => Configuration | undefined;
  /** Of the file it was read from; undefined: it was none. */
  readonly fingerprint: () => string | undefined;
  /** What we program. */
  readonly table: () => Table;
  readonly checks: () => readonly CheckStatus[];
  /** null: not known. */
  readonly connections: () => Promise<number | null>;
  readonly tell: (news: DirectorNews) => Promise<void>;
}

const EVERY_MS = 2000;
/** Tables are computed here, on the thread that everything else is done on: so many each time, and the rest later. */
const MOST_TABLES = 8;

const fingerprint = (what: unknown): string =>
  createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 12);

/** Tells the other director, by way of the process that holds the addresses, what is served here and how it is. */
export class PairNews {
  readonly #options: PairNewsOptions;
  readonly #timers: Timers<'tell'>;
  readonly #tables = new Map<string, { readonly of: string; readonly is: string }>();
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
    const { configuration, table, checks, connections, tell } = this.#options;
    const file = configuration();
    if (file?.globals.pair === undefined) return;
    const told = file.globals.pair.acceptsPush ? this.#options.fingerprint() : undefined;
    await tell({
      services: this.#services(file),
      maglev: this.#maglev(table()),
      health: healthOf(checks()),
      ...(told === undefined ? {} : { file: told }),
      connections: await connections(),
    });
  }

  /** As the file says them: health changes nothing of it. */
  #services(file: Configuration): Readonly<Record<string, string>> {
    if (this.#configured?.of !== file) this.#configured = { of: file, services: servicesOf(file) };
    return this.#configured.services;
  }

  /** By what is in force now. A table that is not computed yet is left out. */
  #maglev(table: Table): Readonly<Record<string, string>> {
    let computed = 0;
    const hashing = [...table].filter(
      ([, { settings }]) => settings.scheduler === 'mh' || settings.scheduler === 'maglev',
    );
    for (const [name, service] of hashing) {
      const of = fingerprint([service.settings, [...service.destinations]]);
      if (this.#tables.get(name)?.of === of) continue;
      this.#tables.delete(name);
      if (++computed <= MOST_TABLES) this.#tables.set(name, { of, is: fingerprint(slotsOf(service)) });
    }
    const names = new Set(hashing.map(([name]) => name));
    for (const name of this.#tables.keys()) if (!names.has(name)) this.#tables.delete(name);
    return Object.fromEntries([...this.#tables].map(([name, { is }]) => [name, is]));
  }
}

/** Each with all that decides where its packets go. */
export const servicesOf = ({ virtualServers }: Configuration): Readonly<Record<string, string>> =>
  Object.fromEntries(
    virtualServers.flatMap(({ services, realServers, sorryServer, quorum, hysteresis }) => {
      const servers = [...realServers, ...(sorryServer === undefined ? [] : [sorryServer])];
      const pool = fingerprint([
        servers.map(({ address, port, settings }) => [address, port ?? null, settings]),
        sorryServer !== undefined,
        quorum,
        hysteresis,
      ]);
      return services.map(({ key, settings }) => [serviceName(key), fingerprint([settings, pool])] as const);
    }),
  );

/** A server is up if all of its checks say so. */
export function healthOf(checks: readonly CheckStatus[]): Readonly<Record<string, 'up' | 'down'>> {
  const health = new Map<string, 'up' | 'down'>();
  for (const { server, verdict } of checks) if (health.get(server) !== 'down') health.set(server, verdict);
  return Object.fromEntries(health);
}
