import type { Configuration, Server, VirtualServer } from '../config/configuration.js';
import { destinationOf } from '../config/configuration.js';
import { formatEndpoint } from '../model/address.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { LastApplied } from './ownership.js';

/** What stays the same over a reload, and is unique: the same address may be written once for TCP and once for UDP. */
export function virtualServerName({ name, services }: VirtualServer): string {
  const first = services[0] === undefined ? '' : serviceName(services[0].key);
  return services.length === 1 ? first : `${name} (${first})`;
}

/** `tcp 192.0.2.1:80 -> 10.0.0.1:80`; the port of the file, 0 where it says none. */
export const serverName = (virtualServer: string, { address, port }: Server): string =>
  `${virtualServer} -> ${formatEndpoint(address, port ?? 0)}`;

/** Every service of a configuration with every destination it may get. */
export function allNames({ virtualServers }: Configuration): LastApplied {
  return new Map(
    virtualServers.flatMap(({ services, realServers, sorryServer }) => {
      const servers = sorryServer === undefined ? realServers : [...realServers, sorryServer];
      return services.map(({ key }) => [
        serviceName(key),
        servers.map((server) => destinationName(destinationOf(key, server))),
      ]);
    }),
  );
}
