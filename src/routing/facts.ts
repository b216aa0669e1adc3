/**
 * routing/ — the machine's network as the engine must know it: read from rtnetlink, kept up to date, told as a Network.
 * rules: facts.ts, prefix-index.ts, network-of.ts, choose-ports.ts, next-hops.ts · owners: kernel-network.ts (the sockets),
 * network-watcher.ts, neighbour-keeper.ts
 */
import type { InterfaceAddress, Link, NeighbourEntry, RoutedPrefix } from '../links/rows.js';
import { routeTable, routeType } from '../links/uapi.js';
import { PrefixIndex } from './prefix-index.js';

/** What the kernel says of one network namespace. */
export interface NetworkFacts {
  readonly links: readonly Link[];
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly RoutedPrefix[];
  readonly neighbours: readonly NeighbourEntry[];
}

/** The order in which the kernel asks its tables where no policy rule says otherwise (`ip rule`). */
const tables = [routeTable.local, routeTable.main, routeTable.default];
/** A group's packets are the kernel's. */
const groupTypes: ReadonlySet<number> = new Set([routeType.broadcast, routeType.anycast, routeType.multicast]);

/**
 * The routes that packets take, one per prefix. Policy rules are not evaluated: the tables local, main and default are asked in this order,
 * as an unchanged `ip rule` does, so that a prefix of a table hides whatever a later table has within it. Of equals the lowest metric counts,
 * and of these the first.
 */
export function effectiveRoutes(routes: readonly RoutedPrefix[]): PrefixIndex<RoutedPrefix> {
  const known = found.get(routes);
  if (known !== undefined) return known;
  const made = indexOf(routes);
  found.set(routes, made);
  return made;
}

/** Of the table read last: most changes are of neighbours, and a full BGP table is half a second's work. */
const found = new WeakMap<readonly RoutedPrefix[], PrefixIndex<RoutedPrefix>>();

function indexOf(routes: readonly RoutedPrefix[]): PrefixIndex<RoutedPrefix> {
  const earlier = new PrefixIndex<RoutedPrefix>();
  for (const table of tables) {
    const own = new PrefixIndex<RoutedPrefix>();
    for (const route of routes) {
      if (route.table !== table || groupTypes.has(route.type) || route.type === routeType.throw) continue;
      if (table !== tables[0] && earlier.find(route.prefix, route.prefixLength) !== undefined) continue;
      const other = own.get(route.prefix, route.prefixLength);
      if (other === undefined || route.priority < other.priority) own.set(route.prefix, route.prefixLength, route);
    }
    for (const route of own.values()) earlier.set(route.prefix, route.prefixLength, route);
  }
  return earlier;
}
