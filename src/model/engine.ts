/** Where a flow's hash looks: OVN's words for them (selection_fields). The protocol always counts. */
export const hashFields = ['eth_src', 'eth_dst', 'ip_src', 'ip_dst', 'tp_src', 'tp_dst'] as const;
export type HashField = (typeof hashFields)[number];

/** Source addresses of full NAT, first to last, each with the ports from lowest to highest. */
export interface SourceRange {
  readonly first: string;
  readonly last: string;
  readonly lowestPort: number;
  readonly highestPort: number;
}

/**
 * What only our own engine knows of a service. A service that has it is forwarded by that engine; one without, by the kernel.
 * `tables` of src/dataplane turn it into the image that the engine reads.
 */
export interface EngineSettings {
  /** What chooses the server, scheduler `maglev`. */
  readonly hashFields: readonly HashField[];
  /** Slots of the Maglev table: a prime, or a power of two as VPP's new_len. */
  readonly tableSize: number;
  /** 0 to 63, of method l3dsr. */
  readonly dscp: number;
  /** Source of outer headers, by family of the server; undefined: the engine's setting, else the address of the port they leave by. */
  readonly tunnelSource?: string;
  /** Also every address of this machine with this port, 0: none. */
  readonly nodePort: number;
  readonly snatPool: readonly SourceRange[];
  /** Echo requests to the address: default is `forward` for a service of all ports and `kernel` for the others. */
  readonly icmpEcho: 'default' | 'answer' | 'kernel';
  /** Answer ARP and neighbour solicitations for the address. */
  readonly answerArp: boolean;
  /** No sessions: the hash alone decides. */
  readonly stateless: boolean;
  /** Interfaces whose packets it takes; empty: all. */
  readonly interfaces: readonly string[];
  /** Seconds; 0: the engine's settings. */
  readonly tcpTimeout: number;
  readonly udpTimeout: number;
}

export const defaultHashFields: readonly HashField[] = ['ip_src', 'ip_dst', 'tp_src', 'tp_dst'];
/** That of the kernel's mh, and a prime. */
export const DEFAULT_TABLE_SIZE = 4093;

export const defaultEngineSettings: EngineSettings = {
  hashFields: defaultHashFields,
  tableSize: DEFAULT_TABLE_SIZE,
  dscp: 0,
  nodePort: 0,
  snatPool: [],
  icmpEcho: 'default',
  answerArp: false,
  stateless: false,
  interfaces: [],
  tcpTimeout: 0,
  udpTimeout: 0,
};

/** How a device is opened: what it gives at best, AF_XDP of any kind, in the driver, in generic mode, or AF_PACKET. */
export const portModes = ['auto', 'xdp', 'xdp_native', 'xdp_generic', 'packet'] as const;
export type PortMode = (typeof portModes)[number];

/** Seconds without a packet after which a session ends. */
export interface EngineTimeouts {
  readonly tcpEstablished: number;
  readonly tcpSyn: number;
  readonly tcpFin: number;
  readonly tcpClosed: number;
  readonly udp: number;
  readonly icmp: number;
  readonly other: number;
}

/** What the file says of the engine as a whole (engine_* of global_defs); what it does not say is the engine's own default. */
export interface EngineOptions {
  /** Interfaces it receives from and sends to; `auto`: whatever routes and addresses need. */
  readonly ports: readonly string[] | 'auto';
  readonly mode: PortMode;
  /** Threads; `auto`: one for each queue. */
  readonly workers: number | 'auto';
  /** For how many there is room, per worker and family. */
  readonly sessions?: number;
  /** Sources of outer headers. */
  readonly tunnelSource4?: string;
  readonly tunnelSource6?: string;
  /** TTL or hop limit of outer headers. */
  readonly tunnelTtl?: number;
  readonly timeouts: Partial<EngineTimeouts>;
}

export const defaultEngineOptions: EngineOptions = { ports: 'auto', mode: 'auto', workers: 'auto', timeouts: {} };
