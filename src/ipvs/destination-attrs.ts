import { addressBytes, familyOf } from '../model/address.js';
import {
  type DestinationKey,
  type DestinationSettings,
  type ForwardingMethod,
  plainTunnel,
  type Tunnel,
  type TunnelType,
} from '../model/destination.js';
import type { Statistics } from '../model/statistics.js';
import { laterNest, Malformed, u8, u16, u16be, u32, type Values } from '../netlink/attributes.js';
import { addressText, familyOfNumber, inetAddress } from './address-attrs.js';
import type { DestinationRow } from './rows.js';
import { readStatistics, statistics64Attrs, statisticsAttrs } from './statistics-attrs.js';
import { addressFamily, FORWARD_MASK, forwardingMethods, tunnelFlag, tunnelTypes } from './uapi.js';

/** enum of IPVS_DEST_ATTR_*; rows stand in the order in which libipvs writes them. */
export const destinationAttrs = {
  family: [11, u16],
  address: [1, inetAddress],
  port: [2, u16be],
  forward: [3, u32],
  weight: [4, u32],
  tunnelType: [13, u8],
  tunnelPort: [14, u16be],
  tunnelFlags: [15, u16],
  upperThreshold: [5, u32],
  lowerThreshold: [6, u32],
  active: [7, u32],
  inactive: [8, u32],
  persistent: [9, u32],
  statistics: [10, laterNest(statisticsAttrs)],
  statistics64: [12, laterNest(statistics64Attrs)],
} as const;

export type DestinationAttrs = Values<typeof destinationAttrs>;

export const destinationIdentity = (key: DestinationKey): DestinationAttrs => ({
  family: addressFamily[familyOf(key.address)],
  address: addressBytes(key.address),
  port: key.port,
});

export const destinationValues = (key: DestinationKey, settings: DestinationSettings): DestinationAttrs => ({
  ...destinationIdentity(key),
  forward: numberIn(forwardingMethods, settings.method, 'method-'),
  weight: settings.weight,
  tunnelType: numberIn(tunnelTypes, settings.tunnel.type, 'type-'),
  tunnelPort: settings.tunnel.port,
  tunnelFlags:
    (settings.tunnel.checksum ? tunnelFlag.checksum : 0) |
    (settings.tunnel.remoteChecksum ? tunnelFlag.remoteChecksum : 0),
  upperThreshold: settings.upperThreshold,
  lowerThreshold: settings.lowerThreshold,
});

/** A word's place in its list, or the number it carries where the kernel has no word. */
function numberIn(words: readonly string[], word: string, prefix: string): number {
  const known = words.indexOf(word);
  return known >= 0 ? known : Number(word.slice(prefix.length));
}

const methodName = (forward: number): ForwardingMethod =>
  forwardingMethods[forward & FORWARD_MASK] ?? `method-${forward & FORWARD_MASK}`;

const tunnelName = (type: number): TunnelType => tunnelTypes[type] ?? `type-${type}`;

/** A destination as the kernel told it; its counters are decoded when somebody looks. */
class KernelDestination implements DestinationRow {
  readonly key: DestinationKey;
  readonly settings: DestinationSettings;
  readonly active: number;
  readonly inactive: number;
  readonly persistent: number;
  readonly #told: DestinationAttrs;

  constructor(key: DestinationKey, settings: DestinationSettings, told: DestinationAttrs) {
    this.key = key;
    this.settings = settings;
    this.active = told.active ?? 0;
    this.inactive = told.inactive ?? 0;
    this.persistent = told.persistent ?? 0;
    this.#told = told;
  }

  get statistics(): Statistics {
    return readStatistics(this.#told.statistics64, this.#told.statistics);
  }
}

/** `defaultFamily` is the service's: kernels before 3.18 tell none. Throws Malformed when the address is missing. */
export function readDestination(told: DestinationAttrs, defaultFamily: number): DestinationRow {
  const { address, port, forward, weight } = told;
  if (address === undefined || port === undefined) throw new Malformed('a destination without address or port');
  const key = { address: addressText(address, familyOfNumber(told.family ?? defaultFamily)), port };
  const settings: DestinationSettings = {
    method: methodName(forward ?? 0),
    weight: (weight ?? 0) | 0, // a signed number in the kernel
    upperThreshold: told.upperThreshold ?? 0,
    lowerThreshold: told.lowerThreshold ?? 0,
    tunnel: readTunnel(told),
  };
  return new KernelDestination(key, settings, told);
}

function readTunnel({ tunnelType = 0, tunnelPort = 0, tunnelFlags = 0 }: DestinationAttrs): Tunnel {
  if (tunnelType === 0 && tunnelPort === 0 && tunnelFlags === 0) return plainTunnel;
  return {
    type: tunnelName(tunnelType),
    port: tunnelPort,
    checksum: (tunnelFlags & tunnelFlag.checksum) !== 0,
    remoteChecksum: (tunnelFlags & tunnelFlag.remoteChecksum) !== 0,
  };
}
