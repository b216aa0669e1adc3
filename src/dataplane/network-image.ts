/** What the machine's network is, as the bytes that native/engine/image.h calls a network image. */
import { addressBytes, type Family, familyOf } from '../model/address.js';
import {
  type AdjacencyRecord,
  adjacencyFlag,
  NETWORK_MAGIC,
  NO_PORT,
  portFlag,
  putAddress,
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

const vlanText = (vlans: readonly VlanTag[]): string =>
  vlans.length === 0 ? '' : vlans.map(({ type, id }) => `${type} ${id}`).join(' ');
const neighbourKey = (address: string, port: string, vlans: readonly VlanTag[]): string =>
  `${address} ${port} ${vlanText(vlans)}`;

/** The map of that name, made if there is none. */
function within<K, L, V>(maps: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new Map<L, V>()));
  return map;
}

const tagPair = (numbers: readonly number[]): readonly [number, number] => [numbers[0] ?? 0, numbers[1] ?? 0];

/** Ways to neighbours, each once. */
class Adjacencies {
  readonly all: AdjacencyRecord[] = [];
  /** By port, then by MTU and tags, then by address; of whoever is asked for, by family. */
  readonly #places = new Map<number, Map<string | number, Map<string, number>>>();
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
    const places = within(
      within(this.#places, portPlace),
      hop.vlans.length === 0 ? mtu : `${mtu} ${vlanText(hop.vlans)}`,
    );
    const known = places.get(address ?? family);
    if (known !== undefined) return known;
    const neighbour =
      address === undefined ? undefined : this.#neighbours.get(neighbourKey(address, hop.port, hop.vlans));
    const failed = neighbour !== undefined && neighbour.mac === undefined;
    places.set(address ?? family, this.all.length);
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

/** Where packets of a route go. */
interface Lead {
  readonly kind: number;
  /** Of its references; of a route on a link, its adjacency. */
  readonly first: number;
  readonly count: number;
}

const unreachable: Lead = { kind: routeKind.unreachable, first: 0, count: 0 };
const FIRST_ROWS = 64;

/** Each prefix once, as records of the image: with a full table of routes an object for each would be a second's work. */
class Routes {
  readonly references: number[] = [];
  readonly #adjacencies: Adjacencies;
  /** Rows, by the length of their prefixes, then by their bits. */
  readonly #places: Readonly<Record<Family, Map<number, Map<string | number, number>>>> = {
    ip4: new Map(),
    ip6: new Map(),
  };
  /** By row: the links whose neighbours are routes of their own. */
  readonly #links = new Map<number, NextHop>();
  /** When the first neighbour asks, who comes after the routes. */
  readonly #longestFirst: Partial<Record<Family, readonly number[]>> = {};
  #count = 0;
  #rows = new DataView(new ArrayBuffer(FIRST_ROWS * records.Route.bytes));

  constructor(adjacencies: Adjacencies) {
    this.#adjacencies = adjacencies;
  }

  /** Route[]. */
  get rows(): Uint8Array {
    return new Uint8Array(this.#rows.buffer, 0, this.#count * records.Route.bytes);
  }
  get count(): number {
    return this.#count;
  }

  add({ prefix, prefixLength, nextHops }: Route): void {
    const bytes = addressBytes(prefix);
    const family = familyOf(prefix);
    const places = within(this.#places[family], prefixLength);
    const bits = bitsOf(bytes, prefixLength);
    if (places.has(bits)) return;
    places.set(bits, this.#count);
    const [hops, ways]: [NextHop[], number[]] = [[], []];
    for (const hop of nextHops) {
      const place = this.#adjacencies.place(hop, hop.gateway, family);
      if (place === undefined) continue;
      hops.push(hop);
      ways.push(place);
    }
    if (hops.length === 1 && hops[0]!.gateway === undefined) {
      this.#links.set(this.#count, hops[0]!);
      this.#put(this.#count++, bytes, prefixLength, { kind: routeKind.onLink, first: ways[0]!, count: 1 });
    } else this.#put(this.#count++, bytes, prefixLength, this.#lead(hops, ways));
  }

  #lead(hops: readonly NextHop[], ways: readonly number[]): Lead {
    if (ways.length === 0) return unreachable;
    const first = this.references.length;
    const shares = ways.length === 1 ? [1] : sharesOf(hops.map(({ weight }) => weight));
    for (const [i, place] of ways.entries()) for (let n = shares[i]!; n > 0; n--) this.references.push(place);
    return { kind: routeKind.unicast, first, count: this.references.length - first };
  }

  /** Link-local ones have no route: the same address may be on every link. */
  addNeighbour({ address, port, vlans }: Neighbour): void {
    const family = familyOf(address);
    if (family === 'ip6' && /^fe[89ab]/.test(address)) return;
    const bytes = addressBytes(address);
    const via = this.#linkTo(bytes, family);
    if (via === undefined || via.port !== port || vlanText(via.vlans) !== vlanText(vlans)) return;
    const place = this.#adjacencies.place(via, address, family);
    if (place === undefined) return;
    const length = 8 * bytes.length;
    const first = this.references.push(place) - 1;
    const places = within(this.#places[family], length);
    const bits = bitsOf(bytes, length);
    const row = places.get(bits) ?? this.#count++;
    places.set(bits, row);
    this.#links.delete(row);
    this.#put(row, bytes, length, { kind: routeKind.unicast, first, count: 1 });
  }

  /** The link that the longest prefix leads to; undefined: it leads to none. */
  #linkTo(bytes: Uint8Array, family: Family): NextHop | undefined {
    this.#longestFirst[family] ??= [...this.#places[family].keys()].sort((a, b) => b - a);
    for (const length of this.#longestFirst[family]) {
      const row = this.#places[family].get(length)?.get(bitsOf(bytes, length));
      if (row !== undefined) return this.#links.get(row);
    }
    return undefined;
  }

  /** Whatever the row was. */
  #put(row: number, prefix: Uint8Array, length: number, { kind, first, count }: Lead): void {
    const { bytes, offsets } = records.Route;
    const at = row * bytes;
    if (at === this.#rows.byteLength) this.#grow();
    putAddress(this.#rows, at + offsets.prefix.at, prefix);
    this.#rows.setUint32(at + offsets.first.at, first, true);
    this.#rows.setUint32(at + offsets.count.at, count, true);
    this.#rows.setUint8(at + offsets.length.at, length);
    this.#rows.setUint8(at + offsets.kind.at, kind);
  }

  #grow(): void {
    const next = new Uint8Array(2 * this.#rows.byteLength);
    next.set(new Uint8Array(this.#rows.buffer));
    this.#rows = new DataView(next.buffer);
  }
}

/** The bits of a prefix, the same for all addresses within it, as a key: of IPv4 a number, which is found much faster than text. */
function bitsOf(bytes: Uint8Array, length: number): string | number {
  if (bytes.length === 4) {
    const number = (bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!;
    return length === 0 ? 0 : number & (-1 << (32 - length));
  }
  let key = '';
  for (let i = 0; i < length; i += 16) {
    const word = (bytes[i / 8]! << 8) | bytes[i / 8 + 1]!;
    key += String.fromCharCode(length - i >= 16 ? word : word & (0xffff << (16 - length + i)));
  }
  return key;
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
  const { NetworkHeader, Port, LocalAddress, Adjacency } = records;
  const { rows } = routes;
  const padded = (routes.references.length + 1) & ~1;
  const bytes =
    NetworkHeader.bytes +
    network.ports.length * Port.bytes +
    network.addresses.length * LocalAddress.bytes +
    adjacencies.length * Adjacency.bytes +
    padded * 4 +
    rows.length;
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
  image.set(rows, at);
  return image;
}
