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

const plainServiceAttrs = withoutStatistics(serviceAttrs);
const plainDestinationAttrs = withoutStatistics(destinationAttrs);

function withoutStatistics<T extends typeof serviceAttrs | typeof destinationAttrs>(
  table: T,
): Omit<T, 'statistics' | 'statistics64'> {
  const { statistics, statistics64, ...plain } = table;
  return plain;
}

/** The same without counters, for those who list a large table and do not print them. */
export const plainCommandAttrs = {
  service: [1, nest(plainServiceAttrs)],
  destination: [2, nest(plainDestinationAttrs)],
} as const;

/** enum of IPVS_INFO_ATTR_*. */
export const infoAttrs = {
  version: [1, u32],
  connectionTableSize: [2, u32],
} as const;
