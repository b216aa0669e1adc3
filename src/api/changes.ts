import type { Committed, Drain, HistoryEntry, Override, Pending, Preview, Transaction } from '../declare/change.js';
import type { DeclaredService } from '../declare/service.js';

export interface Declared {
  /** Grows by one with each change that was stored. */
  readonly revision: number;
  /** By id. */
  readonly services: ReadonlyMap<string, DeclaredService>;
  /** By serverName. */
  readonly overrides: ReadonlyMap<string, Override>;
  readonly pending: Pending | null;
}

export interface DrainOrder {
  readonly withinSeconds: number;
  /** `remove` is for services that the API declares. */
  readonly then: 'keep' | 'remove';
}

/**
 * Where what the API declares is changed. All of its failures are LvsErrors: DECLARED_INVALID (with `cause`: Complaint[]), DECLARED_MISSING,
 * DECLARED_REVISION, DECLARED_PENDING, DECLARED_NOT_PENDING, DECLARED_NO_REVISION, DECLARED_UNREADABLE, DECLARED_NOT_STORED,
 * DECLARED_NOT_TAKEN (with `cause`: sentences), LAYERS_CLASH, DRAIN_MISSING.
 */
export interface Changes {
  declared(): Declared;
  /** What `commit` would do, without doing it. */
  preview(transaction: Transaction): Promise<Preview>;
  commit(transaction: Transaction): Promise<Committed>;
  confirm(who: string): Promise<Pending>;
  /** Absent: to before the last change, or before the one that waits to be confirmed. */
  rollback(who: string, toRevision?: number): Promise<Committed>;
  previewRollback(toRevision?: number): Promise<Preview>;
  /** The newest first. */
  history(): readonly HistoryEntry[];
  /** Those that run, then those that ended, the newest first. */
  drains(): readonly Drain[];
  drain(service: string, destination: string, order: DrainOrder, who: string): Promise<Drain>;
  /** The server takes new connections again. */
  cancelDrain(id: string, who: string): Promise<Drain>;
}
