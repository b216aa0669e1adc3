import { nest, u32 } from '../netlink/attributes.js';
import { daemonAttrs } from './daemon-attrs.js';
import { destinationAttrs } from './destination-attrs.js';
import { serviceAttrs } from './service-attrs.js';

/** enum of IPVS_CMD_ATTR_*: what a command carries at its top level. */
export const commandAttrs = {
  service: [1, nest(serviceAttrs)],
  destination: [2, nest(destinationAttrs)],
  daemon: [3, nest(daemonAttrs)],
  /** Seconds; absent or 0: leave as it is. */
  tcp: [4, u32],
  tcpFin: [5, u32],
  udp: [6, u32],
} as const;

/** enum of IPVS_INFO_ATTR_*. */
export const infoAttrs = {
  version: [1, u32],
  connectionTableSize: [2, u32],
} as const;
