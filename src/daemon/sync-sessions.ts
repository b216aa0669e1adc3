import type { Duplex } from 'node:stream';
import type { EngineEvents } from '../dataplane/client.js';
import { SyncReceiver, SyncSender } from '../dataplane/session-sync.js';
import { streamOf } from '../dataplane/sync-link.js';
import { SessionOrigins } from '../dataplane/sync-origins.js';
import { isLvsError } from '../errors.js';
import { type ChannelHello, grantChannel, refuseChannel } from '../pair/channel.js';
import type { SessionsReport } from '../pair/sync-report.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import type { Random } from '../system/random.js';
import { Timers } from '../system/timers.js';
import type { SyncPeer } from './sync-peer.js';
import { engineIdentity, type SyncedEngine, SyncRestore } from './sync-restore.js';
import type { Share } from './sync-share.js';
import type { Part } from './sync-wait.js';

export interface SyncSessionsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly peer: () => Pick<SyncPeer, 'call' | 'isConnected'> | undefined;
  /** @throws LvsError ENGINE_ABSENT */
  readonly connect: (events: Pick<EngineEvents, 'onSessions' | 'onEnd'>) => Promise<SyncedEngine>;
  /** This engine has all there was to be had: who comes after us in this boot need not ask for it again. */
  readonly onWhole: (engine: string) => void;
  readonly changed: () => void;
}

const LOOK_MS = 1000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;
/** Whoever waits for them waits no longer when the other one has refused so often in a row. */
const HOPELESS = 3;
/** Of whom we know that the other one told them: 12 bytes each, twice. */
const MOST_ORIGINS = 8_000_000;

/** Something under way that ends by itself, or is ended. */
interface Taking {
  readonly receiver: SyncReceiver;
  readonly engine: SyncedEngine;
  readonly which: string;
}

interface Giving {
  readonly sender: SyncSender;
  readonly line: Duplex;
  confirmedMs: number;
}

/**
 * The userspace engine's sessions. What this director is not master of is taken from the other one, what it is master of is given; where each is
 * master of something both go on side by side. Before a change of roles both end, so that what ends at the other does not end here.
 *
 * An engine that has just been started has no sessions: before it gives any it asks for those that the other one still has of it.
 */
export class SyncSessions {
  readonly #options: SyncSessionsOptions;
  readonly #timers: Timers<'look' | 'take'>;
  readonly #restore: SyncRestore;
  #share: Share | undefined;
  #usesEngine = false;
  #origins: SessionOrigins;
  /** Whose sessions they are: another engine, or one that is master of something else, ends nothing of what the one before told. */
  #originsOf = '';
  #taking: Taking | undefined;
  /** What was taken before is in its engine. */
  #settled: Promise<void> = Promise.resolve();
  #isCalling = false;
  #giving: Giving | undefined;
  /** Why nothing is taken. */
  #why: string | null = null;
  /** How often the other one has refused, one time after the other. */
  #refusals = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #toldWhole = false;
  #isClosed = false;

  /** @param wholeEngine that has all there was to be had, in this boot */
  constructor(options: SyncSessionsOptions, wholeEngine: string | undefined) {
    this.#options = options;
    const { clock, log, connect, onWhole } = options;
    this.#restore = new SyncRestore(
      {
        clock,
        log,
        connect: () => connect({}),
        call: async () => (await this.#call({ channel: 'sessions', restore: true })).line,
        newOrigins: () => this.#newOrigins(),
        onWhole,
      },
      wholeEngine,
    );
    this.#timers = new Timers(options.clock);
    this.#origins = this.#newOrigins();
    this.#watch();
  }

  /** Another configuration, or other roles. */
  follow(share: Share, usesEngine: boolean): void {
    this.#usesEngine = usesEngine;
    if (this.#share?.isSame(share) === true) return;
    this.#share = share;
    this.#endTaking();
    this.#endGiving();
    this.#forget();
    this.#pauseMs = FIRST_PAUSE_MS;
    this.look();
  }

  get part(): Part {
    if (!this.#usesEngine || this.#isWhole) return { is: 'here' };
    if (this.#refusals >= HOPELESS) return { is: 'hopeless', why: `the engine's sessions: ${this.#why ?? ''}` };
    return { is: 'missing', what: "the engine's sessions" };
  }

  /** Begins to take if it can. */
  look(): void {
    const share = this.#share;
    if (this.#isClosed || share === undefined || this.#taking !== undefined || this.#isCalling) return;
    if (share.isMasterOfAll) {
      this.#why = 'this director is master: the sessions are its own';
      return;
    }
    if (this.#options.peer()?.isConnected !== true || this.#timers.isArmed('take')) return;
    void this.#take(share);
  }

  /** The other one asks for ours; `restore`: for those that are its own, its engine lost them. */
  async give(line: Duplex, hello: ChannelHello): Promise<void> {
    const isRestore = hello['restore'] === true;
    const share = this.#share;
    let told: Pick<EngineEvents, 'onSessions' | 'onEnd'> | undefined;
    let engine: SyncedEngine | undefined;
    try {
      if (share === undefined || (share.masters.length === 0 && !isRestore)) {
        refuseChannel(line, 'it is master of nothing');
        return;
      }
      engine = await this.#options.connect({
        onSessions: (change) => told?.onSessions?.(change),
        onEnd: () => {
          told?.onEnd?.();
          line.destroy(); // the next engine has other sessions: the other one asks again
        },
      });
      const which = engineIdentity(await engine.hello());
      if (!isRestore && !this.#restore.isWhole(which)) {
        engine.close();
        refuseChannel(line, 'its engine was just started, and asks for its sessions first');
        await this.#restore.restore(which);
        return;
      }
      if (line.destroyed || this.#isClosed || share !== this.#share) throw new Error('it is too late');
      if (!isRestore) this.#endGiving();
      grantChannel(line, { of: `${which} ${share.masters.join(' ')}` });
      this.#send(line, engine, { share, isRestore, tell: (events) => (told = events) });
    } catch (error) {
      engine?.close();
      if (!line.destroyed && isLvsError(error, 'ENGINE_ABSENT')) refuseChannel(line, 'no engine runs there');
      else line.destroy();
    }
  }

  /** An engine was just started that has our services, and takes no packet yet: it gets what the other one still has of ours, if it was not asked. */
  async restore(): Promise<void> {
    if (this.#isClosed || this.#share === undefined || this.#share.masters.length === 0) return;
    const engine = await this.#options.connect({});
    const which = await engine
      .hello()
      .then(engineIdentity)
      .finally(() => engine.close());
    await this.#restore.restore(which);
  }

  report(): SessionsReport {
    const { clock } = this.#options;
    const taking = this.#taking?.receiver.status();
    const giving = this.#giving;
    const gives = giving?.sender.status();
    return {
      takes:
        taking === undefined
          ? null
          : { phase: taking.phase, isWhole: taking.isWhole, taken: taking.taken, refused: taking.refused },
      why: taking === undefined && this.#usesEngine ? this.#why : null,
      gives:
        giving === undefined || gives === undefined
          ? null
          : {
              phase: gives.phase,
              taken: gives.taken,
              refused: gives.refused,
              unconfirmedBytes: gives.unconfirmedBytes,
              confirmedMsAgo: gives.unconfirmedBytes === 0 ? 0 : clock.now() - giving.confirmedMs,
            },
    };
  }

  /** What has come is in the engine when it resolves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#restore.close();
    this.#timers.disarmAll();
    this.#endTaking();
    this.#endGiving();
    await this.#settled;
  }

  get #isWhole(): boolean {
    return this.#taking?.receiver.status().isWhole === true || this.#share?.isMasterOfAll === true;
  }

  #newOrigins(): SessionOrigins {
    const word = (): number => Math.floor(this.#options.random.next() * 2 ** 32);
    return new SessionOrigins(MOST_ORIGINS, [word(), word()]);
  }

  #forget(): void {
    this.#origins = this.#newOrigins();
    this.#originsOf = '';
  }

  /** Each second: an engine may be there now, and what was confirmed is noted. */
  #watch(): void {
    this.#timers.arm('look', LOOK_MS, () => {
      this.#watch();
      const { clock, log, changed } = this.#options;
      if (this.#giving?.sender.status().unconfirmedBytes === 0) this.#giving.confirmedMs = clock.now();
      const taking = this.#taking?.receiver.status();
      if (taking?.isWhole === true && !this.#toldWhole) {
        this.#toldWhole = true;
        log.info({ event: 'pair.sync-sessions', taken: taking.taken, refused: taking.refused });
        this.#restore.hasAll(this.#taking?.which ?? '');
        changed();
      }
      this.look();
    });
  }

  // ---------------------------------------------------------------- taking

  async #take(share: Share): Promise<void> {
    this.#isCalling = true;
    let engine: SyncedEngine | undefined;
    try {
      engine = await this.#options.connect({ onEnd: () => this.#lost(engine) });
      const which = engineIdentity(await engine.hello());
      // it would refuse all sessions
      if ((await engine.services()) === undefined) throw new Error('the engine has no services yet');
      const { line, of } = await this.#call({ channel: 'sessions' });
      if (this.#isClosed || share !== this.#share) {
        line.destroy();
        throw new Error('roles have changed');
      }
      const whose = `${which} from ${of}`;
      if (whose !== this.#originsOf) this.#origins = this.#newOrigins();
      this.#originsOf = whose;
      this.#toldWhole = false;
      const receiver: SyncReceiver = this.#receive(line, engine, {
        accept: (records) => share.accepted(records),
        origins: this.#origins,
        onEnd: () => {
          if (this.#taking?.receiver !== receiver) return;
          this.#endTaking();
          this.#again(FIRST_PAUSE_MS);
        },
      });
      this.#taking = { receiver, engine, which };
      this.#why = null;
      this.#refusals = 0;
      this.#pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      engine?.close();
      this.#why = isLvsError(error, 'ENGINE_ABSENT') ? 'no engine runs here' : reasonOf(error);
      this.#refusals = isLvsError(error, 'SYNC_REFUSED') ? this.#refusals + 1 : 0;
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      this.#again(this.#pauseMs);
    } finally {
      this.#isCalling = false;
      this.#options.changed();
    }
  }

  #receive(
    line: Duplex,
    engine: SyncedEngine,
    more: Pick<ConstructorParameters<typeof SyncReceiver>[0], 'accept' | 'origins' | 'onEnd'>,
  ): SyncReceiver {
    return new SyncReceiver({
      stream: streamOf(line),
      clock: this.#options.clock,
      engine,
      after: this.#settled,
      ...more,
    });
  }

  async #call(hello: ChannelHello): Promise<{ readonly line: Duplex; readonly of: string }> {
    const peer = this.#options.peer();
    if (peer === undefined) throw new Error('there is no other director');
    const { line, words } = await peer.call(hello);
    return { line, of: typeof words['of'] === 'string' ? words['of'] : '' };
  }

  /** Our engine has ended: the next one knows nothing of what came. */
  #lost(engine: SyncedEngine | undefined): void {
    if (engine === undefined || this.#taking?.engine !== engine) return;
    this.#endTaking();
    this.#forget();
    this.#again(FIRST_PAUSE_MS);
  }

  #endTaking(): void {
    const taking = this.#taking;
    if (taking === undefined) return;
    this.#taking = undefined;
    taking.receiver.close();
    this.#settled = taking.receiver.settled();
    void this.#settled.then(() => taking.engine.close());
  }

  #again(pauseMs: number): void {
    if (!this.#isClosed) this.#timers.arm('take', pauseMs, () => this.look());
  }

  // ---------------------------------------------------------------- giving

  #send(
    line: Duplex,
    engine: SyncedEngine,
    {
      share,
      isRestore,
      tell,
    }: {
      readonly share: Share;
      readonly isRestore: boolean;
      readonly tell: (events: Pick<EngineEvents, 'onSessions' | 'onEnd'>) => void;
    },
  ): void {
    const { clock } = this.#options;
    const given = (records: Uint8Array): Uint8Array => (isRestore ? records : share.given(records, this.#origins));
    let isUsed = false;
    const sender: SyncSender = new SyncSender({
      stream: streamOf(line),
      clock,
      connect: (events) => {
        if (isUsed) return Promise.reject(new Error('another engine is another table'));
        isUsed = true;
        tell({
          onSessions: ({ lost, records }) => events.onSessions({ lost, records: given(records) }),
          onEnd: events.onEnd,
        });
        return Promise.resolve({
          sessions: async (cursor, most) => {
            const { next, records } = await engine.sessions(cursor, most);
            return { next, records: given(records) };
          },
          loadSessions: (records) => engine.loadSessions(records),
          follow: (topics) => engine.follow(topics),
          close: () => engine.close(),
        });
      },
      onEnd: () => {
        if (this.#giving?.sender === sender) this.#giving = undefined;
      },
    });
    if (!isRestore) this.#giving = { sender, line, confirmedMs: clock.now() };
  }

  #endGiving(): void {
    this.#giving?.sender.close();
    this.#giving?.line.destroy();
    this.#giving = undefined;
  }
}
