import type { SessionsChanged, SessionsPage } from '../dataplane/protocol.js';
import { decodeSessions, type SessionRecord } from '../dataplane/session-record.js';
import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import { connectionOf, type SessionPlace, type Untold, untoldAtSight } from './engine-records.js';
import { MessageWriter, type SyncConnection } from './message.js';
import { type Pace, type PaceLimits, spend } from './pace.js';

export interface TellerOptions {
  readonly clock: Clock;
  readonly engine: { sessions(cursor: bigint, most: number): Promise<SessionsPage> };
  readonly place: (session: SessionRecord) => SessionPlace | undefined;
  readonly syncId: number;
  /** Of a message, bytes. */
  readonly maxLength: number;
  /** @throws errno */
  readonly send: (message: Uint8Array) => void;
  /** Whether it is as another director told it. */
  readonly isEcho: (session: SessionRecord) => boolean;
  readonly counts: TellerCounts;
  /** The engine does not answer any more. */
  readonly onLost: () => void;
}

/** Since the start. */
export interface TellerCounts {
  messages: number;
  connections: number;
  /** A session is counted each time. too-long: no message of this length holds it (maxlen). */
  readonly untold: Map<Untold | 'too-long', number>;
  /** Messages by errno. */
  readonly failed: Map<string, number>;
}

export const newTellerCounts = (): TellerCounts => ({
  messages: 0,
  connections: 0,
  untold: new Map(),
  failed: new Map(),
});

export const count = <Word>(counts: Map<Word, number>, word: Word): void =>
  void counts.set(word, (counts.get(word) ?? 0) + 1);

/** Of the table, at once: no more messages than the queue of a receiver has room for. */
const PAGE = 1024;
/** A million sessions in ten seconds: some 4 µs each, on the thread that the director does everything on. */
const PACE: PaceLimits = { connectionsPerSecond: 100_000, bytesPerSecond: 40_000_000 };
/** The whole table is told again: to who came later, and because a datagram may be lost. */
const REFRESH_MS = 300_000;
/** So soon if the engine could not tell all that changed. */
const AGAIN_MS = 10_000;

/**
 * Tells the sessions of an engine to a group, as the master daemon of a kernel does: the whole table at first, then what changes. The engine
 * repeats a session that goes on in each third of its time-out. Pages and changes leave in the order in which they come.
 */
export class EngineTeller {
  readonly #options: TellerOptions;
  readonly #timers: Timers<'walk' | 'page'>;
  readonly #writer: MessageWriter;
  #pace: Pace = { paidMs: -Infinity };
  #isWalking = false;
  /** Something was lost while the table was on its way. */
  #hasLost = false;
  #closed = false;

  constructor(options: TellerOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#writer = new MessageWriter(options.syncId, options.maxLength);
    void this.#walk();
  }

  changed({ lost, records }: SessionsChanged): void {
    if (this.#closed) return;
    this.#tell(records);
    if (!lost) return;
    if (this.#isWalking) this.#hasLost = true;
    else this.#walkIn(AGAIN_MS);
  }

  close(): void {
    this.#closed = true;
    this.#timers.disarmAll();
  }

  async #walk(): Promise<void> {
    this.#isWalking = true;
    this.#hasLost = false;
    const isDone = await this.#tellAll();
    this.#isWalking = false;
    if (isDone) this.#walkAgain();
  }

  /** Page by page; false: it was given up. */
  async #tellAll(): Promise<boolean> {
    const { engine, onLost } = this.#options;
    try {
      let cursor = 0n;
      do {
        const page = await engine.sessions(cursor, PAGE);
        if (this.#closed) return false;
        await this.#pause(this.#tell(page.records));
        cursor = page.next;
      } while (cursor !== 0n);
      return true;
    } catch {
      if (!this.#closed) onLost();
      return false;
    }
  }

  #walkAgain(): void {
    if (!this.#closed) this.#walkIn(this.#hasLost ? AGAIN_MS : REFRESH_MS);
  }

  #walkIn(ms: number): void {
    this.#timers.arm('walk', ms, () => void this.#walk());
  }

  async #pause(bytes: number): Promise<void> {
    const { pace, waitMs } = spend(this.#pace, { connections: PAGE, bytes }, PACE, this.#options.clock.now());
    this.#pace = pace;
    if (waitMs > 0) await new Promise<void>((resolve) => this.#timers.arm('page', waitMs, resolve));
  }

  /** How many bytes have left. */
  #tell(records: Uint8Array): number {
    const { place, isEcho, counts } = this.#options;
    let bytes = 0;
    for (const session of decodeSessions(records, this.#isWanted)) {
      if (isEcho(session)) continue;
      const connection = connectionOf(session, place(session));
      if (typeof connection === 'string') count(counts.untold, connection);
      else bytes += this.#add(connection);
    }
    const last = this.#writer.flush();
    return bytes + (last === undefined ? 0 : this.#send(last));
  }

  readonly #isWanted = (state: SessionRecord['state'] | undefined, gone: boolean): boolean => {
    const untold = untoldAtSight(state, gone);
    if (untold !== undefined) count(this.#options.counts.untold, untold);
    return untold === undefined;
  };

  #add(connection: SyncConnection): number {
    const { counts } = this.#options;
    const full = this.#writer.add(connection);
    if (full === 'too-long') count(counts.untold, full);
    else counts.connections++;
    return full === undefined || full === 'too-long' ? 0 : this.#send(full);
  }

  #send(message: Uint8Array): number {
    const { send, counts } = this.#options;
    try {
      send(message);
      counts.messages++;
    } catch (error) {
      count(counts.failed, (error as NodeJS.ErrnoException).code ?? 'unknown');
    }
    return message.length;
  }
}
