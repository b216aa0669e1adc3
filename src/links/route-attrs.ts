import {
  bytes,
  decodeAttributes,
  type Field,
  Malformed,
  nest,
  u16,
  u32,
  u8,
  type Values,
} from '../netlink/attributes.js';
import { encodeAttributes } from '../netlink/attributes.js';
import { align, Growing, littleEndian, type Memory } from '../netlink/bytes.js';
import { metricAttrs } from './route-metrics.js';
import { RTPROT_STATIC, routeType } from './uapi.js';

/** struct rtvia: a gateway of the other family. */
export interface Via {
  readonly family: number;
  readonly address: Uint8Array;
}

const via: Field<Via> = {
  size: ({ address }) => 2 + address.length,
  write({ view, bytes: into }, at, { family, address }) {
    view.setUint16(at, family, littleEndian);
    into.set(address, at + 2);
  },
  read({ view, bytes: from }, at, length) {
    if (length < 2) throw new Malformed(`via of ${length} bytes`);
    return { family: view.getUint16(at, littleEndian), address: from.slice(at + 2, at + length) };
  },
};

/** Those of RTA_* that one way of several has. */
const wayAttrs = {
  gateway: [5, bytes],
  flow: [11, u32],
  via: [18, via],
  encapsulation: [21, u16],
  encapsulationData: [22, bytes],
} as const;

/** One way of several. */
export interface Way {
  readonly flags: number;
  /** Weight less one. */
  readonly hops: number;
  readonly index: number;
  readonly attributes: Values<typeof wayAttrs>;
}

/** struct rtnexthop: length u16 | flags u8 | hops u8 | index i32, then attributes. */
const WAY_BYTES = 8;

const ways: Field<readonly Way[]> = {
  size: (value) => encodedWays(value).length,
  write: (to, at, value) => to.bytes.set(encodedWays(value), at),
  read(from, at, length) {
    const list: Way[] = [];
    const end = at + length;
    for (let position = at; position + WAY_BYTES <= end; ) {
      const size = from.view.getUint16(position, littleEndian);
      if (size < WAY_BYTES || position + size > end)
        throw new Malformed(`way of length ${size} with ${end - position} bytes left`);
      list.push({
        flags: from.view.getUint8(position + 2),
        hops: from.view.getUint8(position + 3),
        index: from.view.getInt32(position + 4, littleEndian),
        attributes: decodeAttributes(wayAttrs, from, position + WAY_BYTES, position + size),
      });
      position += align(size);
    }
    return list;
  },
};

function encodedWays(list: readonly Way[]): Uint8Array {
  const to = new Growing(256);
  for (const { flags, hops, index, attributes } of list) {
    const at = to.extend(WAY_BYTES);
    to.memory.view.setUint8(at + 2, flags);
    to.memory.view.setUint8(at + 3, hops);
    to.memory.view.setInt32(at + 4, index, littleEndian);
    encodeAttributes(to, wayAttrs, attributes);
    to.memory.view.setUint16(at, to.length - at, littleEndian);
  }
  return to.written();
}

/** RTA_* of <linux/rtnetlink.h>. */
export const routeAttrs = {
  destination: [1, bytes],
  source: [2, bytes],
  outInterface: [4, u32],
  gateway: [5, bytes],
  priority: [6, u32],
  preferredSource: [7, bytes],
  metrics: [8, nest(metricAttrs)],
  ways: [9, ways],
  /** Realms: source × 65536 + destination. */
  flow: [11, u32],
  table: [15, u32],
  via: [18, via],
  newDestination: [19, bytes],
  /** ICMPV6_ROUTER_PREF_*. */
  preference: [20, u8],
  /** LWTUNNEL_ENCAP_*: packets get more than an Ethernet header. */
  encapsulation: [21, u16],
  encapsulationData: [22, bytes],
  /** Seconds. */
  expires: [23, u32],
  ttlPropagate: [26, u8],
} as const;

/** struct rtmsg: family | destination length | source length | tos | table | protocol | scope | type, each u8, and flags u32. */
const HEADER_BYTES = 12;

export interface RouteMessage {
  readonly family: number;
  readonly destinationLength: number;
  readonly sourceLength: number;
  readonly table: number;
  readonly protocol: number;
  readonly scope: number;
  readonly type: number;
  readonly tos: number;
  readonly flags: number;
  readonly attributes: Values<typeof routeAttrs>;
}

/** A route as one asks for it; where nothing is said: an administrator's, to one receiver. The table is in the attributes. */
export type WrittenRoute = Pick<RouteMessage, 'family' | 'destinationLength' | 'scope' | 'attributes'> &
  Partial<RouteMessage>;

export function writeRoute(to: Growing, message: WrittenRoute): void {
  const at = to.extend(HEADER_BYTES);
  const { view } = to.memory;
  view.setUint8(at, message.family);
  view.setUint8(at + 1, message.destinationLength);
  view.setUint8(at + 2, message.sourceLength ?? 0);
  view.setUint8(at + 3, message.tos ?? 0);
  view.setUint8(at + 5, message.protocol ?? RTPROT_STATIC);
  view.setUint8(at + 6, message.scope);
  view.setUint8(at + 7, message.type ?? routeType.unicast);
  view.setUint32(at + 8, message.flags ?? 0, littleEndian);
  encodeAttributes(to, routeAttrs, message.attributes);
}

/** Asks for the routes of one table (strict dumps allow nothing but this). */
export function writeTableQuestion(to: Growing, family: number, table: number): void {
  const at = to.extend(HEADER_BYTES);
  to.memory.view.setUint8(at, family);
  encodeAttributes(to, routeAttrs, { table });
}

/** What asks for the way to one address. The kernel wants the rest of the header empty (inet_rtm_valid_getroute_req). */
export function writeRouteQuestion(to: Growing, family: number, destination: Uint8Array): void {
  const at = to.extend(HEADER_BYTES);
  to.memory.view.setUint8(at, family);
  to.memory.view.setUint8(at + 1, 8 * destination.length);
  encodeAttributes(to, routeAttrs, { destination });
}

export function readRoute(from: Memory, at: number, end: number): RouteMessage {
  if (at + HEADER_BYTES > end) throw new Malformed('route shorter than its header');
  const attributes = decodeAttributes(routeAttrs, from, at + HEADER_BYTES, end);
  return {
    family: from.view.getUint8(at),
    destinationLength: from.view.getUint8(at + 1),
    sourceLength: from.view.getUint8(at + 2),
    table: attributes.table ?? from.view.getUint8(at + 4),
    protocol: from.view.getUint8(at + 5),
    scope: from.view.getUint8(at + 6),
    type: from.view.getUint8(at + 7),
    tos: from.view.getUint8(at + 3),
    flags: from.view.getUint32(at + 8, littleEndian),
    attributes,
  };
}
