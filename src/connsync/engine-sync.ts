import type { SyncEngine } from '../dataplane/session-sync.js';
import { type SessionsChanged, topic } from '../dataplane/protocol.js';
import type { SessionRecord } from '../dataplane/session-record.js';
import type { SyncDaemon } from '../ipvs/rows.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { TakenSessions } from './engine-echo.js';
import type { SessionPlace } from './engine-records.js';
import { EngineTaker, newTakerCounts, type TakerCounts } from './engine-taker.js';
import { count, EngineTeller, newTellerCounts, type TellerCounts } from './engine-teller.js';

/** Of lvs_sync_daemon; absent numbers are the kernel's. */
export type SyncGroupSettings = Omit<SyncDaemon, 'state'>;

/** The group on its interface: addon/multicast.ts. */
export interface SyncGroup {
  /** @throws errno */
  send(message: Uint8Array): void;
  /** Its interface is gone, or another one. */
  isLost(): boolean;
  close(): void;
}

/** @throws errno */
export type OpenSyncGroup = (
  order: { readonly group: string; readonly interface: string; readonly port: number; readonly ttl: number },
  events: { message(bytes: Uint8Array): void; error(error: Error): void },
) => SyncGroup;

export interface EngineSyncOptions {
  readonly settings: SyncGroupSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** A connection of its own to the engine that runs. @throws LvsError ENGINE_ABSENT: none does */
  readonly connect: (events: {
    readonly onSessions: (change: SessionsChanged) => void;
    readonly onEnd: () => void;
  }) => Promise<SyncEngine>;
  readonly openGroup: OpenSyncGroup;
  readonly place: (session: SessionRecord) => SessionPlace | undefined;
}

/** What it is to do, as the states of the kernel's daemons: without a VRRP instance both. */
export interface SyncRoles {
  readonly master: boolean;
  readonly backup: boolean;
}

export interface EngineSyncStatus {
  readonly settings: Required<SyncGroupSettings>;
  readonly roles: SyncRoles;
  /** There is an engine, and the group is open. */
  readonly isRunning: boolean;
  /** Why not, if that is no matter of course. */
  readonly trouble: string | undefined;
  readonly told: TellerCounts;
  readonly taken: TakerCounts;
}

const DEFAULT_GROUP = '224.0.0.81';
const DEFAULT_PORT = 8848;
/** What a frame of 1500 bytes has room for behind the headers of IP and UDP: the kernel's. */
const ROOM = { ip4: 1472, ip6: 1452 } as const;
const RETRY_MS = 1000;
const WATCH_MS = 2000;
/** What was refused is in the log so often at most. */
const COMPLAIN_MS = 60_000;

export const withDefaults = (settings: SyncGroupSettings): Required<SyncGroupSettings> => {
  const group = settings.group ?? DEFAULT_GROUP;
  return {
    port: DEFAULT_PORT,
    ttl: 1,
    maxLength: group.includes(':') ? ROOM.ip6 : ROOM.ip4,
    ...settings,
    group,
  };
};

interface Running {
  readonly engine: SyncEngine;
  readonly group: SyncGroup;
  teller: EngineTeller | undefined;
  taker: EngineTaker | undefined;
}

/**
 * The sync daemons of the userspace engine: what the kernel's are for IPVS, in the same words on the same group, so that either may stand by for
 * the other. It works while an engine runs and the interface is there, and looks for them while they are not.
 */
export class EngineSync {
  readonly #options: EngineSyncOptions;
  readonly #settings: Required<SyncGroupSettings>;
  readonly #timers: Timers<'retry' | 'watch' | 'complain'>;
  readonly #told = newTellerCounts();
  readonly #taken = newTakerCounts();
  readonly #others = new TakenSessions();
  #roles: SyncRoles = { master: false, backup: true };
  #running: Running | undefined;
  /** Each attempt is another one: what an earlier one tells late is nothing. */
  #attempt = 0;
  #trouble: string | undefined;
  #complained = 0;
  #closed = false;

  constructor(options: EngineSyncOptions) {
    this.#options = options;
    this.#settings = withDefaults(options.settings);
    this.#timers = new Timers(options.clock);
  }

  open(): void {
    void this.#begin();
  }

  /** What it does from now on. */
  follow(roles: SyncRoles): void {
    const before = this.#roles;
    if (before.master === roles.master && before.backup === roles.backup) return;
    this.#roles = roles;
    if (this.#running !== undefined) this.#work(this.#running);
  }

  status(): EngineSyncStatus {
    return {
      settings: this.#settings,
      roles: this.#roles,
      isRunning: this.#running !== undefined,
      trouble: this.#trouble,
      told: this.#told,
      taken: this.#taken,
    };
  }

  /** What was heard is in the engine when it resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    const taker = this.#running?.taker;
    this.#running?.group.close();
    this.#running?.teller?.close();
    await taker?.close();
    this.#end();
  }

  async #begin(): Promise<void> {
    const attempt = ++this.#attempt;
    const isCurrent = (): boolean => attempt === this.#attempt && !this.#closed;
    let engine: SyncEngine | undefined;
    try {
      engine = await this.#options.connect({
        onSessions: (change) => {
          if (isCurrent()) this.#running?.teller?.changed(change);
        },
        onEnd: () => {
          if (isCurrent()) this.#again();
        },
      });
      if (isCurrent()) await engine.follow(topic.sessionChanges);
    } catch {
      engine?.close();
      engine = undefined; // where no service needs one there is none
    }
    if (!isCurrent()) {
      engine?.close();
      return;
    }
    if (engine === undefined) {
      this.#again();
      return;
    }
    try {
      this.#start(engine, this.#openGroup());
    } catch (error) {
      engine.close();
      this.#complain(reasonOf(error));
      this.#again();
    }
  }

  #openGroup(): SyncGroup {
    const { group, interface: name, port, ttl } = this.#settings;
    return this.#options.openGroup(
      { group, interface: name, port, ttl },
      {
        message: (bytes) => this.#running?.taker?.message(bytes),
        error: (error) => count(this.#told.failed, (error as NodeJS.ErrnoException).code ?? 'unknown'),
      },
    );
  }

  #start(engine: SyncEngine, group: SyncGroup): void {
    this.#trouble = undefined;
    this.#running = { engine, group, teller: undefined, taker: undefined };
    this.#work(this.#running);
    this.#watch();
  }

  /** Lets those work that the roles want. */
  #work(running: Running): void {
    const { master, backup } = this.#roles;
    const { interface: name, group, port, syncId } = this.#settings;
    this.#options.log.info({ event: 'engine.sync-role', master, backup, interface: name, group, port, syncId });
    if (!backup && running.taker !== undefined) {
      void running.taker.close();
      running.taker = undefined;
    }
    if (!master) running.teller?.close();
    running.teller = master ? (running.teller ?? this.#newTeller(running)) : undefined;
    if (backup) running.taker ??= this.#newTaker(running);
  }

  #newTeller({ engine, group }: Running): EngineTeller {
    const { clock, place } = this.#options;
    const { syncId, maxLength } = this.#settings;
    return new EngineTeller({
      clock,
      engine,
      place,
      syncId,
      maxLength,
      send: (message) => group.send(message),
      isEcho: (session) => this.#roles.backup && this.#others.has(session, clock.now()),
      counts: this.#told,
      onLost: () => this.#lose(engine),
    });
  }

  #newTaker({ engine }: Running): EngineTaker {
    const { clock } = this.#options;
    return new EngineTaker({
      clock,
      engine,
      syncId: this.#settings.syncId,
      counts: this.#taken,
      onTaken: (session) => {
        if (this.#roles.master) this.#others.note(session, clock.now());
      },
      onLost: () => this.#lose(engine),
    });
  }

  #watch(): void {
    this.#timers.arm('watch', WATCH_MS, () => {
      if (this.#running?.group.isLost() === true) {
        this.#complain(`interface ${this.#settings.interface} is gone`);
        return this.#again();
      }
      this.#tellRefused();
      this.#watch();
    });
  }

  #tellRefused(): void {
    const refused = [...this.#taken.refused].filter(([why]) => why !== 'not-here');
    const sum = refused.reduce((all, [, by]) => all + by, 0);
    if (sum === this.#complained || this.#timers.isArmed('complain')) return;
    this.#complained = sum;
    this.#timers.arm('complain', COMPLAIN_MS, () => undefined);
    this.#options.log.warn({ event: 'engine.sync-refused', refused: Object.fromEntries(refused) });
  }

  /** It may have been lost before, and there is another one. */
  #lose(engine: SyncEngine): void {
    if (this.#running?.engine === engine) this.#again();
  }

  #again(): void {
    this.#end();
    if (!this.#closed) this.#timers.arm('retry', RETRY_MS, () => void this.#begin());
  }

  #end(): void {
    this.#attempt++;
    this.#timers.disarmAll();
    const running = this.#running;
    this.#running = undefined;
    running?.teller?.close();
    void running?.taker?.close();
    running?.group.close();
    running?.engine.close();
  }

  #complain(reason: string): void {
    if (this.#trouble === reason) return;
    this.#trouble = reason;
    this.#options.log.error({ event: 'engine.sync-not-running', reason });
  }
}
