import type { DeclaredDestination, DeclaredService } from './service.js';

/** One change of what is declared. Patches are RFC 7396. */
export type Change =
  | { readonly do: 'put-service'; readonly service: DeclaredService }
  | { readonly do: 'patch-service'; readonly id: string; readonly patch: MergePatch }
  | { readonly do: 'delete-service'; readonly id: string }
  | { readonly do: 'put-destination'; readonly service: string; readonly destination: DeclaredDestination }
  | { readonly do: 'patch-destination'; readonly service: string; readonly id: string; readonly patch: MergePatch }
  | { readonly do: 'delete-destination'; readonly service: string; readonly id: string }
  | OverrideChange;

/** The only change that services of the file and of the fleet take too. Weight null: none. What is absent stays. */
export interface OverrideChange {
  readonly do: 'override';
  readonly service: string;
  readonly destination: string;
  readonly weight?: number | null;
  /** No new connections, whatever else is said, until it is false again. */
  readonly maintenance?: boolean;
}

export type MergePatch = Readonly<Record<string, unknown>>;

/** Changes that are applied whole or not at all. */
export interface Transaction {
  readonly changes: readonly Change[];
  /** It is taken back by itself unless somebody confirms it in this time, also over a restart. */
  readonly confirmWithinSeconds?: number;
  readonly comment?: string;
  readonly who: string;
  /** Refused unless this is the revision that it changes. */
  readonly expectRevision?: number;
}

/** What an operator set for a real server, wherever that is declared. */
export interface Override {
  /** serverName, as lvsctl and the log have it. */
  readonly server: string;
  readonly service: string;
  readonly destination: string;
  readonly weight?: number;
  readonly maintenance?: true;
  readonly who: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A transaction that waits to be confirmed. */
export interface Pending {
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly who: string;
}

/** What of connections a step of a plan touches: nothing, they stay, they stay and no new one comes, they end, or another forwarder has them. */
export type Effect = 'none' | 'kept' | 'drained' | 'cut' | 'moved';

export interface Step {
  /** `+ tcp 192.0.2.1:80 -> 10.0.0.1:80 masquerade weight 1` */
  readonly change: string;
  /** serviceId, and destinationId. */
  readonly service: string;
  readonly destination?: string;
  readonly effect: Effect;
  /** Connections that the step touches; null: they were not counted. */
  readonly established: number | null;
  readonly inactive: number | null;
}

export interface Preview {
  /** That which it would change. */
  readonly revision: number;
  readonly steps: readonly Step[];
  /** Not wrong, and probably not meant; pointers begin with /changes/N. */
  readonly advice: readonly { readonly pointer: string; readonly message: string }[];
}

export interface Committed extends Preview {
  /** That which it is now. */
  readonly revision: number;
  /** Not null: it is taken back at `until` unless it is confirmed. */
  readonly pending: Pending | null;
  /** False: the disk did not take it; it holds until lvsd ends, and is written as soon as that is possible. Overrides only. */
  readonly stored: boolean;
  /** What whoever forwards did not take of a rollback, and is tried again, each as a sentence. A commit is taken back instead. */
  readonly refused: readonly string[];
}

export interface HistoryEntry {
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly who: string;
  readonly comment?: string;
  readonly kind: 'commit' | 'rollback' | 'expired' | 'refused' | 'drain';
  /** One line for each change. */
  readonly what: readonly string[];
  /** Of a commit that was to be confirmed. */
  readonly confirmed?: boolean;
}

/** A server is taken out of service and waited for until nobody is connected to it. */
export interface Drain {
  readonly id: string;
  readonly server: string;
  readonly service: string;
  readonly destination: string;
  readonly then: 'keep' | 'remove';
  readonly who: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
  /** How it ended: nobody is connected; the time was up; somebody ended it; the server is no longer there. */
  readonly state: 'running' | 'drained' | 'deadline' | 'cancelled' | 'gone';
  readonly endedAt?: number;
  /** The last that was seen. */
  readonly connections: { readonly active: number; readonly inactive: number; readonly persistent: number };
}
