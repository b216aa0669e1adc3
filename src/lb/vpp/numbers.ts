import type { ServiceKey } from '../../model/service.js';
import type { DestinationKey } from '../../model/destination.js';

/** Packets of a service, in VPP's words: one of the four counts for every packet. */
export interface VipCounters {
  readonly existing: bigint;
  readonly first: bigint;
  readonly untracked: bigint;
  readonly noServer: bigint;
}

/** A line of `show node counters`. */
export interface NodeCounter {
  readonly count: bigint;
  readonly reason: string;
  readonly severity: 'error' | 'info';
}

/** What views print beside the state. Whoever has the engine implements it. */
export interface VppNumbers {
  /** Live sessions and room for them; undefined: no engine runs. */
  readonly usage: { readonly live: bigint; readonly capacity: bigint } | undefined;
  readonly nodeCounters: readonly NodeCounter[];
  counters(service: ServiceKey): VipCounters;
  /** Live sessions of a server. */
  flows(service: ServiceKey, destination: DestinationKey): number;
  /** Its slots in the service's Maglev table. */
  slots(service: ServiceKey, destination: DestinationKey): number;
}

export const noNumbers: VppNumbers = {
  usage: undefined,
  nodeCounters: [],
  counters: () => ({ existing: 0n, first: 0n, untracked: 0n, noServer: 0n }),
  flows: () => 0,
  slots: () => 0,
};
