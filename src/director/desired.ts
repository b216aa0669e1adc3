import type { Configuration, RealServer, SorryServer, VirtualServer, VirtualService } from '../config/configuration.js';
import { destinationOf } from '../config/configuration.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table, TableDestination, TableService } from '../model/table.js';
import { hasQuorum } from '../health/quorum.js';
import { serverName, virtualServerName } from './names.js';

/** What is known beside the file. */
export interface Circumstances {
  /** By serverName. A server nobody checks is up. */
  readonly isUp: (server: string) => boolean;
  /** Weights that an operator set, by serverName; they hold over the file's. */
  readonly weights: ReadonlyMap<string, number>;
  /** Which virtual servers had their quorum until now, by virtualServerName; absent: was never asked. */
  readonly quorums: ReadonlyMap<string, boolean>;
}

export interface Desired {
  readonly table: Table;
  /** Which have it now. */
  readonly quorums: ReadonlyMap<string, boolean>;
}

/** File x health x overrides = the table that should be. Pure. */
export function desired(configuration: Configuration, now: Circumstances): Desired {
  const table = new Map<string, TableService>();
  const quorums = new Map<string, boolean>();
  for (const virtual of configuration.virtualServers) {
    const name = virtualServerName(virtual);
    const servers = virtual.realServers.map((server) => situation(name, server, now));
    const quorum = quorumOf(virtual, servers, now.quorums.get(name) ?? !virtual.alpha);
    quorums.set(name, quorum);
    for (const service of virtual.services) {
      const destinations = destinationsOf(service, virtual.sorryServer, servers, quorum);
      table.set(serviceName(service.key), { ...service, destinations });
    }
  }
  return { table, quorums };
}

interface Situation {
  readonly server: RealServer;
  readonly up: boolean;
  readonly weight: number;
}

function situation(virtual: string, server: RealServer, { isUp, weights }: Circumstances): Situation {
  const name = serverName(virtual, server);
  return { server, up: isUp(name), weight: weights.get(name) ?? server.settings.weight };
}

function quorumOf(virtual: VirtualServer, servers: readonly Situation[], before: boolean): boolean {
  let [live, total] = [0, 0];
  for (const { up, weight } of servers) {
    total += weight;
    if (up) live += weight;
  }
  return hasQuorum(virtual, before, live, total);
}

/** A lost quorum changes nothing unless a sorry server stands in; then it does so for all of them, the live ones too. */
function destinationsOf(
  { key }: VirtualService,
  sorry: SorryServer | undefined,
  servers: readonly Situation[],
  quorum: boolean,
): ReadonlyMap<string, TableDestination> {
  const standsIn = !quorum && sorry !== undefined;
  const destinations = new Map<string, TableDestination>();
  const put = (server: RealServer | SorryServer, weight: number): void => {
    const destination = destinationOf(key, server);
    const name = destinationName(destination);
    // written twice (a sorry server that is also a real server): the one with weight is meant
    if ((destinations.get(name)?.settings.weight ?? 0) > 0) return;
    const settings = weight === server.settings.weight ? server.settings : { ...server.settings, weight };
    destinations.set(name, { key: destination, settings });
  };
  for (const { server, up, weight } of servers)
    if (up && !standsIn) put(server, weight);
    else if (server.inhibitOnFailure) put(server, 0);
  if (standsIn) put(sorry, sorry.settings.weight);
  else if (sorry?.inhibit === true) put(sorry, 0);
  return destinations;
}
