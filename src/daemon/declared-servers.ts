import { type Configuration, destinationOf, type VirtualServer } from '../config/configuration.js';
import { serverNamesOf, virtualServerName, virtualServerOf } from '../director/names.js';
import { destinationId, serviceId } from '../model/ids.js';
import { serviceName } from '../model/service.js';
import type { Table, TableService } from '../model/table.js';

interface Index {
  readonly byService: ReadonlyMap<string, VirtualServer>;
  /** By virtualServerName. */
  readonly byName: ReadonlyMap<string, VirtualServer>;
}

const indices = new WeakMap<readonly VirtualServer[], Index>();

/** Made once for a list. */
function indexOf(virtualServers: readonly VirtualServer[]): Index {
  const known = indices.get(virtualServers);
  if (known !== undefined) return known;
  const index = {
    byService: new Map(
      virtualServers.flatMap((virtual) => virtual.services.map(({ key }) => [serviceId(key), virtual] as const)),
    ),
    byName: new Map(virtualServers.map((virtual) => [virtualServerName(virtual), virtual] as const)),
  };
  indices.set(virtualServers, index);
  return index;
}

/** The serverName of a real server, by the ids of the API; undefined: there is none. */
export function serverOf(
  configuration: Pick<Configuration, 'virtualServers'> | undefined,
  service: string,
  destination: string,
): string | undefined {
  const virtual = configuration && indexOf(configuration.virtualServers).byService.get(service);
  const key = virtual?.services.find(({ key }) => serviceId(key) === service)?.key;
  if (virtual === undefined || key === undefined) return undefined;
  const at = virtual.realServers.findIndex((real) => destinationId(destinationOf(key, real)) === destination);
  return serverNamesOf(virtual)[at];
}

/** What `table` has of the services that these real servers are of, by serverName; it stays so when the table changes. */
export function servicesOf(
  configuration: Pick<Configuration, 'virtualServers'> | undefined,
  servers: readonly string[],
  table: Table,
): Table {
  const found = new Map<string, TableService>();
  if (configuration === undefined) return found;
  const { byName } = indexOf(configuration.virtualServers);
  for (const server of servers)
    for (const { key } of byName.get(virtualServerOf(server))?.services ?? []) {
      const name = serviceName(key);
      const service = table.get(name);
      if (service !== undefined) found.set(name, service);
    }
  return found;
}

/** The ids of a real server, by its serverName: of the first service of its virtual server. */
export function idsOf(
  configuration: Pick<Configuration, 'virtualServers'> | undefined,
  server: string,
): { readonly service: string; readonly destination: string } | undefined {
  const virtual = configuration && indexOf(configuration.virtualServers).byName.get(virtualServerOf(server));
  const key = virtual?.services[0]?.key;
  const real = virtual?.realServers[serverNamesOf(virtual).indexOf(server)];
  if (key === undefined || real === undefined) return undefined;
  return { service: serviceId(key), destination: destinationId(destinationOf(key, real)) };
}
