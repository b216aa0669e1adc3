import type { Link } from '../links/rows.js';
import { routeType } from '../links/uapi.js';
import type { Table } from '../model/table.js';
import { effectiveRoutes, type NetworkFacts } from './facts.js';

/** Devices whose ports are not to be taken from below them. */
const masters: ReadonlySet<string> = new Set(['bridge', 'bond', 'team', 'openvswitch']);
const notEthernet: ReadonlySet<string> = new Set(['dummy', 'ifb', 'nlmon', 'vcan']);

/**
 * `engine_ports auto`: every interface that is up, speaks Ethernet, is no part of a bridge or bond, and leads to a server or to where
 * clients may be: a default route, a network that we have an address in (clients there ask us directly), or the interfaces that a service
 * names. A client on an interface that is left out would meet a kernel that knows no such service. For a VLAN it is the interface below.
 * In the kernel's order, so that their numbers stay.
 */
export function choosePorts(facts: NetworkFacts, table: Table): readonly string[] {
  const links = new Map(facts.links.map((link) => [link.index, link]));
  const chosen = new Set<number>();
  const add = (index: number): void => {
    const link = lowest(links, index);
    if (link !== undefined && isFit(link, links)) chosen.add(link.index);
  };
  const routes = effectiveRoutes(facts.routes);
  for (const route of routes.values())
    if (route.prefixLength === 0 && route.type === routeType.unicast) for (const { index } of route.ways) add(index);
  for (const { index, scope } of facts.addresses) if (scope === 'global' || scope === 'site') add(index);

  const byName = new Map(facts.links.map((link) => [link.name, link.index]));
  for (const { settings, destinations } of table.values()) {
    if (settings.engine === undefined) continue;
    for (const { key } of destinations.values()) {
      const route = routes.find(key.address);
      if (route?.type === routeType.unicast) for (const { index } of route.ways) add(index);
    }
    for (const name of settings.engine.interfaces) {
      const index = byName.get(name);
      if (index !== undefined) add(index);
    }
  }
  return facts.links.filter(({ index }) => chosen.has(index)).map(({ name }) => name);
}

/** Below all VLAN interfaces. */
function lowest(links: ReadonlyMap<number, Link>, index: number): Link | undefined {
  let link = links.get(index);
  for (let depth = 0; link?.vlan !== undefined && depth < 8; depth++) link = links.get(link.vlan.parent);
  return link;
}

function isFit(link: Link, links: ReadonlyMap<number, Link>): boolean {
  const master = link.master === undefined ? undefined : links.get(link.master);
  return (
    link.up &&
    !link.loopback &&
    link.macAddress !== '' &&
    link.resolvesNeighbours &&
    !notEthernet.has(link.kind) &&
    (master === undefined || !masters.has(master.kind))
  );
}
