import { formatEndpoint } from './address.js';

/** A destination is known by where it is; its forwarding method may change. */
export interface DestinationKey {
  readonly address: string;
  readonly port: number;
}

export const destinationName = (key: DestinationKey): string => formatEndpoint(key.address, key.port);

/**
 * How a packet reaches its destination. The kernel keeps three bits: 5 to 7 have no name there either. `l3dsr` and `full-nat` are our own
 * engine's: the destination's address with a DSCP that stands for the VIP; both addresses translated.
 */
export type ForwardingMethod =
  | 'masquerade'
  | 'local'
  | 'tunnel'
  | 'direct-route'
  | 'bypass'
  | 'l3dsr'
  | 'full-nat'
  | `method-${number}`;

/** ipip, gue, gre, or a number the kernel took from somebody and has no name for. */
export type TunnelType = 'ipip' | 'gue' | 'gre' | `type-${number}`;

export interface Tunnel {
  readonly type: TunnelType;
  /** UDP port of gue, 0 for the others. */
  readonly port: number;
  /** The outer header carries a checksum (gue: UDP checksum; gre: GRE checksum). */
  readonly checksum: boolean;
  /** gue only: remote checksum offload. */
  readonly remoteChecksum: boolean;
}

export const plainTunnel: Tunnel = { type: 'ipip', port: 0, checksum: false, remoteChecksum: false };

export interface DestinationSettings {
  readonly method: ForwardingMethod;
  /** Share of new connections, 0 to 2147483647; 0 = quiescent. */
  readonly weight: number;
  /** Connections above which no new one comes, 0 = no limit. */
  readonly upperThreshold: number;
  /** Connections below which an overloaded destination is open again, 0 = 3/4 of upper. */
  readonly lowerThreshold: number;
  /** Meant for method `tunnel`; kept for the others as the kernel keeps it. */
  readonly tunnel: Tunnel;
}

export const defaultDestinationSettings: DestinationSettings = {
  method: 'direct-route',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: plainTunnel,
};
