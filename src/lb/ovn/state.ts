import type { HashField } from '../../model/engine.js';

/** One row of OVN's Load_Balancer table. */
export interface OvnLoadBalancer {
  readonly uuid: string;
  readonly name: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** `30.0.0.1:80` or `30.0.0.1` → `10.0.0.1:80,10.0.0.2:80`, both as OVN writes them. */
  readonly vips: ReadonlyMap<string, string>;
  /** undefined: not set; addresses and ports are hashed. */
  readonly selectionFields: readonly HashField[] | undefined;
  /** Seconds that a client keeps its server; 0: none (options:affinity_timeout). */
  readonly affinityTimeout: number;
}

export interface OvnState {
  readonly loadBalancers: readonly OvnLoadBalancer[];
  /** UUIDs of the load balancers of a switch, in the order they were added, by the switch's name. */
  readonly switches: ReadonlyMap<string, readonly string[]>;
  readonly routers: ReadonlyMap<string, readonly string[]>;
}

export const emptyOvnState: OvnState = { loadBalancers: [], switches: new Map(), routers: new Map() };
