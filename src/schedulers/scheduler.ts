/**
 * schedulers/ — how a destination is chosen: the kernel's algorithms as pure functions, good enough to say which one it picks.
 * One file per algorithm, one signature (scheduler.ts); catalogue.ts has them by name; simulate.ts sends arrivals through them.
 */
import type { DestinationKey } from '../model/destination.js';

/** A destination as a scheduler sees it. */
export interface Candidate {
  readonly key: DestinationKey;
  /** 0 gets no new connection; of a negative one the kernel thinks the same. */
  readonly weight: number;
  /** Established connections. */
  readonly active: number;
  readonly inactive: number;
  /** It has reached its upper threshold and not yet sunk below the lower one. */
  readonly overloaded: boolean;
}

/** The first packet of a connection. Addresses are canonical text. */
export interface Flow {
  readonly client: { readonly address: string; readonly port: number };
  readonly virtual: { readonly address: string; readonly port: number };
}

export interface SchedulerSettings {
  /** Scheduler flags 1 to 3 as bits 1, 2, 4 (ServiceSettings.schedulerFlags). */
  readonly flags: number;
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
  /** A destination was added, changed or removed. Without it: as prepare. */
  change?(settings: SchedulerSettings, candidates: readonly Candidate[], before: State): State;
  choose(settings: SchedulerSettings, candidates: readonly Candidate[], state: State, flow: Flow): Choice<State>;
}

/** What every algorithm asks first (IP_VS_DEST_F_OVERLOAD, weight). */
export const isAvailable = (candidate: Candidate): boolean => candidate.weight > 0 && !candidate.overloaded;

/** ip_vs_dest_conn_overhead: an inactive connection costs a 256th of an active one. */
export const connectionOverhead = ({ active, inactive }: Candidate): number => active * 256 + inactive;

/** A scheduler that keeps nothing between connections and looks only at the destinations. */
export const stateless = (pick: (candidates: readonly Candidate[]) => number | undefined): Scheduler<undefined> => ({
  prepare: () => undefined,
  choose: (_settings, candidates) => ({ index: pick(candidates), state: undefined }),
});
