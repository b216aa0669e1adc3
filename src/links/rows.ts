import { formatAddress } from '../model/address.js';
import { decodeAttributes } from '../netlink/attributes.js';
import { memory } from '../netlink/bytes.js';
import type { AddressMessage } from './address-attrs.js';
import { type LinkMessage, vlanAttrs, vrfAttrs } from './link-attrs.js';
import type { NeighbourMessage } from './neighbour-attrs.js';
import type { RouteMessage, Via } from './route-attrs.js';
import {
  AF_INET,
  AF_INET6,
  addressFlag,
  ETH_P_8021AD,
  ETH_P_8021Q,
  FOREVER,
  linkFlag,
  type Scope,
  scopes,
  wayFlag,
} from './uapi.js';

/** A network device as the kernel tells it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** `ipip`, `veth`, `bridge`, …; empty for what is not a virtual device, lo included. */
  readonly kind: string;
  readonly up: boolean;
  readonly running: boolean;
  readonly loopback: boolean;
  /** Neighbours are asked for on it: an address here answers ARP or neighbour solicitations. */
  readonly resolvesNeighbours: boolean;
  readonly mtu: number;
  /** Six bytes as `02:00:00:00:00:01`; empty where the device has none of that length. */
  readonly macAddress: string;
  /** Index of the bridge or bond it is a port of. */
  readonly master?: number;
  /** Of a VLAN interface: the tag, and the interface below it. */
  readonly vlan?: VlanLink;
  /** Index of the interface below it, in this network namespace; of a veth it is the other end. */
  readonly parent?: number;
  /** Of a VRF. */
  readonly vrfTable?: number;
}

export interface VlanLink {
  readonly parent: number;
  readonly type: 'dot1q' | 'dot1ad';
  readonly id: number;
}

/** An address on an interface. */
export interface InterfaceAddress {
  readonly index: number;
  readonly address: string;
  readonly prefixLength: number;
  readonly scope: Scope | number;
  readonly nodad: boolean;
  readonly noPrefixRoute: boolean;
  /** Duplicate address detection has not ended yet, or found a duplicate: the address cannot be used. */
  readonly tentative: boolean;
  readonly dadFailed: boolean;
  /** IPv4: another one of its network came before it. */
  readonly secondary?: true;
  /** Who made it, where the kernel keeps that: 5.18. */
  readonly protocol?: number;
  /** Of a point-to-point link: the far end. */
  readonly peer?: string;
  /** Seconds; undefined lasts for ever. 0: never chosen as a source by itself. */
  readonly preferredSeconds?: number;
}

export interface Route {
  /** `0.0.0.0` or `::` with length 0 for the default. */
  readonly destination: string;
  readonly prefixLength: number;
  readonly table: number;
  readonly gateway?: string;
  readonly index?: number;
  readonly priority: number;
  readonly preferredSource?: string;
}

export function linkOf({ index, flags, attributes }: LinkMessage): Link {
  const { name = '', info, mtu = 0, address, master, parent, parentNamespace } = attributes;
  const below = parentNamespace === undefined && parent !== 0 ? parent : undefined;
  const vrfTable = info?.kind === 'vrf' && info.data !== undefined ? vrfTableOf(info.data) : undefined;
  const vlan = info?.kind === 'vlan' && info.data !== undefined ? vlanOf(info.data, parent ?? 0) : undefined;
  const has = (bit: number): boolean => (flags & bit) !== 0;
  return {
    index,
    name,
    kind: info?.kind ?? '',
    up: has(linkFlag.up),
    running: has(linkFlag.running),
    loopback: has(linkFlag.loopback),
    resolvesNeighbours: !has(linkFlag.loopback) && !has(linkFlag.noArp),
    mtu,
    macAddress: macText(address),
    ...(master === undefined ? {} : { master }),
    ...(vlan === undefined ? {} : { vlan }),
    ...(below === undefined ? {} : { parent: below }),
    ...(vrfTable === undefined ? {} : { vrfTable }),
  };
}

const vrfTableOf = (data: Uint8Array): number | undefined =>
  decodeAttributes(vrfAttrs, memory(data), 0, data.length).table;

/** Empty for what is no Ethernet address. */
const macText = (bytes: Uint8Array | undefined): string =>
  bytes?.length === 6 ? [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':') : '';

function vlanOf(data: Uint8Array, parent: number): VlanLink | undefined {
  const { id, protocol = ETH_P_8021Q } = decodeAttributes(vlanAttrs, memory(data), 0, data.length);
  return id === undefined ? undefined : { parent, id, type: protocol === ETH_P_8021AD ? 'dot1ad' : 'dot1q' };
}

/** A route as packets take it: with all its ways. */
export interface RoutedPrefix {
  readonly prefix: string;
  readonly prefixLength: number;
  readonly table: number;
  readonly priority: number;
  /** RTN_*. */
  readonly type: number;
  /** Empty for what leads nowhere. Ways that are down are left out. */
  readonly ways: readonly RoutedWay[];
  /** Of the route, bytes. */
  readonly mtu?: number;
}

export interface RoutedWay {
  /** Of the interface. */
  readonly index: number;
  /** Of any family; undefined: on link. */
  readonly gateway?: string;
  readonly weight: number;
}

/** Someone on a link. */
export interface NeighbourEntry {
  readonly index: number;
  readonly address: string;
  /** Empty: not known. */
  readonly macAddress: string;
  /** NUD_*. */
  readonly state: number;
}

const scopeNames = new Map<number, Scope>(Object.entries(scopes).map(([name, number]) => [number, name as Scope]));

/** undefined: an address of a family that is not IP, or bytes that are no address. */
export function addressOf({
  family,
  prefixLength,
  flags,
  scope,
  index,
  attributes,
}: AddressMessage): InterfaceAddress | undefined {
  const address = addressText(family, attributes.local ?? attributes.address);
  if (address === undefined) return undefined;
  const has = (bit: number): boolean => (flags & bit) !== 0;
  const preferred = attributes.lifetimes?.preferred ?? FOREVER;
  const peer = attributes.local === undefined ? undefined : addressText(family, attributes.address);
  return {
    index,
    address,
    prefixLength,
    scope: scopeNames.get(scope) ?? scope,
    nodad: has(addressFlag.nodad),
    noPrefixRoute: has(addressFlag.noPrefixRoute),
    tentative: has(addressFlag.tentative),
    dadFailed: has(addressFlag.dadFailed),
    ...(family === AF_INET && has(addressFlag.secondary) ? { secondary: true as const } : {}),
    ...(attributes.protocol === undefined ? {} : { protocol: attributes.protocol }),
    ...(peer === undefined || peer === address ? {} : { peer }),
    ...(preferred === FOREVER ? {} : { preferredSeconds: preferred }),
  };
}

export function routeOf({ family, destinationLength, table, attributes }: RouteMessage): Route | undefined {
  const any = family === AF_INET ? '0.0.0.0' : family === AF_INET6 ? '::' : undefined;
  const destination = attributes.destination === undefined ? any : addressText(family, attributes.destination);
  const gateway = addressText(family, attributes.gateway);
  const preferredSource = addressText(family, attributes.preferredSource);
  if (destination === undefined) return undefined;
  return {
    destination,
    prefixLength: destinationLength,
    table,
    priority: attributes.priority ?? 0,
    ...(gateway === undefined ? {} : { gateway }),
    ...(attributes.outInterface === undefined ? {} : { index: attributes.outInterface }),
    ...(preferredSource === undefined ? {} : { preferredSource }),
  };
}

/** undefined: no route of packets (of another family, of one ToS only, a cached one), or one that adds headers of its own (MPLS, seg6). */
export function routedPrefixOf(message: RouteMessage): RoutedPrefix | undefined {
  const { family, destinationLength, table, type, tos, flags, attributes } = message;
  const route = routeOf(message);
  if (route === undefined || tos !== 0 || (flags & wayFlag.cloned) !== 0) return undefined;
  const { ways, outInterface, encapsulation, metrics } = attributes;
  const several = ways ?? (outInterface === undefined ? [] : [{ flags, hops: 0, index: outInterface, attributes }]);
  if (encapsulation !== undefined || several.some((way) => way.attributes.encapsulation !== undefined))
    return undefined;
  const alive = several.filter((way) => (way.flags & wayFlag.dead) === 0);
  if (alive.length === 0 && several.length > 0) return undefined; // the kernel looks on too
  return {
    prefix: route.destination,
    prefixLength: destinationLength,
    table,
    priority: route.priority,
    type,
    ways: alive
      .filter((way) => (way.flags & wayFlag.linkDown) === 0)
      .map((way): RoutedWay => {
        const gateway = addressText(family, way.attributes.gateway) ?? viaText(way.attributes.via);
        return { index: way.index, weight: way.hops + 1, ...(gateway === undefined ? {} : { gateway }) };
      }),
    ...(metrics?.mtu === undefined ? {} : { mtu: metrics.mtu }),
  };
}

const viaText = (via: Via | undefined): string | undefined =>
  via === undefined ? undefined : addressText(via.family, via.address);

/** undefined: no neighbour of IP. */
export function neighbourOf({ family, index, state, attributes }: NeighbourMessage): NeighbourEntry | undefined {
  const address = addressText(family, attributes.address);
  return address === undefined
    ? undefined
    : { index, address, state, macAddress: macText(attributes.linkLayerAddress) };
}

function addressText(family: number, bytes: Uint8Array | undefined): string | undefined {
  const length = family === AF_INET ? 4 : family === AF_INET6 ? 16 : -1;
  return bytes?.length === length ? formatAddress(bytes) : undefined;
}
