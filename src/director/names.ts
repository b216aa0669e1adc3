import type { Server, VirtualServer } from '../config/configuration.js';
import { formatEndpoint } from '../model/address.js';
import { serviceName } from '../model/service.js';

/** What stays the same over a reload, and is unique: the same address may be written once for TCP and once for UDP. */
export function virtualServerName({ name, services }: VirtualServer): string {
  const first = services[0] === undefined ? '' : serviceName(services[0].key);
  return services.length === 1 ? first : `${name} (${first})`;
}

/** `tcp 192.0.2.1:80 -> 10.0.0.1:80`; the port of the file, 0 where it says none. */
export const serverName = (virtualServer: string, { address, port }: Server): string =>
  `${virtualServer} -> ${formatEndpoint(address, port ?? 0)}`;

/** The virtualServerName in a serverName. */
export const virtualServerOf = (server: string): string => server.slice(0, server.lastIndexOf(' -> '));

const namesOfServers = new WeakMap<VirtualServer, readonly string[]>();

/** The serverName of each of its real servers, in their order. Made once: a large site asks for all of them at each reload. */
export function serverNamesOf(virtual: VirtualServer): readonly string[] {
  const known = namesOfServers.get(virtual);
  if (known !== undefined) return known;
  const whole = virtualServerName(virtual);
  const names = virtual.realServers.map((server) => serverName(whole, server));
  namesOfServers.set(virtual, names);
  return names;
}
