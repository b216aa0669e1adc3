import type { VrrpReport } from '../vrrp/report.js';
import { type AnnounceRequest, decodeAnnounceRequest } from './announce.js';
import { decodeExplainRequest, type ExplainRequest } from './explain.js';
import { decodeFleetRequest, type FleetRequest } from './fleet.js';
import { decodeLbRequest, type LbRequest } from './lb.js';
import { decodePairRequest, type PairRequest } from './pair.js';
import { decodePushRequest, type PushRequest } from './push.js';
import { decodeWhatIfRequest, type WhatIfRequest } from './what-if.js';

/** What lvsctl and a running lvsd say to each other: one line of JSON each way. Plain data. */
export type Request =
  | { readonly do: 'status' | 'plan' | 'reload' }
  | { readonly do: 'weight'; readonly server: string; readonly weight: number | null }
  | PairRequest
  | PushRequest
  | FleetRequest
  | AnnounceRequest
  | ExplainRequest
  | WhatIfRequest
  | LbRequest;

export type Answer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: string };

export interface Status {
  readonly services: readonly ServiceStatus[];
  readonly checks: readonly CheckStatus[];
  /** Virtual servers without quorum. */
  readonly quorumLost: readonly string[];
  /** The changes made last. */
  readonly lastPlan: readonly string[];
  /** What the kernel refused and is tried again. */
  readonly refused: readonly { readonly change: string; readonly reason: string }[];
  /** What would undo what somebody else changed, where the file says only to report it. */
  readonly drift: readonly string[];
  /** Services of the file that somebody else made and that are left alone. */
  readonly foreign: readonly string[];
  /** Batches handed to the kernel since the start. */
  readonly writes: number;
  /** null: this daemon has none. */
  readonly engine?: EngineState | null;
  /** Its sync daemons (lvs_sync_daemon). null: the file names none. */
  readonly engineSync?: EngineSyncState | null;
  /** null: nothing is held, or the process that holds it does not answer. */
  readonly vrrp?: VrrpReport | null;
}

/** Our own engine. Counts as text where they may be beyond 2^53. */
export interface EngineState {
  readonly running: boolean;
  /** Of its socket. */
  readonly path: string;
  readonly pid: number | null;
  readonly workers: number;
  readonly restarts: number;
  readonly ports: readonly {
    readonly name: string;
    readonly mode: string;
    readonly queues: number;
    readonly reason: string;
  }[];
  /** Next hops that do not answer. */
  readonly silentNeighbours: readonly string[];
  readonly sessions: { readonly live: number; readonly capacity: number; readonly bytes: number };
  /** Packets by reason, and what else happened, by the words of docs/dataplane.md. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
}

/** The engine's sessions in the sync protocol of IPVS. Counts are since the start. */
export interface EngineSyncState {
  readonly master: boolean;
  readonly backup: boolean;
  readonly running: boolean;
  /** Why not; empty: no engine is needed. */
  readonly trouble: string;
  readonly interface: string;
  readonly group: string;
  readonly port: number;
  readonly syncId: number;
  readonly sent: {
    readonly messages: number;
    readonly connections: number;
    /** Sessions by why a kernel cannot be told of them, each time. */
    readonly untold: Readonly<Record<string, number>>;
    /** Messages by errno. */
    readonly failed: Readonly<Record<string, number>>;
  };
  readonly received: {
    readonly messages: number;
    /** Sessions that the engine has now, or had. */
    readonly taken: number;
    /** Messages and connections. */
    readonly refused: Readonly<Record<string, number>>;
  };
}

export interface ServiceStatus {
  readonly service: string;
  /** Who forwards it: the kernel's IPVS, or our own engine. */
  readonly engine: 'kernel' | 'userspace';
  readonly scheduler: string;
  readonly destinations: readonly { readonly destination: string; readonly method: string; readonly weight: number }[];
}

export interface CheckStatus {
  /** `tcp 192.0.2.1:80 -> 10.0.0.1:80` */
  readonly server: string;
  readonly check: string;
  readonly verdict: 'up' | 'down';
  /** The verdict rests on an attempt or on the table found at start. */
  readonly proven: boolean;
  /** When the verdict was given, ISO; null: before lvsd was started, or not yet. */
  readonly since: string | null;
  readonly attempts: number;
  readonly failures: number;
  /** Of the last attempt: `alive`, `failed`, `inconclusive`, or `none` yet. */
  readonly last: string;
  readonly detail: string;
  /** It fell too often and has to stay alive for a while (flap_damping). */
  readonly damped: boolean;
  /** The service's address is not on this machine (ha_suspend). */
  readonly suspended: boolean;
  /** How many servers the probe is for (share_probes). */
  readonly servers: number;
  /** What it makes of the configured weight. */
  readonly weight: { readonly set: number } | { readonly add: number } | null;
}

/** undefined: it is none. */
export function decodeRequest(line: string): Request | undefined {
  const told = parse(line);
  if (typeof told !== 'object' || told === null || !('do' in told)) return undefined;
  if (told.do === 'status' || told.do === 'plan' || told.do === 'reload') return { do: told.do };
  if (told.do === 'pair' || told.do === 'failover') return decodePairRequest(told);
  if (told.do === 'push' || told.do === 'push-status' || told.do === 'push-cancel') return decodePushRequest(told);
  if (told.do === 'fleet') return decodeFleetRequest(told);
  if (told.do === 'announce') return decodeAnnounceRequest(told);
  if (told.do === 'lb') return decodeLbRequest(told);
  if (told.do === 'explain') return decodeExplainRequest(told);
  if (told.do === 'what-if') return decodeWhatIfRequest(told);
  if (told.do !== 'weight' || !('server' in told) || !('weight' in told)) return undefined;
  const { server, weight } = told;
  if (typeof server !== 'string' || !(weight === null || isWeight(weight))) return undefined;
  return { do: 'weight', server, weight };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export const isWeight = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 2 ** 31 - 1;
