/**
 * config/static/ — addresses, routes and rules as ip(8) writes them: kept always (static_*) or while master (virtual_*).
 * Names of tables, scopes and protocols stay text: they are looked up where they are used.
 */
import type { Family } from '../../model/address.js';
import type { Position } from '../configuration.js';

export interface Statics {
  readonly addresses: readonly LocalAddress[];
  readonly routes: readonly IpRoute[];
  readonly rules: readonly IpRule[];
  readonly trackGroups: readonly TrackGroup[];
  /** interface_up_down_delays. */
  readonly linkDelays: readonly LinkDelay[];
}

/** An address of this machine. */
export interface LocalAddress {
  readonly position: Position;
  readonly address: string;
  readonly length: number;
  /** undefined: the instance's interface, or default_interface. */
  readonly interface: string | undefined;
  readonly scope?: string;
  /** `+`: all host bits set; `-`: all cleared. */
  readonly broadcast?: string;
  readonly label?: string;
  readonly peer?: string;
  /** Words without a value: home, -nodad, mngtmpaddr, noprefixroute, autojoin. */
  readonly flags: readonly string[];
  /** undefined: for ever, and 0 for an IPv6 address of 128 bits. */
  readonly preferredSeconds?: number | 'forever';
  /** Its loss does not matter to the instance. */
  readonly tracked: boolean;
  readonly trackGroup?: string;
  readonly ownVmac: boolean;
}

export type RouteKind = 'unicast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw' | 'local';

export interface NextHop {
  readonly via?: string;
  readonly interface?: string;
  readonly weight?: number;
  readonly onlink: boolean;
  readonly realms?: string;
  readonly encap?: Encapsulation;
}

/** `encap ip id 5 dst ...`: the kind and its words. */
export interface Encapsulation {
  readonly kind: 'ip' | 'ip6' | 'mpls' | 'ila';
  readonly options: Readonly<Record<string, string>>;
}

export interface IpRoute {
  readonly position: Position;
  readonly family: Family;
  readonly kind: RouteKind;
  /** `default`, an address or a prefix. */
  readonly destination: string;
  readonly via?: string;
  readonly interface?: string;
  /** Preferred source. */
  readonly source?: string;
  /** IPv6 routes by source. */
  readonly from?: string;
  readonly table?: string;
  readonly protocol?: string;
  readonly scope?: string;
  readonly metric?: number;
  readonly tos?: number;
  readonly onlink: boolean;
  readonly encap?: Encapsulation;
  readonly expiresSeconds?: number;
  readonly realms?: string;
  readonly preference?: 'low' | 'medium' | 'high';
  readonly ttlPropagate?: boolean;
  /** New destination of MPLS. */
  readonly as?: string;
  readonly vrf?: string;
  /** mtu, rtt, cwnd, congctl …: RTA_METRICS by their names of ip(8). */
  readonly metrics: Readonly<Record<string, { readonly value: number | string; readonly locked: boolean }>>;
  readonly nextHops: readonly NextHop[];
  readonly place: 'add' | 'append' | 'prepend';
  readonly tracked: boolean;
  readonly trackGroup?: string;
}

export interface IpRule {
  readonly position: Position;
  readonly family: Family;
  /** undefined: the kernel chooses, which is hardly ever meant. */
  readonly preference: number | undefined;
  readonly not: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly tos?: number;
  /** `7`, `0x10/0xf0`. */
  readonly fwmark?: string;
  readonly inInterface?: string;
  readonly outInterface?: string;
  readonly tunnelId?: number;
  readonly uids?: { readonly from: number; readonly to: number };
  readonly ipProtocol?: string;
  readonly sourcePorts?: { readonly from: number; readonly to: number };
  readonly destinationPorts?: { readonly from: number; readonly to: number };
  readonly suppressPrefixLength?: number;
  readonly suppressGroup?: string;
  readonly realms?: string;
  readonly protocol?: string;
  readonly action: IpRuleAction;
  readonly tracked: boolean;
  readonly trackGroup?: string;
}

export type IpRuleAction =
  | { readonly do: 'lookup'; readonly table: string }
  | { readonly do: 'goto'; readonly preference: number }
  | { readonly do: 'nop' | 'l3mdev' | 'blackhole' | 'unreachable' | 'prohibit' };

/** Instances that what names the group matters to. */
export interface TrackGroup {
  readonly position: Position;
  readonly name: string;
  readonly members: readonly string[];
}

/** A link counts as down or up only after it has been so for this long. */
export interface LinkDelay {
  readonly position: Position;
  readonly interface: string;
  readonly downSeconds: number;
  readonly upSeconds: number;
}
