import { formatAddress } from '../model/address.js';
import type { AddressMessage } from './address-attrs.js';
import type { LinkMessage } from './link-attrs.js';
import type { RouteMessage } from './route-attrs.js';
import { AF_INET, AF_INET6, addressFlag, FOREVER, linkFlag, type Scope, scopes } from './uapi.js';

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
  const { name = '', info, mtu = 0, address, master } = attributes;
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
    macAddress: address?.length === 6 ? [...address].map((byte) => byte.toString(16).padStart(2, '0')).join(':') : '',
    ...(master === undefined ? {} : { master }),
  };
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
  return {
    index,
    address,
    prefixLength,
    scope: scopeNames.get(scope) ?? scope,
    nodad: has(addressFlag.nodad),
    noPrefixRoute: has(addressFlag.noPrefixRoute),
    tentative: has(addressFlag.tentative),
    dadFailed: has(addressFlag.dadFailed),
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

function addressText(family: number, bytes: Uint8Array | undefined): string | undefined {
  const length = family === AF_INET ? 4 : family === AF_INET6 ? 16 : -1;
  return bytes?.length === length ? formatAddress(bytes) : undefined;
}
