import { encodeSessions, type SessionRecord } from '../dataplane/session-record.js';
import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import { type Refusal, sessionOf } from './engine-records.js';
import { count } from './engine-teller.js';
import { decodeMessage, type MessageRefusal } from './message.js';

export interface TakerOptions {
  readonly clock: Clock;
  readonly engine: { loadSessions(records: Uint8Array): Promise<{ readonly taken: number; readonly refused: number }> };
  /** 0: of every one, as the kernel has it. */
  readonly syncId: number;
  readonly counts: TakerCounts;
  /** The engine is about to have it. */
  readonly onTaken: (session: SessionRecord) => void;
  /** The engine does not answer any more. */
  readonly onLost: () => void;
}

/** Since the start. */
export interface TakerCounts {
  messages: number;
  /** Sessions that the engine has, or had. */
  taken: number;
  /** Messages and connections. */
  readonly refused: Map<TakerRefusal, number>;
}

export type TakerRefusal =
  /** Of messages. */
  | MessageRefusal
  | 'sync-id'
  /** Of connections. */
  | Refusal
  /** More came than the engine could take. */
  | 'too-many'
  /** The engine has no such service or destination, or no room. */
  | 'not-here';

export const newTakerCounts = (): TakerCounts => ({ messages: 0, taken: 0, refused: new Map() });

/** What came in this time goes to the engine together. */
const BATCH_MS = 10;
const MOST_AT_ONCE = 4096;
const MOST_WAITING = 65_536;

/** Takes what other directors tell a group, as the backup daemon of a kernel does, into an engine. */
export class EngineTaker {
  readonly #options: TakerOptions;
  readonly #timers: Timers<'batch'>;
  #waiting: SessionRecord[] = [];
  #loading: Promise<void> | undefined;
  #closed = false;

  constructor(options: TakerOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** Bytes of anybody. */
  message(bytes: Uint8Array): void {
    if (this.#closed) return;
    const { counts, syncId } = this.#options;
    counts.messages++;
    const message = decodeMessage(bytes);
    if (typeof message === 'string') return count(counts.refused, message);
    if (syncId !== 0 && message.syncId !== syncId) return count(counts.refused, 'sync-id');
    for (const connection of message.connections) {
      const session = sessionOf(connection);
      if (typeof session === 'string') count(counts.refused, session);
      else if (this.#waiting.length >= MOST_WAITING) count(counts.refused, 'too-many');
      else this.#waiting.push(session);
    }
    if (this.#loading !== undefined || this.#waiting.length === 0) return;
    if (this.#waiting.length >= MOST_AT_ONCE) this.#load();
    else if (!this.#timers.isArmed('batch')) this.#timers.arm('batch', BATCH_MS, () => this.#load());
  }

  /** Nothing more is heard; resolves when what was heard is in the engine. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#load();
    await this.#loading;
  }

  #load(): void {
    this.#timers.disarm('batch');
    this.#loading ??= this.#loadAll().finally(() => (this.#loading = undefined));
  }

  async #loadAll(): Promise<void> {
    const { engine, counts, onTaken, onLost } = this.#options;
    try {
      while (this.#waiting.length > 0) {
        const sessions = this.#waiting.splice(0, MOST_AT_ONCE);
        for (const session of sessions) onTaken(session);
        const { taken, refused } = await engine.loadSessions(encodeSessions(sessions));
        counts.taken += taken;
        if (refused > 0) counts.refused.set('not-here', (counts.refused.get('not-here') ?? 0) + refused);
      }
    } catch {
      this.#waiting = [];
      onLost();
    }
  }
}
