/** Numbers of <linux/rtnetlink.h>, <linux/if.h>, <linux/if_addr.h> and <linux/if_tunnel.h>, with their names there. */

/** The netlink protocol. */
export const NETLINK_ROUTE = 0;

/** RTM_*. */
export const command = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  deleteNeighbour: 29,
  getNeighbour: 30,
  newRule: 32,
  deleteRule: 33,
  getRule: 34,
} as const;

/** RTNLGRP_*: multicast groups that tell of changes. */
export const routeGroup = {
  link: 1,
  neighbour: 3,
  ip4Address: 5,
  ip4Route: 7,
  ip6Address: 9,
  ip6Route: 11,
  nexthop: 32,
} as const;
export const ruleGroup = { ip4: 8, ip6: 19 } as const;

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** IFF_*. */
export const linkFlag = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointToPoint: 0x10,
  running: 0x40,
  noArp: 0x80,
} as const;

/** IFA_F_*. */
export const addressFlag = {
  /** IPv4: goes when the first one of its network goes. */
  secondary: 0x01,
  nodad: 0x02,
  dadFailed: 0x08,
  home: 0x10,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  manageTemporary: 0x100,
  noPrefixRoute: 0x200,
  autojoin: 0x400,
} as const;

/** RT_SCOPE_*. */
export const scopes = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
export type Scope = keyof typeof scopes;

/** RT_TABLE_DEFAULT, RT_TABLE_MAIN, RT_TABLE_LOCAL. */
export const routeTable = { default: 253, main: 254, local: 255 } as const;
/** RTN_*. */
export const routeType = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;
/** RTNH_F_*: of a route's only way, or of one of several. RTM_F_CLONED is in the same word of a route. */
export const wayFlag = { dead: 0x01, onlink: 0x04, linkDown: 0x10, cloned: 0x200 } as const;

/** NUD_*: what is known of a neighbour. */
export const neighbourState = {
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noArp: 0x40,
  permanent: 0x80,
} as const;
/** NTF_USE: as if a packet had been sent to it, so that it is asked for if need be. */
export const NTF_USE = 0x01;
/** RTPROT_STATIC: an administrator's route. */
export const RTPROT_STATIC = 4;
/** RTPROT_KEEPALIVED: whoever holds virtual addresses. Routes, rules and addresses (IFA_PROTO) have it. */
export const RTPROT_KEEPALIVED = 18;

/** FR_ACT_*: what a rule does. */
export const ruleAction = { lookup: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
/** FIB_RULE_INVERT. */
export const RULE_INVERT = 0x02;

/** enum lwtunnel_encap_types. */
export const routeEncapsulation = { mpls: 1, ip: 2, ila: 3, ip6: 4 } as const;

/** IFA_CACHEINFO's lifetime without end. */
export const FOREVER = 0xffff_ffff;

/** EtherTypes of VLAN tags. */
export const ETH_P_8021Q = 0x8100;
export const ETH_P_8021AD = 0x88a8;
