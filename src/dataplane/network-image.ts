/** What the machine's network is, as the bytes that native/engine/image.h calls a network image. */
import { addressBytes, type Family, familyOf, formatAddress } from '../model/address.js';
import {
  type AdjacencyRecord,
  adjacencyFlag,
  NETWORK_MAGIC,
  NO_PORT,
  portFlag,
  records,
  routeKind,
} from './image-layout.js';
import type { Neighbour, Network, NextHop, Port, Route, VlanTag } from './network.js';

const MOST_REFERENCES = 256;
const tagTypes = { dot1q: 0x8100, dot1ad: 0x88a8 } as const;

/**
 * Names become places, gateways and neighbours become adjacencies. A neighbour on a link that a route leads to directly is a route of
 * its own, of full length. A next hop through a device that is no port is left out; a route without any is unreachable. Of two routes
 * with the same prefix the first one counts.
 */
export function networkImage(network: Network): Uint8Array {
  const places = new Map(network.ports.map(({ name }, place) => [name, place]));
  const adjacencies = new Adjacencies(network, places);
  const routes = new Routes(adjacencies);
  for (const route of network.routes) routes.add(route);
  for (const neighbour of network.neighbours) routes.addNeighbour(neighbour);
  return assemble(network, places, adjacencies.all, routes);
}

const vlanText = (vlans: readonly VlanTag[]): string => vlans.map(({ type, id }) => `${type} ${id}`).join(' ');
const neighbourKey = (address: string, port: string, vlans: readonly VlanTag[]): string =>
  `${address} ${port} ${vlanText(vlans)}`;

const tagPair = (numbers: readonly number[]): readonly [number, number] => [numbers[0] ?? 0, numbers[1] ?? 0];

/** Ways to neighbours, each once. */
class Adjacencies {
  readonly all: AdjacencyRecord[] = [];
  readonly #places = new Map<string, number>();
  readonly #neighbours: ReadonlyMap<string, Neighbour>;
  readonly #ports: readonly Port[];
  readonly #portPlaces: ReadonlyMap<string, number>;

  constructor(network: Network, portPlaces: ReadonlyMap<string, number>) {
    this.#neighbours = new Map(network.neighbours.map((one) => [neighbourKey(one.address, one.port, one.vlans), one]));
    this.#ports = network.ports;
    this.#portPlaces = portPlaces;
  }

  /** Place of the way; undefined: not through a port of ours. `address`: of the neighbour; undefined: whoever is asked for. */
  place(hop: NextHop, address: string | undefined, family: Family): number | undefined {
    const portPlace = this.#portPlaces.get(hop.port);
    if (portPlace === undefined) return undefined;
    const port = this.#ports[portPlace]!;
    const mtu = Math.min(0xffff, hop.mtu ?? port.mtu);
    const key = `${neighbourKey(address ?? family, hop.port, hop.vlans)} ${mtu}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const neighbour =
      address === undefined ? undefined : this.#neighbours.get(neighbourKey(address, hop.port, hop.vlans));
    const failed = neighbour !== undefined && neighbour.mac === undefined;
    this.#places.set(key, this.all.length);
    this.all.push({
      next_hop: address ?? (family === 'ip4' ? '0.0.0.0' : '::'),
      port: portPlace,
      mtu,
      flags: failed ? adjacencyFlag.failed : neighbour === undefined ? 0 : adjacencyFlag.resolved,
      vlan_tags: hop.vlans.length,
      tag_type: tagPair(hop.vlans.map(({ type }) => tagTypes[type])),
      tag: tagPair(hop.vlans.map(({ id }) => id)),
      destination_mac: neighbour?.mac,
      source_mac: port.mac,
    });
    return this.all.length - 1;
  }
}

interface RouteRow {
  readonly prefix: string;
  readonly length: number;
  readonly kind: number;
  readonly first: number;
  readonly count: number;
  /** Whose neighbours are routes of their own. */
  readonly onLink: NextHop | undefined;
}

class Routes {
  readonly references: number[] = [];
  readonly #adjacencies: Adjacencies;
  readonly #rows = new Map<string, RouteRow>();
  readonly #lengths: Readonly<Record<Family, Set<number>>> = { ip4: new Set(), ip6: new Set() };
  /** When the first neighbour asks, who comes after the routes. */
  readonly #longestFirst: Partial<Record<Family, readonly number[]>> = {};

  constructor(adjacencies: Adjacencies) {
    this.#adjacencies = adjacencies;
  }

  get rows(): Iterable<RouteRow> {
    return this.#rows.values();
  }
  get count(): number {
    return this.#rows.size;
  }

  add({ prefix, prefixLength, nextHops }: Route): void {
    const key = `${baseText(prefix, addressBytes(prefix), prefixLength)}/${prefixLength}`;
    if (this.#rows.has(key)) return;
    const family = familyOf(prefix);
    const ways = nextHops.flatMap((hop) => {
      const place = this.#adjacencies.place(hop, hop.gateway, family);
      return place === undefined ? [] : [{ hop, place }];
    });
    this.#lengths[family].add(prefixLength);
    this.#rows.set(key, { prefix, length: prefixLength, ...this.#lead(ways) });
  }

  #lead(ways: readonly { readonly hop: NextHop; readonly place: number }[]): Omit<RouteRow, 'prefix' | 'length'> {
    const [only] = ways;
    if (only === undefined) return { kind: routeKind.unreachable, first: 0, count: 0, onLink: undefined };
    if (ways.length === 1 && only.hop.gateway === undefined)
      return { kind: routeKind.onLink, first: only.place, count: 1, onLink: only.hop };
    const first = this.references.length;
    const shares = sharesOf(ways.map(({ hop }) => hop.weight));
    ways.forEach(({ place }, i) => this.references.push(...new Array<number>(shares[i]!).fill(place)));
    return { kind: routeKind.unicast, first, count: this.references.length - first, onLink: undefined };
  }

  /** Link-local ones have no route: the same address may be on every link. */
  addNeighbour({ address, port, vlans }: Neighbour): void {
    const family = familyOf(address);
    if (family === 'ip6' && /^fe[89ab]/.test(address)) return;
    const via = this.#best(address, family)?.onLink;
    if (via === undefined || via.port !== port || vlanText(via.vlans) !== vlanText(vlans)) return;
    const place = this.#adjacencies.place(via, address, family);
    if (place === undefined) return;
    const length = family === 'ip4' ? 32 : 128;
    this.references.push(place);
    const first = this.references.length - 1;
    this.#rows.set(`${address}/${length}`, {
      prefix: address,
      length,
      kind: routeKind.unicast,
      first,
      count: 1,
      onLink: undefined,
    });
  }

  #best(address: string, family: Family): RouteRow | undefined {
    const bytes = addressBytes(address);
    this.#longestFirst[family] ??= [...this.#lengths[family]].sort((a, b) => b - a);
    for (const length of this.#longestFirst[family]) {
      const row = this.#rows.get(`${baseText(address, bytes, length)}/${length}`);
      if (row !== undefined) return row;
    }
    return undefined;
  }
}

/** The address with all bits behind `length` cleared; mostly that is how it came. */
function baseText(text: string, bytes: Uint8Array, length: number): string {
  const masked = bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))));
  return Buffer.compare(masked, bytes) === 0 ? text : formatAddress(masked);
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** How often each one stands among the references: weights without their common divisor, and not more than 256 of all. */
export function sharesOf(weights: readonly number[]): readonly number[] {
  const atLeastOne = weights.map((weight) => Math.max(1, Math.floor(weight)));
  const divisor = atLeastOne.reduce(gcd);
  const shares = atLeastOne.map((weight) => weight / divisor);
  const sum = shares.reduce((a, b) => a + b);
  return sum <= MOST_REFERENCES
    ? shares
    : shares.map((share) => Math.max(1, Math.round((share * MOST_REFERENCES) / sum)));
}

function assemble(
  network: Network,
  places: ReadonlyMap<string, number>,
  adjacencies: readonly AdjacencyRecord[],
  routes: Routes,
): Uint8Array {
  const { NetworkHeader, Port, LocalAddress, Adjacency, Route } = records;
  const padded = (routes.references.length + 1) & ~1;
  const bytes =
    NetworkHeader.bytes +
    network.ports.length * Port.bytes +
    network.addresses.length * LocalAddress.bytes +
    adjacencies.length * Adjacency.bytes +
    padded * 4 +
    routes.count * Route.bytes;
  const image = new Uint8Array(bytes);
  const view = new DataView(image.buffer);
  NetworkHeader.write(view, 0, {
    magic: NETWORK_MAGIC,
    bytes,
    ports: network.ports.length,
    addresses: network.addresses.length,
    adjacencies: adjacencies.length,
    references: routes.references.length,
    routes: routes.count,
  });
  let at = NetworkHeader.bytes;
  for (const { name, ifindex, mac, mtu, up } of network.ports) {
    Port.write(view, at, { name, ifindex, mac, mtu: Math.min(0xffff, mtu), flags: up ? portFlag.up : 0 });
    at += Port.bytes;
  }
  for (const { address, prefixLength, interface: name } of network.addresses) {
    LocalAddress.write(view, at, { address, port: places.get(name) ?? NO_PORT, prefix: prefixLength });
    at += LocalAddress.bytes;
  }
  for (const adjacency of adjacencies) {
    Adjacency.write(view, at, adjacency);
    at += Adjacency.bytes;
  }
  routes.references.forEach((reference, i) => view.setUint32(at + 4 * i, reference, true));
  at += padded * 4;
  for (const { prefix, length, kind, first, count } of routes.rows) {
    Route.write(view, at, { prefix, length, kind, first, count });
    at += Route.bytes;
  }
  return image;
}
