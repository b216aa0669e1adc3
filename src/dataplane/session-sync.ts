import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import type { SessionsChanged, SessionsPage } from './protocol.js';
import { SESSION_RECORD_BYTES, topic } from './protocol.js';
import { sessionStates } from './session-record.js';
import { prolong } from './sync-codec.js';
import { SyncLink, type SyncStream } from './sync-link.js';
import {
  defaultSyncLimits,
  newReceiver,
  newSender,
  type ReceiverAction,
  type ReceiverEvent,
  type ReceiverState,
  type SenderAction,
  type SenderEvent,
  type SenderState,
  stepReceiver,
  stepSender,
  type SyncLimits,
} from './sync-machine.js';
import type { SessionOrigins } from './sync-origins.js';

/** What a sync asks of its engine: an EngineClient. */
export interface SyncEngine {
  sessions(cursor: bigint, most: number): Promise<SessionsPage>;
  loadSessions(records: Uint8Array): Promise<{ readonly taken: number; readonly refused: number }>;
  follow(topics: number): Promise<void>;
  close(): void;
}

export interface SyncSenderOptions {
  readonly stream: SyncStream;
  readonly clock: Clock;
  /**
   * A connection of the sync's own: pages and changes must come by one, in the order in which the engine told them. `ended` when it ends;
   * it is asked for anew then.
   */
  readonly connect: (events: {
    readonly onSessions: (change: SessionsChanged) => void;
    readonly onEnd: () => void;
  }) => Promise<SyncEngine>;
  readonly limits?: SyncLimits;
  /** Once: the stream ended, or was closed for this reason. */
  readonly onEnd?: (why: string) => void;
}

export interface SyncReceiverOptions {
  readonly stream: SyncStream;
  readonly clock: Clock;
  readonly engine: Pick<SyncEngine, 'sessions' | 'loadSessions'>;
  /** Outlives the connection. */
  readonly origins: SessionOrigins;
  /** What the receiver before still had to load, by the same origins: its `settled`. It comes first. */
  readonly after?: Promise<void>;
  /** Those of what is told that are taken: a SessionRecord[], all of it if absent. What it leaves out is as if it had not been told. */
  readonly accept?: (records: Uint8Array) => Uint8Array;
  readonly limits?: SyncLimits;
  /** Milliseconds that each state's sessions live on here beyond what the sender said, in the order of sessionStates; see defaultGrace. */
  readonly grace?: readonly number[];
  readonly onEnd?: (why: string) => void;
}

/** Of a page: 4096 sessions are 400 kB from the engine, and a few milliseconds of ours. */
const PAGE = 4096;
/** Until the engine is asked for again after it went. */
const RETRY_MS = 1000;

const defaultTimeoutsMs: Readonly<Record<(typeof sessionStates)[number], number>> = {
  syn: 60_000,
  established: 900_000,
  fin: 120_000,
  closed: 10_000,
  udp: 300_000,
  icmp: 60_000,
  other: 600_000,
  affinity: 360_000,
};

/**
 * A flow that goes on is told again in each third of its time-out, so what the receiver knows is up to a third old: without that third more, a
 * flow that was silent for most of its time-out would end here although it lives there. That a session did end is told.
 */
export const defaultGrace: readonly number[] = sessionStates.map((state) => Math.ceil(defaultTimeoutsMs[state] / 3));

/** Whatever a step counts, by its word. */
type Notes = Record<string, number>;
const note = (notes: Notes, what: string, by = 1): void => void (notes[what] = (notes[what] ?? 0) + by);

/** The director that has the traffic. One per receiver; closed when this director is no longer the active one. */
export class SyncSender {
  readonly #options: SyncSenderOptions;
  readonly #limits: SyncLimits;
  readonly #link: SyncLink;
  readonly #timers: Timers<'engine'>;
  readonly #notes: Notes = {};
  #state: SenderState;
  #engine: SyncEngine | undefined;
  #bytes = 0;

  constructor(options: SyncSenderOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultSyncLimits;
    this.#timers = new Timers(options.clock);
    this.#state = newSender(options.clock.now(), this.#limits);
    this.#link = new SyncLink({
      stream: options.stream,
      clock: options.clock,
      limits: this.#limits,
      peer: 'receiver',
      onFrame: (frame) => {
        if (frame === undefined) note(this.#notes, 'malformed');
        else this.#step({ on: 'frame', frame });
      },
      onBeat: () => this.#step({ on: 'beat' }),
      onEnd: (why) => {
        this.close();
        options.onEnd?.(why);
      },
    });
    this.#link.open();
    void this.#connect();
  }

  /** What the receiver said of the current table, and what was counted; `bytes`: written in all. */
  status() {
    const { phase, table, taken, refused, sent, arrived } = this.#state;
    return {
      phase,
      table,
      taken,
      refused,
      unconfirmedBytes: sent - arrived,
      bytes: this.#bytes,
      notes: { ...this.#notes },
    };
  }

  /** onEnd is not called. */
  close(): void {
    this.#link.close();
    this.#timers.disarmAll();
    this.#engine?.close();
  }

  async #connect(): Promise<void> {
    let engine: SyncEngine | undefined;
    let isLost = false;
    const lose = (): void => {
      isLost = true;
      if (engine !== undefined && this.#engine === engine) this.#lose();
    };
    try {
      engine = await this.#options.connect({
        onSessions: (change) => this.#step({ on: 'changed', ...change }),
        onEnd: lose,
      });
      await engine.follow(topic.sessionChanges);
    } catch {
      isLost = true;
    }
    if (isLost || this.#link.isClosed || engine === undefined) {
      engine?.close();
      if (!this.#link.isClosed) this.#retry();
      return;
    }
    this.#engine = engine;
    this.#step({ on: 'engine', is: 'there' });
  }

  #retry(): void {
    this.#timers.arm('engine', RETRY_MS, () => void this.#connect());
  }

  #lose(): void {
    this.#engine?.close();
    this.#engine = undefined;
    this.#step({ on: 'engine', is: 'gone' });
    if (!this.#link.isClosed) this.#retry();
  }

  #step(event: SenderEvent): void {
    if (this.#link.isClosed) return;
    const now = { nowMs: this.#options.clock.now(), buffered: this.#options.stream.buffered() };
    const [state, actions] = stepSender(this.#state, event, now, this.#limits);
    this.#state = state;
    for (const action of actions) this.#do(action);
  }

  #do(action: SenderAction): void {
    if (this.#link.isClosed) return;
    switch (action.do) {
      case 'send':
        this.#bytes += action.bytes.length;
        return this.#options.stream.write(action.bytes);
      case 'ask-page':
        return void this.#ask(action.cursor);
      case 'note':
        return note(this.#notes, action.what);
      case 'close':
        return this.#link.end(action.why);
    }
  }

  async #ask(cursor: bigint): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined) return;
    try {
      const page = await engine.sessions(cursor, PAGE);
      if (this.#engine === engine) this.#step({ on: 'page', ...page });
    } catch {
      if (this.#engine === engine) this.#lose();
    }
  }
}

/** Frames that wait for the engine: above this the stream is paused. */
const MOST_WAITING_BYTES = 4 * 2 ** 20;

/** The director that stands by. Closed when it becomes the active one: what ends at the other must not end here then. */
export class SyncReceiver {
  readonly #options: SyncReceiverOptions;
  readonly #limits: SyncLimits;
  readonly #grace: readonly number[];
  readonly #link: SyncLink;
  readonly #notes: Notes = {};
  #state: ReceiverState;
  /** Loads and purges, one after the other. */
  #work: Promise<void>;
  #waitingBytes = 0;
  #isPaused = false;
  #isWhole = false;
  /** Something of the table that is under way is not in the engine. */
  #hasFailed = false;
  #taken = 0;
  #refused = 0;

  constructor(options: SyncReceiverOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultSyncLimits;
    this.#grace = options.grace ?? defaultGrace;
    this.#work = options.after ?? Promise.resolve();
    this.#state = newReceiver(options.clock.now());
    this.#link = new SyncLink({
      stream: options.stream,
      clock: options.clock,
      limits: this.#limits,
      peer: 'sender',
      onFrame: (frame) => this.#step(frame === undefined ? { on: 'bad' } : { on: 'frame', frame }),
      onBeat: () => this.#step({ on: 'beat', isPaused: this.#isPaused }),
      onEnd: (why) => options.onEnd?.(why),
    });
    this.#link.open();
  }

  /** `isWhole`: a full table came, with all that changed since as far as we know. Sessions the engine took and refused, in all. */
  status() {
    const { phase, table } = this.#state;
    const isWhole = this.#isWhole && phase === 'following';
    return { phase, table, isWhole, taken: this.#taken, refused: this.#refused, notes: { ...this.#notes } };
  }

  /** All that came until now is in the engine. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** onEnd is not called. What has come is still loaded: await `settled`. Nothing more is purged. */
  close(): void {
    this.#link.close();
  }

  #step(event: ReceiverEvent): void {
    if (this.#link.isClosed) return;
    const [state, actions] = stepReceiver(this.#state, event, this.#options.clock.now(), this.#limits);
    this.#state = state;
    for (const action of actions) this.#do(action);
  }

  #do(action: ReceiverAction): void {
    if (this.#link.isClosed) return;
    switch (action.do) {
      case 'send':
        return this.#options.stream.write(action.bytes);
      case 'begin':
        this.#isWhole = false;
        return this.#then(0, () => this.#begin());
      case 'load':
        return this.#then(action.records.length, () => this.#load(action));
      case 'purge':
        return this.#then(0, () => this.#purge(action.table));
      case 'note':
        return note(this.#notes, action.what);
      case 'close':
        return this.#link.end(action.why);
    }
  }

  /** After what came before. The stream waits while too much does. */
  #then(bytes: number, work: () => Promise<void>): void {
    this.#waitingBytes += bytes;
    if (this.#waitingBytes > MOST_WAITING_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#options.stream.pause();
    }
    this.#work = this.#work.then(async () => {
      try {
        await work();
      } catch {
        note(this.#notes, 'engine-failed');
        this.#hasFailed = true;
        this.#step({ on: 'failed' });
      }
      this.#waitingBytes -= bytes;
      if (!this.#isPaused || this.#waitingBytes > MOST_WAITING_BYTES / 2) return;
      this.#isPaused = false;
      if (!this.#link.isClosed) this.#options.stream.resume();
    });
  }

  async #load({ table, bytes, records: told }: Extract<ReceiverAction, { do: 'load' }>): Promise<void> {
    const records = this.#options.accept?.(told) ?? told;
    prolong(records, this.#grace);
    const { taken, refused } = await this.#options.engine.loadSessions(records);
    this.#options.origins.note(records);
    this.#taken += taken;
    this.#refused += refused;
    this.#step({ on: 'loaded', table, bytes, taken, refused });
  }

  #begin(): Promise<void> {
    this.#hasFailed = false;
    this.#options.origins.begin();
    return Promise.resolve();
  }

  /** Not beyond our end: the next table tells what has ended until then. */
  async #purge(table: number): Promise<void> {
    if (this.#hasFailed) return;
    const { engine, origins } = this.#options;
    let cursor = 0n;
    do {
      const page = await engine.sessions(cursor, PAGE);
      if (this.#link.isClosed) return;
      const stale = origins.stale(page.records);
      if (stale.length > 0) await engine.loadSessions(stale);
      note(this.#notes, 'purged', stale.length / SESSION_RECORD_BYTES);
      cursor = page.next;
    } while (cursor !== 0n);
    origins.finish();
    if (table === this.#state.table) this.#isWhole = true;
  }
}
