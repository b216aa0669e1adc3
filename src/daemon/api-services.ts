import type { Destination, Destinations } from '../api/destinations.js';
import { destinationId, serviceId } from '../api/ids.js';
import type { Service, Services } from '../api/services.js';
import { type Configuration, destinationOf, type VirtualServer, type VirtualService } from '../config/configuration.js';
import type { Director, DirectorStatus } from '../director/director.js';
import { serverNamesOf, virtualServerName } from '../director/names.js';
import { type DestinationKey, destinationName } from '../model/destination.js';
import { type ServiceKey, serviceFamily, serviceName } from '../model/service.js';
import type { TableService } from '../model/table.js';

export interface ServedOptions {
  readonly configuration: () => Configuration | undefined;
  readonly director: Pick<Director, 'status' | 'override'>;
  /** By serverName. */
  readonly isUp: (server: string) => boolean;
}

/** A service of the file. */
interface Written {
  readonly virtual: VirtualServer;
  readonly service: VirtualService;
}

/** By serviceName. */
type Index = ReadonlyMap<string, Written>;
const NOTHING: Index = new Map();

/** A service as the file has it, as it is in force, or both. */
interface Known {
  readonly key: ServiceKey;
  readonly name: string;
  readonly written: Written | undefined;
  readonly inForce: TableService | undefined;
  readonly status: DirectorStatus;
}

/** What is served, for the API: what the file says beside what is in force. */
export class Served implements Services, Destinations {
  readonly #options: ServedOptions;
  /** Made once for a configuration: a large site is asked for page by page. */
  readonly #indices = new WeakMap<Configuration, Index>();

  constructor(options: ServedOptions) {
    this.#options = options;
  }

  keys(): readonly ServiceKey[] {
    const index = this.#index();
    const keys = [...index.values()].map(({ service }) => service.key);
    for (const [name, { key }] of this.#options.director.status.known) if (!index.has(name)) keys.push(key);
    return keys;
  }

  find(key: ServiceKey): Service | undefined {
    const known = this.#known(key);
    return known && serviceShown(known);
  }

  of(key: ServiceKey): readonly Destination[] {
    const known = this.#known(key);
    if (known === undefined) return [];
    const shown = this.#written(known);
    const ids = new Set(shown.map(({ id }) => id));
    const others = [...(known.inForce?.destinations.values() ?? [])].map((one) => other(known, one.key, 'other'));
    return [...shown, ...others.filter(({ id }) => !ids.has(id))];
  }

  async override(server: string, weight: number | null): Promise<void> {
    await this.#options.director.override(server, weight ?? undefined);
  }

  #index(): Index {
    const configuration = this.#options.configuration();
    if (configuration === undefined) return NOTHING;
    const before = this.#indices.get(configuration);
    if (before !== undefined) return before;
    const index = new Map(
      configuration.virtualServers.flatMap((virtual) =>
        virtual.services.map((service) => [serviceName(service.key), { virtual, service }] as const),
      ),
    );
    this.#indices.set(configuration, index);
    return index;
  }

  #known(key: ServiceKey): Known | undefined {
    const name = serviceName(key);
    const { status } = this.#options.director;
    const [written, inForce] = [this.#index().get(name), status.known.get(name)];
    return written === undefined && inForce === undefined ? undefined : { key, name, written, inForce, status };
  }

  /** Real servers, also those that are down and left the table, and the sorry server if it is none of them. */
  #written(known: Known): readonly Destination[] {
    const { key, written } = known;
    if (written === undefined) return [];
    const { virtual } = written;
    const names = serverNamesOf(virtual);
    const real = virtual.realServers.map((server, i): Destination => {
      const name = names[i]!;
      return {
        ...other(known, destinationOf(key, server), 'real', server.settings.method),
        server: name,
        health: this.#options.isUp(name) ? 'up' : 'down',
        configuredWeight: server.settings.weight,
        override: known.status.weights.get(name) ?? null,
      };
    });
    const { sorryServer } = virtual;
    if (sorryServer === undefined) return real;
    const sorry = other(known, destinationOf(key, sorryServer), 'sorry', sorryServer.settings.method);
    return real.some(({ id }) => id === sorry.id) ? real : [...real, sorry];
  }
}

/** What is known of any destination: whatever is in force. */
function other(
  { name, inForce, status }: Known,
  key: DestinationKey,
  role: Destination['role'],
  method?: string,
): Destination {
  const settings = inForce?.destinations.get(destinationName(key))?.settings;
  const suffix = `${name} -> ${destinationName(key)}`;
  return {
    id: destinationId(key),
    address: key.address,
    port: key.port,
    method: settings?.method ?? method ?? '',
    role,
    server: null,
    health: null,
    configuredWeight: null,
    override: null,
    weight: settings?.weight ?? null,
    refused: status.refused.find(({ service, change }) => service === name && change.endsWith(suffix))?.reason ?? null,
  };
}

function serviceShown({ key, name, written, inForce, status }: Known): Service {
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
    origin: written === undefined ? 'other' : 'file',
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
