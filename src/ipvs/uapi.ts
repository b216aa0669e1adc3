/**
 * ipvs/ — what the kernel's IPVS understands, and a client that says it.
 * codec: uapi.ts, *-attrs.ts, rows.ts, proc.ts · owners: client.ts, forwarder.ts
 *
 * Every number below is one of <linux/ip_vs.h>, under its name there; nothing else lives here.
 */
export const IPVS_GENL_NAME = 'IPVS';
export const IPVS_GENL_VERSION = 1;

/** enum of IPVS_CMD_*. A reply to GET_X carries the number of NEW_X (SET_CONFIG, SET_INFO for those two). */
export const command = {
  newService: 1,
  setService: 2,
  delService: 3,
  getService: 4,
  newDest: 5,
  setDest: 6,
  delDest: 7,
  getDest: 8,
  newDaemon: 9,
  delDaemon: 10,
  getDaemon: 11,
  setConfig: 12,
  getConfig: 13,
  setInfo: 14,
  getInfo: 15,
  zero: 16,
  flush: 17,
} as const;

/** IP_VS_SVC_F_*. */
export const serviceFlag = {
  persistent: 0x0001,
  /** Set by the kernel: the service is in its table. */
  hashed: 0x0002,
  onePacket: 0x0004,
  /** SCHED1 to SCHED3 are bits 3 to 5. */
  schedulerShift: 3,
  schedulerMask: 0x0038,
} as const;

/** IP_VS_CONN_F_FWD_MASK: the bits that say how packets are forwarded. */
export const FORWARD_MASK = 0x07;

/** IP_VS_CONN_F_MASQ and its brothers, in their order. */
export const forwardingMethods = ['masquerade', 'local', 'tunnel', 'direct-route', 'bypass'] as const;

/** IP_VS_CONN_F_TUNNEL_TYPE_*. */
export const tunnelTypes = ['ipip', 'gue', 'gre'] as const;

/** IP_VS_TUNNEL_ENCAP_FLAG_*. */
export const tunnelFlag = { checksum: 1, remoteChecksum: 2 } as const;

/** IP_VS_STATE_*. */
export const daemonState = { master: 1, backup: 2 } as const;

/** AF_* of Linux. */
export const addressFamily = { ip4: 2, ip6: 10 } as const;
