import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Changes } from '../api/changes.js';
import type { Destination, DestinationInFull, DestinationRow, Destinations } from '../api/destinations.js';
import type { Service, ServiceInFull, Services } from '../api/services.js';
import type { Configuration, VirtualServer } from '../config/configuration.js';
import type { Drain } from '../declare/change.js';
import type { Director, DirectorStatus } from '../director/director.js';
import { virtualServerName } from '../director/names.js';
import { destinationName } from '../model/destination.js';
import { serviceId } from '../model/ids.js';
import { type ServiceKey, serviceFamily, serviceName } from '../model/service.js';
import type { TableService } from '../model/table.js';
import { type Place, placesOf, strange, type Written, writtenIndex } from './served-places.js';

export interface ServedOptions {
  readonly configuration: () => Configuration | undefined;
  readonly director: Pick<Director, 'status'>;
  readonly changes: Pick<Changes, 'declared' | 'drains'>;
  /** By serviceName. */
  readonly originOf: (service: string) => Exclude<Service['origin'], 'other'>;
  /** By serverName. */
  readonly isUp: (server: string) => boolean;
}

/** A service as it is declared, as it is in force, or both. */
interface Known {
  readonly key: ServiceKey;
  readonly name: string;
  readonly written: Written | undefined;
  readonly inForce: TableService | undefined;
  readonly status: DirectorStatus;
}

/** Of everything, in the order of the API. */
interface Listed {
  readonly configuration: Configuration | undefined;
  /** Of the table. */
  readonly shape: symbol;
  readonly keys: readonly ServiceKey[];
  /** Absent: nobody has asked for them. */
  rows?: Promise<readonly Place[]>;
}

/** Services between two looks at what else there is to do. */
const IN_A_ROW = 1000;

/** What is served, for the API: what is declared beside what is in force. */
export class Served implements Services, Destinations {
  readonly #options: ServedOptions;
  /** A service in force that changes is another object. */
  readonly #rows = new WeakMap<
    TableService,
    { readonly written: Written | undefined; readonly rows: readonly Place[] }
  >();

  #listed: Listed | undefined;

  constructor(options: ServedOptions) {
    this.#options = options;
  }

  keys(): readonly ServiceKey[] {
    return this.#lists().keys;
  }

  all(): Promise<readonly Place[]> {
    const lists = this.#lists();
    return (lists.rows ??= this.#rowsOf(lists.keys));
  }

  find(key: ServiceKey): Service | undefined {
    const known = this.#known(key);
    return known && serviceShown(known, this.#options.originOf);
  }

  full(key: ServiceKey): ServiceInFull | undefined {
    const shown = this.find(key);
    return shown && { ...shown, declared: this.#options.changes.declared().services.get(shown.id) ?? null };
  }

  rows(service: ServiceKey): readonly Place[] {
    const known = this.#known(service);
    if (known === undefined) return [];
    const { written, inForce } = known;
    if (inForce === undefined) return written === undefined ? [] : placesOf(written).rows;
    const before = this.#rows.get(inForce);
    if (before !== undefined && before.written === written) return before.rows;
    const places = written && placesOf(written);
    const others: Place[] = [];
    for (const [name, { key }] of inForce.destinations)
      if (places?.names.has(name) !== true) others.push(strange(service, key));
    const rows = others.length === 0 ? (places?.rows ?? []) : [...(places?.rows ?? []), ...others];
    this.#rows.set(inForce, { written, rows });
    return rows;
  }

  isUp({ server }: DestinationRow): boolean | undefined {
    return server === null ? undefined : this.#options.isUp(server);
  }

  show(row: DestinationRow): Destination {
    const { key, id, service, role, server, settings } = row as Place;
    const { director, changes } = this.#options;
    const { status } = director;
    const override = server === null ? undefined : changes.declared().overrides.get(server);
    const [serviceOf, name] = [serviceName(service), destinationName(key)];
    const inForce = status.known.get(serviceOf)?.destinations.get(name)?.settings;
    return {
      id,
      service: serviceId(service),
      address: key.address,
      port: key.port,
      method: inForce?.method ?? settings?.method ?? '',
      role,
      server,
      health: server === null ? null : this.#options.isUp(server) ? 'up' : 'down',
      configuredWeight: role === 'real' ? (settings?.weight ?? null) : null,
      override: override?.weight ?? null,
      maintenance: override?.maintenance === true,
      drain: override?.maintenance === true ? drainOf(changes.drains(), server) : null,
      weight: inForce?.weight ?? null,
      refused: refusals(status.refused).get(`${serviceOf} -> ${name}`) ?? null,
    };
  }

  fullDestination(row: DestinationRow): DestinationInFull {
    const { service, id } = row;
    const declared = this.#options.changes.declared().services.get(serviceId(service));
    return { ...this.show(row), declared: declared?.destinations.find((one) => one.id === id) ?? null };
  }

  /** Made once for a configuration and the names in the table: weights may change as they will. */
  #lists(): Listed {
    const configuration = this.#options.configuration();
    const { known, shape } = this.#options.director.status;
    const before = this.#listed;
    if (before !== undefined && before.configuration === configuration && before.shape === shape) return before;
    const index = writtenIndex(configuration);
    const keys = Array.from(index.values(), ({ service }) => service.key);
    for (const [name, { key }] of known) if (!index.has(name)) keys.push(key);
    return (this.#listed = { configuration, shape, keys });
  }

  /** In pieces, so that nothing else waits for it; what changes meanwhile has other lists. */
  async #rowsOf(keys: readonly ServiceKey[]): Promise<readonly Place[]> {
    const rows: Place[] = [];
    for (const [i, key] of keys.entries()) {
      rows.push(...this.rows(key));
      if (i % IN_A_ROW === IN_A_ROW - 1) await nextTurn();
    }
    return rows;
  }

  #known(key: ServiceKey): Known | undefined {
    const name = serviceName(key);
    const { configuration, director } = this.#options;
    const { status } = director;
    const [written, inForce] = [writtenIndex(configuration()).get(name), status.known.get(name)];
    return written === undefined && inForce === undefined ? undefined : { key, name, written, inForce, status };
  }
}

function drainOf(drains: readonly Drain[], server: string | null): Destination['drain'] {
  const found = drains.find((drain) => drain.server === server && drain.state === 'running');
  return found === undefined ? null : { id: found.id, until: found.until, then: found.then };
}

const reasonsOf = new WeakMap<DirectorStatus['refused'], ReadonlyMap<string, string>>();

/** Reasons by what was to be changed, without the verb: `tcp 192.0.2.1:80 -> 10.0.0.1:80`. */
function refusals(refused: DirectorStatus['refused']): ReadonlyMap<string, string> {
  const before = reasonsOf.get(refused);
  if (before !== undefined) return before;
  const reasons = new Map(refused.map(({ change, reason }) => [change.slice(change.indexOf(' ') + 1), reason]));
  reasonsOf.set(refused, reasons);
  return reasons;
}

function serviceShown({ key, name, written, inForce, status }: Known, originOf: ServedOptions['originOf']): Service {
  const settings = (inForce ?? written!.service).settings;
  const byAddress = key.by === 'address' ? key : undefined;
  return {
    id: serviceId(key),
    name,
    by: key.by,
    family: serviceFamily(key),
    protocol: byAddress?.protocol ?? null,
    address: byAddress?.address ?? null,
    prefixLength: byAddress?.prefixLength ?? null,
    port: byAddress?.port ?? null,
    mark: key.by === 'fwmark' ? key.mark : null,
    origin: written === undefined ? 'other' : originOf(name),
    virtualServer: written?.virtual.name ?? null,
    engine: settings.engine === undefined ? 'kernel' : 'userspace',
    scheduler: settings.scheduler,
    persistenceSeconds: settings.persistent ? settings.persistenceSeconds : null,
    inForce: inForce !== undefined,
    quorum: written === undefined ? null : quorumOf(written.virtual, status),
    destinations: inForce?.destinations.size ?? 0,
  };
}

const quorumOf = (virtual: VirtualServer, { quorums }: DirectorStatus): NonNullable<Service['quorum']> => ({
  needed: virtual.quorum,
  hysteresis: virtual.hysteresis,
  met: quorums.get(virtualServerName(virtual)) ?? false,
});
