import { type Configuration, destinationOf, type VirtualServer, type VirtualService } from '../config/configuration.js';
import { serverNamesOf } from '../director/names.js';
import { type DestinationKey, destinationName, type DestinationSettings } from '../model/destination.js';
import { destinationId } from '../model/ids.js';
import { type ServiceKey, serviceName } from '../model/service.js';

/** A destination of a service as it is declared: what stays while the configuration is in force. */
export interface Place {
  readonly service: ServiceKey;
  readonly key: DestinationKey;
  readonly id: string;
  readonly role: 'real' | 'sorry' | 'other';
  /** serverName, of a real server. */
  readonly server: string | null;
  /** undefined: it is declared nowhere. */
  readonly settings: DestinationSettings | undefined;
}

/** A service that is declared. */
export interface Written {
  readonly virtual: VirtualServer;
  readonly service: VirtualService;
}

/** By serviceName. */
export type WrittenIndex = ReadonlyMap<string, Written>;

const nothing: WrittenIndex = new Map();
const indices = new WeakMap<Configuration, WrittenIndex>();

/** Made once for a configuration: a large site is asked for page by page. */
export function writtenIndex(configuration: Configuration | undefined): WrittenIndex {
  if (configuration === undefined) return nothing;
  const before = indices.get(configuration);
  if (before !== undefined) return before;
  const index = new Map<string, Written>();
  for (const virtual of configuration.virtualServers)
    for (const service of virtual.services) index.set(serviceName(service.key), { virtual, service });
  indices.set(configuration, index);
  return index;
}

export interface Places {
  readonly rows: readonly Place[];
  /** By destinationName. */
  readonly names: ReadonlySet<string>;
}

const placesOfWritten = new WeakMap<Written, Places>();

/** Real servers, also those that are down and left the table, and the sorry server if it is none of them. Made once. */
export function placesOf(written: Written): Places {
  const before = placesOfWritten.get(written);
  if (before !== undefined) return before;
  const { virtual, service } = written;
  const serverNames = serverNamesOf(virtual);
  const rows = virtual.realServers.map((server, i): Place => {
    const key = destinationOf(service.key, server);
    const { settings } = server;
    return { service: service.key, key, id: destinationId(key), role: 'real', server: serverNames[i]!, settings };
  });
  const names = new Set(rows.map(({ key }) => destinationName(key)));
  const { sorryServer } = virtual;
  if (sorryServer !== undefined) {
    const key = destinationOf(service.key, sorryServer);
    const { settings } = sorryServer;
    if (!names.has(destinationName(key)))
      rows.push({ service: service.key, key, id: destinationId(key), role: 'sorry', server: null, settings });
    names.add(destinationName(key));
  }
  const places = { rows, names };
  placesOfWritten.set(written, places);
  return places;
}

/** Of a destination that is in force and declared nowhere. */
export const strange = (service: ServiceKey, key: DestinationKey): Place => ({
  service,
  key,
  id: destinationId(key),
  role: 'other',
  server: null,
  settings: undefined,
});
