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
} as const;

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
  nodad: 0x02,
  dadFailed: 0x08,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  noPrefixRoute: 0x200,
} as const;

/** RT_SCOPE_*. */
export const scopes = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
export type Scope = keyof typeof scopes;

/** RT_TABLE_MAIN, RT_TABLE_LOCAL. */
export const routeTable = { main: 254, local: 255 } as const;
/** RTN_*. */
export const routeType = { unicast: 1, local: 2, blackhole: 6, unreachable: 7 } as const;
/** RTPROT_STATIC: an administrator's route. */
export const RTPROT_STATIC = 4;

/** IFA_CACHEINFO's lifetime without end. */
export const FOREVER = 0xffff_ffff;
