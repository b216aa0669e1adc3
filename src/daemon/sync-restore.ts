import type { Duplex } from 'node:stream';
import type { EngineClient } from '../dataplane/client.js';
import type { Hello } from '../dataplane/protocol.js';
import { SyncReceiver } from '../dataplane/session-sync.js';
import { streamOf } from '../dataplane/sync-link.js';
import type { SessionOrigins } from '../dataplane/sync-origins.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { living } from './sync-share.js';

/** What a sync needs of a connection to an engine. */
export type SyncedEngine = Pick<EngineClient, 'hello' | 'services' | 'sessions' | 'loadSessions' | 'follow' | 'close'>;

export interface SyncRestoreOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** @throws LvsError ENGINE_ABSENT */
  readonly connect: () => Promise<SyncedEngine>;
  /** For all of the other one's sessions that have not ended. @throws LvsError SYNC_AWAY, SYNC_UNTRUSTED, SYNC_REFUSED */
  readonly call: () => Promise<Duplex>;
  readonly newOrigins: () => SessionOrigins;
  /** This engine has all there was to be had: who comes after us in this boot need not ask for it again. */
  readonly onWhole: (engine: string) => void;
}

/** An engine that was just started gets its services from the director before its sessions from the other one. */
const SERVICES_MS = 10_000;
const KNOCK_MS = 50;
/** A table of the other one that has not come by then does not: the engine goes on without. */
const TABLE_MS = 15_000;

/** One process of an engine. */
export const engineIdentity = ({ pid, startedMs }: Pick<Hello, 'pid' | 'startedMs'>): string => `${pid}.${startedMs}`;

/** Gives an engine that has just been started the sessions that are its own and that the other director still has. Once for each engine. */
export class SyncRestore {
  readonly #options: SyncRestoreOptions;
  /** The engine that has all there was to be had. */
  #whole: string | undefined;
  #running: { readonly engine: string; readonly done: Promise<void> } | undefined;
  #isClosed = false;

  /** @param whole in this boot, for a process before us */
  constructor(options: SyncRestoreOptions, whole: string | undefined) {
    this.#options = options;
    this.#whole = whole;
  }

  isWhole(engine: string): boolean {
    return this.#whole === engine;
  }

  /** It has got them in another way. */
  hasAll(engine: string): void {
    if (this.#whole === engine) return;
    this.#whole = engine;
    this.#options.onWhole(engine);
  }

  /** Never rejects: whatever came, it is not asked for twice. */
  restore(engine: string): Promise<void> {
    if (this.isWhole(engine)) return Promise.resolve();
    if (this.#running?.engine === engine) return this.#running.done;
    const done = this.#restore().finally(() => {
      this.#running = undefined;
      this.hasAll(engine);
    });
    this.#running = { engine, done };
    return done;
  }

  close(): void {
    this.#isClosed = true;
  }

  async #restore(): Promise<void> {
    const { clock, log, connect, call, newOrigins } = this.#options;
    let engine: SyncedEngine | undefined;
    try {
      engine = await connect();
      await this.#waitFor(async () => (await engine?.services()) !== undefined, SERVICES_MS);
      let isOver = false;
      const receiver = new SyncReceiver({
        stream: streamOf(await call()),
        clock,
        engine,
        accept: living, // they are ours: a copy of one may end
        origins: newOrigins(),
        onEnd: () => (isOver = true),
      });
      await this.#waitFor(() => Promise.resolve(isOver || receiver.status().isWhole), TABLE_MS);
      receiver.close();
      await receiver.settled();
      const { taken: sessions } = receiver.status();
      if (sessions > 0) log.info({ event: 'pair.sync-restored', sessions });
    } catch (error) {
      log.warn({ event: 'pair.sync-failed', what: "restoring the engine's sessions", reason: reasonOf(error) });
    } finally {
      engine?.close();
    }
  }

  /** Resolves when it is so, or after that time. */
  async #waitFor(isSo: () => Promise<boolean>, mostMs: number): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.now() + mostMs;
    while (!this.#isClosed && clock.now() < endMs && !(await isSo()))
      await new Promise<void>((resolve) => void clock.after(KNOCK_MS, resolve));
  }
}
