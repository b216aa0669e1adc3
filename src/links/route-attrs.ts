import { bytes, decodeAttributes, Malformed, u32, type Values } from '../netlink/attributes.js';
import { encodeAttributes } from '../netlink/attributes.js';
import type { Growing, Memory } from '../netlink/bytes.js';
import { RTPROT_STATIC, routeType } from './uapi.js';

/** RTA_* of <linux/rtnetlink.h>. */
export const routeAttrs = {
  destination: [1, bytes],
  outInterface: [4, u32],
  gateway: [5, bytes],
  priority: [6, u32],
  preferredSource: [7, bytes],
  table: [15, u32],
} as const;

/** struct rtmsg: family | destination length | source length | tos | table | protocol | scope | type, each u8, and flags u32. */
const HEADER_BYTES = 12;

export interface RouteMessage {
  readonly family: number;
  readonly destinationLength: number;
  readonly table: number;
  readonly protocol: number;
  readonly scope: number;
  readonly type: number;
  readonly attributes: Values<typeof routeAttrs>;
}

export function writeRoute(
  to: Growing,
  message: Pick<RouteMessage, 'family' | 'destinationLength' | 'scope' | 'attributes'>,
): void {
  const at = to.extend(HEADER_BYTES);
  const { view } = to.memory;
  view.setUint8(at, message.family);
  view.setUint8(at + 1, message.destinationLength);
  view.setUint8(at + 5, RTPROT_STATIC);
  view.setUint8(at + 6, message.scope);
  view.setUint8(at + 7, routeType.unicast);
  encodeAttributes(to, routeAttrs, message.attributes);
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
    table: attributes.table ?? from.view.getUint8(at + 4),
    protocol: from.view.getUint8(at + 5),
    scope: from.view.getUint8(at + 6),
    type: from.view.getUint8(at + 7),
    attributes,
  };
}
