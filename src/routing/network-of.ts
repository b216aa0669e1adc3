import type { LocalAddress, Neighbour, Network, NextHop, Port, Route, VlanTag } from '../dataplane/network.js';
import type { Link, NeighbourEntry, RoutedPrefix, RoutedWay } from '../links/rows.js';
import { neighbourState, routeType } from '../links/uapi.js';
import { effectiveRoutes, type NetworkFacts } from './facts.js';
import { fewestRoutes } from './fewest-routes.js';

/** Where packets really leave when they leave by some interface: a port, with the tags of the VLAN interfaces between. */
export interface Device {
  readonly port: string;
  readonly vlans: readonly VlanTag[];
  /** Of the interface, bytes. */
  readonly mtu: number;
}

/** A frame has room for two tags. */
const MOST_TAGS = 2;

/** By interface index; an interface that is neither a port nor a VLAN above one is not in it. */
export function devicesOf(links: readonly Link[], portNames: readonly string[]): ReadonlyMap<number, Device> {
  const byIndex = new Map(links.map((link) => [link.index, link]));
  const ports = new Set(portNames);
  const devices = new Map<number, Device>();
  for (const { index, mtu } of links) {
    const vlans: VlanTag[] = [];
    let link = byIndex.get(index);
    while (link !== undefined && !ports.has(link.name) && vlans.length <= MOST_TAGS) {
      if (link.vlan === undefined || !link.up) break;
      vlans.unshift({ type: link.vlan.type, id: link.vlan.id });
      link = byIndex.get(link.vlan.parent);
    }
    if (link !== undefined && ports.has(link.name) && vlans.length <= MOST_TAGS)
      devices.set(index, { port: link.name, vlans, mtu });
  }
  return devices;
}

/** What the engine must know, from what the kernel says. A port that does not exist (yet, or no more) is down. */
export function networkOf(facts: NetworkFacts, portNames: readonly string[]): Network {
  const links = new Map(facts.links.map((link) => [link.name, link]));
  const ports = portNames.map((name) => portOf(name, links.get(name)));
  const devices = devicesOf(facts.links, portNames);
  const mtus = new Map(ports.map(({ name, mtu }) => [name, mtu]));
  return {
    ports,
    addresses: addressesOf(facts, devices),
    routes: routesOf(facts, devices).map((route) => routeOf(route, devices, mtus)),
    neighbours: facts.neighbours.flatMap((entry): Neighbour[] => {
      const device = devices.get(entry.index);
      const answer = answerOf(entry);
      if (device === undefined || answer === undefined || isMulticast(entry.address)) return [];
      return [{ address: entry.address, port: device.port, mac: answer.mac, vlans: device.vlans }];
    }),
  };
}

const portOf = (name: string, link: Link | undefined): Port => ({
  name,
  ifindex: link?.index ?? 0,
  mac: link === undefined || link.macAddress === '' ? '00:00:00:00:00:00' : link.macAddress,
  mtu: link?.mtu ?? 1500,
  up: link?.up === true && link.running,
});

/**
 * Those that may be used. One of a VLAN interface above a port is told as the port's: it is the source of what leaves by that port into its
 * prefix.
 */
function addressesOf({ links, addresses }: NetworkFacts, devices: ReadonlyMap<number, Device>): LocalAddress[] {
  const names = new Map(links.map(({ index, name }) => [index, name]));
  return addresses
    .filter(({ tentative, dadFailed }) => !tentative && !dadFailed)
    .map(({ index, address, prefixLength }) => ({
      address,
      prefixLength,
      interface: devices.get(index)?.port ?? names.get(index) ?? `interface ${index}`,
    }));
}

/** What was found in a table of routes last: of most changes it is the neighbours that are new. */
const found = new WeakMap<
  NetworkFacts['routes'],
  { readonly behind: string; readonly routes: readonly RoutedPrefix[] }
>();

/** Those that matter for what leaves by a port. */
function routesOf({ routes }: NetworkFacts, devices: ReadonlyMap<number, Device>): readonly RoutedPrefix[] {
  const behind = [...devices.keys()].join();
  const known = found.get(routes);
  if (known?.behind === behind) return known.routes;
  const made = fewestRoutes(effectiveRoutes(routes).values(), (route) => leadsTo(route, devices));
  found.set(routes, { behind, routes: made });
  return made;
}

/** A way to a link is that of each neighbour on it. */
function leadsTo({ type, ways, mtu }: RoutedPrefix, devices: ReadonlyMap<number, Device>): string | undefined {
  let text = `${mtu ?? ''}`;
  if (type !== routeType.unicast) return text;
  for (const { index, gateway, weight } of ways) {
    if (!devices.has(index)) continue;
    if (gateway === undefined) return undefined;
    text += ` ${index} ${gateway} ${weight}`;
  }
  return text;
}

function routeOf(
  { prefix, prefixLength, type, ways, mtu }: RoutedPrefix,
  devices: ReadonlyMap<number, Device>,
  mtus: ReadonlyMap<string, number>,
): Route {
  const nextHops = type === routeType.unicast ? ways : [];
  return {
    prefix,
    prefixLength,
    nextHops: nextHops.flatMap((way) => {
      const device = devices.get(way.index);
      return device === undefined ? [] : [nextHopOf(way, device, mtu, mtus.get(device.port))];
    }),
  };
}

function nextHopOf(
  { gateway, weight }: RoutedWay,
  { port, vlans, mtu: deviceMtu }: Device,
  routeMtu: number | undefined,
  portMtu: number | undefined,
): NextHop {
  const mtu = Math.min(deviceMtu, routeMtu ?? deviceMtu);
  return {
    port,
    weight,
    vlans,
    ...(gateway === undefined ? {} : { gateway }),
    ...(mtu === portMtu ? {} : { mtu }),
  };
}

const { reachable, stale, delay, probe, permanent, noArp, failed } = neighbourState;
const KNOWN = reachable | stale | delay | probe | permanent | noArp;

/** Nothing: it is being asked for, or was never. */
function answerOf({ state, macAddress }: NeighbourEntry): { readonly mac: string | undefined } | undefined {
  if ((state & failed) !== 0) return { mac: undefined };
  return (state & KNOWN) !== 0 && macAddress !== '' ? { mac: macAddress } : undefined;
}

/** 224.0.0.0/4 and ff00::/8: the kernel keeps them as neighbours too. */
const isMulticast = (address: string): boolean =>
  address.includes(':') ? address.startsWith('ff') : Number(address.split('.', 1)[0]) >= 224;
