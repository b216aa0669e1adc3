import type { RoutedPrefix } from '../links/rows.js';
import { routeType } from '../links/uapi.js';
import type { Table } from '../model/table.js';
import type { NetworkFacts } from './facts.js';
import type { Device } from './network-of.js';
import type { PrefixIndex } from './prefix-index.js';

/** Somebody on a link whom the engine sends to. */
export interface NextHopNeighbour {
  /** Of the interface that asks. */
  readonly index: number;
  readonly address: string;
}

/** Those that packets to the table's servers go to, and every gateway behind a port: clients are there. Each once. */
export function nextHopsInUse(
  routes: PrefixIndex<RoutedPrefix>,
  devices: ReadonlyMap<number, Device>,
  table: Table,
): readonly NextHopNeighbour[] {
  const all = new Map<string, NextHopNeighbour>();
  const add = (index: number, address: string): void => {
    if (devices.has(index)) all.set(`${index} ${address}`, { index, address });
  };
  for (const { type, ways } of routes.values())
    if (type === routeType.unicast)
      for (const { index, gateway } of ways) if (gateway !== undefined) add(index, gateway);
  const servers = new Set<string>();
  for (const { destinations } of table.values()) for (const { key } of destinations.values()) servers.add(key.address);
  for (const server of servers) {
    const route = routes.find(server);
    if (route?.type !== routeType.unicast) continue;
    for (const { index, gateway } of route.ways) if (gateway === undefined) add(index, server);
  }
  return [...all.values()];
}

/** Servers of the table that no way behind a port leads to, each once; this machine itself needs none, and link-local ones have no route. */
export function serversWithoutRoute(
  routes: PrefixIndex<RoutedPrefix>,
  devices: ReadonlyMap<number, Device>,
  table: Table,
): ReadonlySet<string> {
  const without = new Set<string>();
  const seen = new Set<string>();
  for (const { destinations } of table.values())
    for (const { key } of destinations.values()) {
      if (seen.has(key.address)) continue;
      seen.add(key.address);
      const route = routes.find(key.address);
      if (route?.type === routeType.local || /^fe[89ab]/i.test(key.address)) continue;
      if (route?.type !== routeType.unicast || !route.ways.some(({ index }) => devices.has(index)))
        without.add(key.address);
    }
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
