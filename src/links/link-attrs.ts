import {
  bytes,
  decodeAttributes,
  flag,
  i32,
  Malformed,
  nest,
  text,
  u16,
  u16be,
  u32,
  u32be,
  u8,
  type Values,
} from '../netlink/attributes.js';
import { encodeAttributes } from '../netlink/attributes.js';
import { type Growing, littleEndian, type Memory } from '../netlink/bytes.js';
import { AF_UNSPEC } from './uapi.js';

/** IFLA_INFO_*; `data` means something else for each kind of device. */
const infoAttrs = { kind: [1, text], data: [2, bytes] } as const;

/** IFLA_INET6_*, in AF_INET6 of IFLA_AF_SPEC: how an interface comes to its link-local address. */
const familyAttrs = { ip6: [10, nest({ generation: [8, u8] } as const)] } as const;

/** IFLA_* of <linux/if_link.h>. */
export const linkAttrs = {
  address: [1, bytes],
  name: [3, text],
  mtu: [4, u32],
  parent: [5, u32],
  master: [10, u32],
  operationalState: [16, u8],
  info: [18, nest(infoAttrs)],
  families: [26, nest(familyAttrs)],
  group: [27, u32],
  /** The parent is in another network namespace. */
  parentNamespace: [37, i32],
} as const;

/** IFLA_IPTUN_*: ipip, sit, ip6tnl. */
export const ipTunnelAttrs = {
  parent: [1, u32],
  local: [2, bytes],
  remote: [3, bytes],
  ttl: [4, u8],
  /** The inner protocol an ip6tnl takes: 4, 41, or 0 for both. */
  innerProtocol: [9, u8],
  pathMtuDiscovery: [10, u8],
  encapsulationType: [15, u16],
  encapsulationFlags: [16, u16],
  encapsulationSourcePort: [17, u16be],
  encapsulationPort: [18, u16be],
  external: [19, flag],
} as const;

/** IFLA_GRE_*: gre, ip6gre. */
export const greAttrs = {
  parent: [1, u32],
  inFlags: [2, u16be],
  outFlags: [3, u16be],
  inKey: [4, u32be],
  outKey: [5, u32be],
  local: [6, bytes],
  remote: [7, bytes],
  ttl: [8, u8],
  pathMtuDiscovery: [10, u8],
  external: [18, flag],
} as const;

/** IFLA_MACVLAN_*: MACVLAN_MODE_*. */
export const macvlanAttrs = { mode: [1, u32] } as const;
/** IFLA_IPVLAN_*: IPVLAN_MODE_*, IPVLAN_F_*. */
export const ipvlanAttrs = { mode: [1, u16], flags: [2, u16] } as const;
/** IFLA_VRF_*. */
export const vrfAttrs = { table: [1, u32] } as const;

/** IFLA_VLAN_*: vlan. The protocol is an EtherType. */
export const vlanAttrs = { id: [1, u16], protocol: [5, u16be] } as const;

/** struct ifinfomsg: family u8 | pad u8 | device type u16 | index i32 | flags u32 | change mask u32. */
const HEADER_BYTES = 16;

export interface LinkMessage {
  readonly index: number;
  readonly flags: number;
  readonly attributes: Values<typeof linkAttrs>;
}

/** `change` says which of `flags` are meant. */
export function writeLink(
  to: Growing,
  header: { readonly index?: number; readonly flags?: number; readonly change?: number },
  attributes: Values<typeof linkAttrs> = {},
): void {
  const at = to.extend(HEADER_BYTES);
  const { view } = to.memory;
  view.setUint8(at, AF_UNSPEC);
  view.setInt32(at + 4, header.index ?? 0, littleEndian);
  view.setUint32(at + 8, header.flags ?? 0, littleEndian);
  view.setUint32(at + 12, header.change ?? 0, littleEndian);
  encodeAttributes(to, linkAttrs, attributes);
}

export function readLink(from: Memory, at: number, end: number): LinkMessage {
  if (at + HEADER_BYTES > end) throw new Malformed('link shorter than its header');
  return {
    index: from.view.getInt32(at + 4, littleEndian),
    flags: from.view.getUint32(at + 8, littleEndian),
    attributes: decodeAttributes(linkAttrs, from, at + HEADER_BYTES, end),
  };
}
