/** What the engine must know of the machine's network: plain data, made from rtnetlink (src/routing), from T.json, or from a VPP script. */

/** A device that the engine receives from and sends to. Its place in the list is its index everywhere. */
export interface Port {
  readonly name: string;
  /** The kernel's number; 0 in a simulation. */
  readonly ifindex: number;
  /** `02:fe:00:00:00:01`. */
  readonly mac: string;
  /** Largest IP packet, bytes. */
  readonly mtu: number;
  readonly up: boolean;
}

export interface LocalAddress {
  readonly address: string;
  readonly prefixLength: number;
  /** Name of its interface, whether that is a port of ours or not. */
  readonly interface: string;
}

/** An 802.1Q or 802.1ad tag. */
export interface VlanTag {
  readonly type: 'dot1q' | 'dot1ad';
  readonly id: number;
}

/** A way to a neighbour. */
export interface NextHop {
  /** Name of a port. */
  readonly port: string;
  /** undefined: the destination itself (on-link). */
  readonly gateway?: string;
  readonly weight: number;
  /** Of an interface above the port, outermost first; empty: the packet's tags stay. */
  readonly vlans: readonly VlanTag[];
  /** Bytes; undefined: the port's. */
  readonly mtu?: number;
}

export interface Route {
  /** Address of the prefix's base. */
  readonly prefix: string;
  readonly prefixLength: number;
  /** Empty: unreachable, or through a device that is no port. */
  readonly nextHops: readonly NextHop[];
}

export interface Neighbour {
  readonly address: string;
  readonly port: string;
  /** undefined: was asked for and does not answer. */
  readonly mac: string | undefined;
  readonly vlans: readonly VlanTag[];
}

export interface Network {
  readonly ports: readonly Port[];
  readonly addresses: readonly LocalAddress[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
}

/** Settings of the engine as a whole; the services image carries them. Times in seconds. */
export interface EngineGlobals {
  /** Sources of outer headers; undefined: the address of the port they leave by. */
  readonly tunnelSource4?: string;
  readonly tunnelSource6?: string;
  readonly tunnelTtl: number;
  readonly timeouts: {
    readonly tcpEstablished: number;
    readonly tcpSyn: number;
    readonly tcpFin: number;
    readonly tcpClosed: number;
    readonly udp: number;
    readonly icmp: number;
    readonly other: number;
  };
  readonly fragmentMs: number;
}

/** Time-outs as IPVS has them (net/netfilter/ipvs/ip_vs_proto_{tcp,udp}.c). */
export const defaultEngineGlobals: EngineGlobals = {
  tunnelTtl: 64,
  timeouts: { tcpEstablished: 900, tcpSyn: 60, tcpFin: 120, tcpClosed: 10, udp: 300, icmp: 60, other: 600 },
  fragmentMs: 2000,
};
