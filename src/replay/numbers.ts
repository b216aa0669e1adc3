import type { EngineCounters } from '../dataplane/counters.js';
import { noNumbers, type VppNumbers } from '../lb/vpp/numbers.js';
import type { VppServer, VppVip } from '../lb/vpp/state.js';
import { destinationOfServer, servicesOfVip } from '../lb/vpp/table.js';
import type { DestinationKey } from '../model/destination.js';
import type { ServiceKey } from '../model/service.js';
import { nodeCountersOf } from './node-counters.js';

/** Where a service, or a destination of it, stands in the engine's counters; undefined: it has none. */
export type PlaceOf = (service: ServiceKey, destination?: DestinationKey) => number | undefined;

/** What VPP's views show, out of the engine's counters; `slots`: of a service's Maglev table, those of a destination. */
export function numbersOf(counters: EngineCounters, placeOf: PlaceOf, slots: VppNumbers['slots']): VppNumbers {
  return {
    usage: { live: counters.liveSessions, capacity: counters.sessionCapacity },
    nodeCounters: nodeCountersOf(counters),
    counters: (key) => counters.services[placeOf(key) ?? -1] ?? noNumbers.counters(key),
    flows: (key, destination) => {
      const row = counters.destinations[placeOf(key, destination) ?? -1];
      return row === undefined ? 0 : Number(row.active + row.inactive);
    },
    slots,
  };
}

/** The flows of a server of a VIP, which may be several services. */
export const flowsOf = (numbers: VppNumbers, vip: VppVip, { address }: VppServer): number =>
  servicesOfVip(vip).reduce((sum, service) => sum + numbers.flows(service, destinationOfServer(vip, address)), 0);
