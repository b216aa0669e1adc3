/** What VPP's lb commands made: plain data, kept by whoever runs them. */

export const vppEncaps = ['gre4', 'gre6', 'l3dsr', 'nat4', 'nat6'] as const;
export type VppEncap = (typeof vppEncaps)[number];

/** An application server (AS) of a VIP. */
export interface VppServer {
  readonly address: string;
  /** 0 to 100. */
  readonly weight: number;
  /** Deleted without `flush`: it takes no new flow and is forgotten when its last one has ended. */
  readonly removed: boolean;
}

export interface VppVip {
  /** VPP's number of it, from 1: the lowest that is free. */
  readonly index: number;
  /** Base of the prefix, canonical. */
  readonly address: string;
  readonly prefixLength: number;
  /** `any` with a port: VPP's manual has such lines, for whatever protocol has ports. */
  readonly protocol: 'tcp' | 'udp' | 'any';
  /** 0: all protocols and ports. */
  readonly port: number;
  readonly encap: VppEncap;
  /** Of l3dsr. */
  readonly dscp: number;
  /** nodeport: also each address of this machine with `nodePort`. */
  readonly type: 'clusterip' | 'nodeport';
  /** Of nat4 and nat6: the port of the servers. */
  readonly targetPort: number;
  readonly nodePort: number;
  /** Slots of the table of new flows. */
  readonly newLen: number;
  readonly sourceSticky: boolean;
  readonly servers: readonly VppServer[];
}

export interface VppState {
  readonly ip4Source: string | undefined;
  readonly ip6Source: string | undefined;
  /** Of four sessions each. */
  readonly buckets: number;
  /** Seconds without a packet after which a session ends. */
  readonly timeout: number;
  readonly vips: readonly VppVip[];
  /** Interfaces of `lb set interface`. We translate replies wherever they come in, so these only say what was asked. */
  readonly nat4In: readonly string[];
  readonly nat6In: readonly string[];
}

export const emptyVppState: VppState = {
  ip4Source: undefined,
  ip6Source: undefined,
  buckets: 1024,
  timeout: 40,
  vips: [],
  nat4In: [],
  nat6In: [],
};

/** Numbers of VPP's errors (vnet/api_errno.h) that its lb commands print. */
export const vppErrors = {
  noSuchEntry: -6,
  badSize: -70,
  invalidArgument: -73,
  exists: -81,
  addressFamily: -97,
} as const;

export const withVip = (state: VppState, vip: VppVip): VppState => ({
  ...state,
  vips: state.vips.map((one) => (one.index === vip.index ? vip : one)),
});

/** What a removed server still has to serve; when it has nothing, it is forgotten. `flows` counts live sessions. */
export function forgetIdle(state: VppState, flows: (vip: VppVip, server: VppServer) => number): VppState {
  const isDone = (vip: VppVip, server: VppServer): boolean => server.removed && flows(vip, server) === 0;
  if (!state.vips.some((vip) => vip.servers.some((server) => isDone(vip, server)))) return state;
  return {
    ...state,
    vips: state.vips.map((vip) => ({ ...vip, servers: vip.servers.filter((server) => !isDone(vip, server)) })),
  };
}
