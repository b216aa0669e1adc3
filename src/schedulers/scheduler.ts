/**
 * schedulers/ — how a destination is chosen: the kernel's algorithms as pure functions, good enough to say which one it picks.
 * One file per algorithm, one signature (scheduler.ts); catalogue.ts has them by name; simulate.ts sends arrivals through them.
 * What the kernel does around every one of them: overload.ts (upper and lower thresholds), persistence.ts.
 */
import type { Family } from '../model/address.js';
import type { DestinationKey } from '../model/destination.js';
import type { HashField } from '../model/engine.js';

/** A destination as a scheduler sees it. */
export interface Candidate {
  readonly key: DestinationKey;
  /** 0 gets no new connection; of a negative one the kernel thinks the same. */
  readonly weight: number;
  /** Established connections. */
  readonly active: number;
  readonly inactive: number;
  /** It has reached its upper threshold and not yet sunk below the lower one: overload.ts. The kernel does not tell it. */
  readonly overloaded: boolean;
}

/** The first packet of a connection. Addresses are canonical text. */
export interface Flow {
  readonly client: { readonly address: string; readonly port: number };
  readonly virtual: { readonly address: string; readonly port: number };
  /** IANA number; 6 if not told. Only maglev looks at it and at the MACs. */
  readonly protocol?: number;
  /** Text as `02:fe:00:00:00:01`. */
  readonly macs?: { readonly source: string; readonly destination: string };
  /** When it comes, on any clock. Only lblcr looks at it; without it no time passes. */
  readonly atSeconds?: number;
}

export interface SchedulerSettings {
  /** Scheduler flags 1 to 3 as bits 1, 2, 4 (ServiceSettings.schedulerFlags). */
  readonly flags: number;
  /** Of the service. Only mh needs it, and only if a tunnel leads to a destination of the other family. */
  readonly family?: Family;
  /** What maglev hashes and how large its table is: EngineSettings. */
  readonly hashFields?: readonly HashField[];
  readonly tableSize?: number;
  /** sysctl net.ipv4.vs.lblcr_expiration; 86400 if not told. */
  readonly lblcrExpirationSeconds?: number;
}

/** Which candidate, by its place in the list; undefined: none, and the client is refused. */
export interface Choice<State> {
  readonly index: number | undefined;
  readonly state: State;
}

/**
 * One algorithm. `candidates` stand in the kernel's order, which is that of its dump: newest first (__ip_vs_update_dest puts a new
 * destination at the head of the list).
 */
export interface Scheduler<State = unknown> {
  /** What the kernel keeps for a service whose destinations were just added, one after the other. */
  prepare(settings: SchedulerSettings, candidates: readonly Candidate[]): State;
  /** A destination was added, changed or removed: what becomes of the state. Without it: as prepare. `previous`: the list until now. */
  change?(
    settings: SchedulerSettings,
    candidates: readonly Candidate[],
    before: State,
    previous: readonly Candidate[],
  ): State;
  choose(settings: SchedulerSettings, candidates: readonly Candidate[], state: State, flow: Flow): Choice<State>;
  /** Of an algorithm with a table: which of its slots is the flow's. undefined: the table is empty. */
  slot?(settings: SchedulerSettings, state: State, flow: Flow): Slot | undefined;
}

export interface Slot {
  readonly slot: number;
  /** How many there are. */
  readonly slots: number;
}

/** Scheduler.change, or what stands for it. */
export function changed<State>(
  scheduler: Scheduler<State>,
  settings: SchedulerSettings,
  candidates: readonly Candidate[],
  before: State,
  previous: readonly Candidate[],
): State {
  return scheduler.change
    ? scheduler.change(settings, candidates, before, previous)
    : scheduler.prepare(settings, candidates);
}

/** What every algorithm asks first (IP_VS_DEST_F_OVERLOAD, weight). */
export const isAvailable = (candidate: Candidate): boolean => candidate.weight > 0 && !candidate.overloaded;

/** Where a destination stands in the list, -1 if it does not. */
export const placeOf = (candidates: readonly Candidate[], { address, port }: DestinationKey): number =>
  candidates.findIndex(({ key }) => key.port === port && key.address === address);

/** ip_vs_dest_conn_overhead: an inactive connection costs a 256th of an active one. */
export const connectionOverhead = ({ active, inactive }: Candidate): number => active * 256 + inactive;

/** A scheduler that keeps nothing between connections and looks only at the destinations. */
export const stateless = (pick: (candidates: readonly Candidate[]) => number | undefined): Scheduler<undefined> => ({
  prepare: () => undefined,
  choose: (_settings, candidates) => ({ index: pick(candidates), state: undefined }),
});
