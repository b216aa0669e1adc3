/** What one side knows of the connections that it has from the other and gives to it. Plain data; times are ages in ms, for clocks differ. */
import type { PairReport } from './pair.js';

/** The encrypted connection to the other director's `lvsd sync`. */
export interface SyncPeerReport {
  readonly is: 'connected' | 'away' | 'untrusted';
  readonly forMs: number;
  /** Of away and untrusted. */
  readonly why: string | null;
  /** Why it cannot call us; null: it can. */
  readonly notListening: string | null;
}

/** A resync of the kernel's connections, as the giver counted. */
export interface ResyncCounts {
  /** In the giver's table. */
  readonly connections: number;
  readonly sent: number;
  /** Sent, and not in the taker's table in the end. */
  readonly missing: number;
  /** That no message can tell. */
  readonly untold: number;
}

export interface ResyncReport extends ResyncCounts {
  readonly msAgo: number;
  readonly tookMs: number;
}

/** The kernel's connections: taken as a whole when we join; what changes is told by the kernel's own sync daemons. */
export interface ConnectionsReport {
  /** off: there is nothing to take, `why` says the reason, null: none is forwarded by the kernel; due: not yet. */
  readonly is: 'off' | 'due' | 'running' | 'done' | 'failed';
  readonly why: string | null;
  /** Of running: messages that this kernel has taken, and since when it runs. */
  readonly messages: number;
  readonly runningForMs: number | null;
  readonly taken: ResyncReport | null;
  readonly given: ResyncReport | null;
  readonly isGiving: boolean;
  /** Sync daemons that run in this kernel. */
  readonly daemons: readonly {
    readonly state: 'master' | 'backup';
    readonly interface: string;
    readonly syncId: number;
  }[];
  /** Messages lost at the door of the backup daemon since it began, for it was too slow; null: none runs. What is lost on the wire nobody knows. */
  readonly lostMessages: number | null;
}

/** The userspace engine's sessions. */
export interface SessionsReport {
  /** What we take; null: nothing, `why` says the reason. */
  readonly takes: {
    readonly phase: 'waiting' | 'table' | 'following';
    /** A whole table came, and all that changed since. */
    readonly isWhole: boolean;
    readonly taken: number;
    /** By our engine: of services that it has not, mostly. */
    readonly refused: number;
  } | null;
  readonly why: string | null;
  /** What the other takes of ours, in its words. */
  readonly gives: {
    readonly phase: 'idle' | 'due' | 'table' | 'changes';
    readonly taken: number;
    readonly refused: number;
    /** On their way, or waiting for the other's engine. */
    readonly unconfirmedBytes: number;
    /** Since all was confirmed. */
    readonly confirmedMsAgo: number;
  } | null;
}

export interface SyncReport {
  readonly peer: SyncPeerReport;
  readonly connections: ConnectionsReport;
  readonly sessions: SessionsReport;
  /** For what it waits before it may be master; null: for nothing. */
  readonly waitsFor: string | null;
}

/** `lvsctl pair`: both sides; theirs is null if it does not answer, all of it if `lvsd sync` does not run here. */
export interface PairSeen extends PairReport {
  readonly sync: { readonly ours: SyncReport; readonly theirs: SyncReport | null } | null;
}

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (told: unknown): told is Plain => typeof told === 'object' && told !== null && !Array.isArray(told);

/** Of the other side: it is printed and not acted upon, so what is printed must be there. */
export function isSyncReport(told: unknown): told is SyncReport {
  if (!isPlain(told)) return false;
  const { peer, connections, sessions } = told;
  return (
    isPlain(peer) &&
    typeof peer['is'] === 'string' &&
    isPlain(connections) &&
    typeof connections['is'] === 'string' &&
    Array.isArray(connections['daemons']) &&
    ['taken', 'given'].every((word) => connections[word] === null || isPlain(connections[word])) &&
    isPlain(sessions) &&
    ['takes', 'gives'].every((word) => sessions[word] === null || isPlain(sessions[word]))
  );
}
