import type { RoutedPrefix } from '../links/rows.js';
import { routeType } from '../links/uapi.js';
import type { Table, TableService } from '../model/table.js';
import type { NetworkFacts } from './facts.js';
import type { Device } from './network-of.js';
import type { PrefixIndex } from './prefix-index.js';

/** Somebody on a link whom the engine sends to. */
export interface NextHopNeighbour {
  /** Of the interface that asks. */
  readonly index: number;
  readonly address: string;
}

type Routes = PrefixIndex<RoutedPrefix>;
type Devices = ReadonlyMap<number, Device>;

/** What packets to the servers of one service need. */
interface Ways {
  readonly routes: Routes;
  readonly devices: Devices;
  /** Servers that are neighbours themselves. */
  readonly neighbours: readonly NextHopNeighbour[];
  /** Servers that no way behind a port leads to. */
  readonly without: readonly string[];
}

/** By service, for the network they were found in last: of a large table mostly one service is another one than before. */
const found = new WeakMap<TableService, Ways>();

function waysOf(service: TableService, routes: Routes, devices: Devices): Ways {
  const known = found.get(service);
  if (known?.routes === routes && known.devices === devices) return known;
  const neighbours: NextHopNeighbour[] = [];
  const without: string[] = [];
  for (const { key } of service.destinations.values()) {
    const route = routes.find(key.address);
    const ways = route?.type === routeType.unicast ? route.ways.filter(({ index }) => devices.has(index)) : [];
    for (const { index, gateway } of ways) if (gateway === undefined) neighbours.push({ index, address: key.address });
    if (ways.length === 0 && route?.type !== routeType.local && !/^fe[89ab]/i.test(key.address))
      without.push(key.address);
  }
  const made: Ways = { routes, devices, neighbours, without };
  found.set(service, made);
  return made;
}

/** Those that packets to the table's servers go to, and every gateway behind a port: clients are there. Each once. */
export function nextHopsInUse(routes: Routes, devices: Devices, table: Table): readonly NextHopNeighbour[] {
  const all = new Map<string, NextHopNeighbour>();
  const add = (hop: NextHopNeighbour): void => {
    all.set(`${hop.index} ${hop.address}`, hop);
  };
  for (const { type, ways } of routes.values())
    if (type === routeType.unicast)
      for (const { index, gateway } of ways)
        if (gateway !== undefined && devices.has(index)) add({ index, address: gateway });
  for (const service of table.values()) for (const hop of waysOf(service, routes, devices).neighbours) add(hop);
  return [...all.values()];
}

/** Servers of the table that no way behind a port leads to, each once; this machine itself needs none, and link-local ones have no route. */
export function serversWithoutRoute(routes: Routes, devices: Devices, table: Table): ReadonlySet<string> {
  const without = new Set<string>();
  for (const service of table.values())
    for (const server of waysOf(service, routes, devices).without) without.add(server);
  return without;
}

/**
 * On which interface the engine's question for a neighbour behind a port is to be asked: the one that leads to it, which may be a VLAN
 * above the port. undefined: the port is gone.
 */
export function askingInterface(
  facts: Pick<NetworkFacts, 'links'>,
  routes: PrefixIndex<RoutedPrefix>,
  devices: ReadonlyMap<number, Device>,
  address: string,
  port: string,
): number | undefined {
  const behind = (index: number): boolean => devices.get(index)?.port === port;
  const onLink = routes.find(address)?.ways.find((way) => way.gateway === undefined && behind(way.index));
  if (onLink !== undefined) return onLink.index;
  for (const { ways } of routes.values())
    for (const way of ways) if (way.gateway === address && behind(way.index)) return way.index;
  return facts.links.find(({ name }) => name === port)?.index;
}
