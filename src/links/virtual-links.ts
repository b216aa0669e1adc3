import { encodeAttributes } from '../netlink/attributes.js';
import { Growing } from '../netlink/bytes.js';
import { ipvlanAttrs, macvlanAttrs } from './link-attrs.js';

/** An interface above another one, with a MAC address of its own (macvlan) or with the same (ipvlan, L2). */
export interface VirtualLink {
  readonly name: string;
  /** Index of the interface below. */
  readonly parent: number;
  readonly kind: 'macvlan' | 'ipvlan';
  readonly mode: 'private' | 'bridge' | 'vepa';
  /** Six bytes; of a macvlan. */
  readonly mac?: Uint8Array;
  readonly mtu?: number;
  readonly group?: number;
  /** Index of the VRF it belongs to. */
  readonly master?: number;
}

/** MACVLAN_MODE_*. */
const macvlanModes = { private: 1, vepa: 2, bridge: 4 } as const;
/** IPVLAN_F_*; bridge is the default. */
const ipvlanFlags = { private: 1, vepa: 2, bridge: 0 } as const;
const IPVLAN_MODE_L2 = 0;

/** What stands in IFLA_INFO_DATA. */
export function virtualLinkData({ kind, mode }: VirtualLink): Uint8Array {
  const data = new Growing(32);
  if (kind === 'macvlan') encodeAttributes(data, macvlanAttrs, { mode: macvlanModes[mode] });
  else encodeAttributes(data, ipvlanAttrs, { mode: IPVLAN_MODE_L2, flags: ipvlanFlags[mode] });
  return data.written().slice();
}
