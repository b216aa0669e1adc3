import type { EngineCounters } from '../dataplane/counters.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { Simulation } from './simulation.js';

/** What was counted, for DIR/state.json: all counters that are not zero by their words, services and servers by their names. */
export interface ReplayState {
  readonly dropped: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
  readonly sessions: { readonly live: number; readonly capacity: number };
  /** Frames left to the kernel, by the interface they came from. */
  readonly passed: Readonly<Record<string, number>>;
  /** Frames sent, by interface. */
  readonly sent: Readonly<Record<string, number>>;
  readonly services: readonly ServiceReport[];
  readonly notes: readonly string[];
}

export interface ServiceReport {
  readonly service: string;
  readonly existing: number;
  readonly first: number;
  readonly untracked: number;
  readonly noServer: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  readonly connections: number;
  readonly servers: readonly ServerReport[];
}

export interface ServerReport {
  readonly server: string;
  readonly weight: number;
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  readonly connections: number;
  readonly active: number;
  readonly inactive: number;
}

const nonZero = (numbers: ReadonlyMap<string, bigint>): Record<string, number> =>
  Object.fromEntries(
    [...numbers].filter(([, number]) => number !== 0n).map(([word, number]) => [word, Number(number)]),
  );

/** Frames counted by interface over the whole replay. */
export interface FrameCounts {
  readonly passed: ReadonlyMap<string, number>;
  readonly sent: ReadonlyMap<string, number>;
}

export function replayState(
  simulation: Simulation,
  { passed, sent }: FrameCounts,
  notes: readonly string[],
): ReplayState {
  const counters = simulation.counters();
  return {
    dropped: nonZero(counters.dropped),
    events: nonZero(counters.events),
    sessions: { live: Number(counters.liveSessions), capacity: Number(counters.sessionCapacity) },
    passed: Object.fromEntries(passed),
    sent: Object.fromEntries(sent),
    services: servicesOf(simulation.table, simulation, counters),
    notes,
  };
}

const numbersOf = <T extends object>(row: T | undefined): Record<keyof T, number> =>
  Object.fromEntries(Object.entries(row ?? {}).map(([word, number]) => [word, Number(number)])) as Record<
    keyof T,
    number
  >;

function servicesOf(table: Table, simulation: Simulation, counters: EngineCounters): ServiceReport[] {
  return [...table.values()].map(({ key, destinations }) => ({
    service: serviceName(key),
    ...numbersOf(counters.services[simulation.placeOf(key) ?? -1]),
    servers: [...destinations.values()].map((destination) => ({
      server: destinationName(destination.key),
      weight: destination.settings.weight,
      ...numbersOf(counters.destinations[simulation.placeOf(key, destination.key) ?? -1]),
    })),
  }));
}
