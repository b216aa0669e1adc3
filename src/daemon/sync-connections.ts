import type { Duplex } from 'node:stream';
import type { SyncDaemonSettings } from '../config/configuration.js';
import type { MessageSink } from '../connsync/backup-daemon.js';
import type { ReplayReport } from '../connsync/lines.js';
import { takeConnections } from '../connsync/newcomer.js';
import { defaultPace, giveConnections } from '../connsync/running.js';
import type { ConnectionTable } from '../connsync/table-file.js';
import { LvsError } from '../errors.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { SyncDaemon } from '../ipvs/rows.js';
import { type ChannelHello, grantChannel, refuseChannel } from '../pair/channel.js';
import type { ConnectionsReport, ResyncReport } from '../pair/sync-report.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import type { IdleProcessors } from '../system/processors.js';
import type { Random } from '../system/random.js';
import { Timers } from '../system/timers.js';
import type { SyncPeer } from './sync-peer.js';
import type { Part } from './sync-wait.js';

export interface SyncConnectionsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly peer: () => Pick<SyncPeer, 'call' | 'isConnected'> | undefined;
  /** @throws LvsError IPVS_UNAVAILABLE where the kernel has no IPVS */
  readonly kernel: () => Promise<Pick<IpvsClient, 'daemons' | 'list'>>;
  readonly table: ConnectionTable;
  /** What the processors of this machine have to spare while the table is given. */
  readonly idle?: IdleProcessors | undefined;
  readonly openSink: (daemon: SyncDaemon) => Promise<MessageSink>;
  /** Lost at the door of that daemon; undefined: nobody knows. */
  readonly lostMessages: (daemon: SyncDaemon) => number | undefined;
  /** All of the other's connections have come, for the first time in this boot. */
  readonly onWhole: () => void;
  readonly changed: () => void;
}

/** Until what failed is tried again: at first, and at most. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Until it is looked whether a kernel that tells its connections hears those of others again. */
const MASTER_LOOK_MS = 2000;
/** Whoever waits for it waits no longer when it failed so often in a row. */
const HOPELESS = 3;

type State =
  | { readonly is: 'off'; readonly why: string | null }
  | { readonly is: 'due'; readonly why: string }
  | { readonly is: 'running'; readonly sinceMs: number; readonly messages: number }
  | { readonly is: 'done' }
  | { readonly is: 'failed'; readonly why: string };

interface Ended extends Pick<ReplayReport, 'connections' | 'sent' | 'missing' | 'untold'> {
  readonly atMs: number;
  readonly tookMs: number;
}

/**
 * The kernel's connections. Whoever joins takes all of them from the other one, and gives its own to it when it is asked; both may be at once.
 * What changes after that is told by the kernel's own sync daemons, so those must run.
 */
export class SyncConnections {
  readonly #options: SyncConnectionsOptions;
  readonly #timers: Timers<'again'>;
  #settings: SyncDaemonSettings | undefined;
  #usesKernel = false;
  #state: State = { is: 'off', why: null };
  /** It is to be done; set again while it is being done, it is done again. */
  #isDue = true;
  #failures = 0;
  #taken: Ended | undefined;
  #given: Ended | undefined;
  #taking: Duplex | undefined;
  #giving: Duplex | undefined;
  #isClosed = false;

  /** @param isWhole they came before, in this boot */
  constructor(options: SyncConnectionsOptions, isWhole: boolean) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#isDue = !isWhole;
  }

  follow(settings: SyncDaemonSettings | undefined, usesKernel: boolean): void {
    const isSame = JSON.stringify(settings) === JSON.stringify(this.#settings);
    this.#settings = settings;
    this.#usesKernel = usesKernel;
    if (!isSame) this.#failures = 0;
    this.look();
  }

  /** What of the other is to be had now may be missing here. */
  demand(): void {
    this.#isDue = true;
    this.#failures = 0;
    this.look();
  }

  /** Whoever waits for them. */
  get part(): Part {
    const state = this.#state;
    switch (state.is) {
      case 'off':
      case 'done':
        return { is: 'here' };
      case 'failed':
        return this.#failures >= HOPELESS
          ? { is: 'hopeless', why: state.why }
          : { is: 'missing', what: `the kernel's connections (${state.why})` };
      case 'due':
      case 'running':
        return { is: 'missing', what: "the kernel's connections" };
    }
  }

  /** Begins if it can. */
  look(): void {
    if (this.#isClosed || this.#taking !== undefined || this.#state.is === 'running') return;
    if (this.#settings === undefined) {
      return this.#become({ is: 'off', why: this.#usesKernel ? 'there is no lvs_sync_daemon here' : null });
    }
    if (!this.#isDue)
      return this.#become(this.#taken === undefined ? { is: 'off', why: 'they came before' } : { is: 'done' });
    if (this.#options.peer()?.isConnected !== true)
      return this.#become({ is: 'due', why: 'the other director is not there' });
    if (this.#timers.isArmed('again')) return;
    void this.#take(this.#settings);
  }

  /** The other one asks for ours. */
  async give(line: Duplex, hello: ChannelHello): Promise<void> {
    const { clock, log, kernel, table, idle } = this.#options;
    const beganMs = clock.now();
    try {
      const why = await this.#whyNot(hello);
      if (why !== undefined) {
        refuseChannel(line, why);
        return;
      }
      this.#giving?.destroy(); // it asks again: it has given up the one before
      this.#giving = line;
      grantChannel(line);
      const services = async (): Promise<Awaited<ReturnType<IpvsClient['list']>>> =>
        (await kernel()).list({ statistics: false });
      const report = await giveConnections(line, { clock, table, services, pace: defaultPace, idle });
      this.#given = { ...countsOf(report), atMs: clock.now(), tookMs: clock.now() - beganMs };
      log.info({ event: 'pair.sync-given', ...countsOf(report), tookMs: Math.round(this.#given.tookMs) });
    } catch (error) {
      if (!this.#isClosed && this.#giving === line)
        log.warn({ event: 'pair.sync-failed', what: 'giving connections', reason: reasonOf(error) });
      line.destroy();
    } finally {
      if (this.#giving === line) this.#giving = undefined;
    }
  }

  async report(): Promise<ConnectionsReport> {
    const { clock, lostMessages } = this.#options;
    const daemons = await this.#daemons().catch(() => []);
    const backup = daemons.find(({ state }) => state === 'backup');
    const state = this.#state;
    const age = (ended: Ended | undefined): ResyncReport | null =>
      ended === undefined ? null : { ...countsOf(ended), tookMs: ended.tookMs, msAgo: clock.now() - ended.atMs };
    return {
      is: state.is,
      why: 'why' in state ? state.why : null,
      messages: state.is === 'running' ? state.messages : 0,
      runningForMs: state.is === 'running' ? clock.now() - state.sinceMs : null,
      taken: age(this.#taken),
      given: age(this.#given),
      isGiving: this.#giving !== undefined,
      daemons: daemons.map(({ state: role, interface: at, syncId }) => ({ state: role, interface: at, syncId })),
      lostMessages: backup === undefined ? null : (lostMessages(backup) ?? null),
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#timers.disarmAll();
    this.#taking?.destroy();
    this.#giving?.destroy();
  }

  #become(state: State): void {
    this.#state = state;
    this.#options.changed();
  }

  async #daemons(): Promise<readonly SyncDaemon[]> {
    if (this.#settings === undefined) return [];
    return (await this.#options.kernel()).daemons();
  }

  /** A sentence, told to the other one. */
  async #whyNot({ syncId }: ChannelHello): Promise<string | undefined> {
    const settings = this.#settings;
    if (settings === undefined) return 'it has no lvs_sync_daemon';
    if (syncId !== settings.syncId)
      return `its lvs_sync_daemon has sync id ${settings.syncId}, and ours ${String(syncId)}: neither hears the other`;
    const daemons = await this.#daemons();
    return daemons.some((daemon) => daemon.syncId === settings.syncId)
      ? undefined
      : 'its kernel runs no sync daemon (kernel.setting-refused in its log says why)';
  }

  async #take(settings: SyncDaemonSettings): Promise<void> {
    const { clock, log } = this.#options;
    const sinceMs = clock.now();
    this.#isDue = false;
    this.#become({ is: 'running', sinceMs, messages: 0 });
    try {
      const report = await this.#takeAll(settings, (messages) => {
        this.#state = { is: 'running', sinceMs, messages };
      });
      if (report === 'master') {
        this.#isDue = true; // when it is none any more
        this.#timers.arm('again', MASTER_LOOK_MS, () => this.look());
        this.#become({ is: 'off', why: 'this director is master: the connections are its own' });
        return;
      }
      if (report.missing > 0)
        throw new LvsError('RESYNC_FAILED', [`${report.missing} of ${report.sent} did not arrive`]);
      this.#taken = { ...countsOf(report), atMs: clock.now(), tookMs: clock.now() - sinceMs };
      this.#failures = 0;
      log.info({ event: 'pair.sync-taken', ...countsOf(report), tookMs: Math.round(this.#taken.tookMs) });
      this.#options.onWhole();
      this.#become({ is: 'done' });
    } catch (error) {
      this.#failed(reasonOf(error));
    }
    this.look();
  }

  #failed(why: string): void {
    if (this.#isClosed) return;
    const { log } = this.#options;
    const before = this.#state.is === 'failed' ? this.#state.why : undefined;
    if (this.#failures === 0 && before !== why)
      log.warn({ event: 'pair.sync-failed', what: 'taking connections', reason: why });
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    this.#isDue = true;
    this.#timers.arm('again', pauseMs, () => this.look());
    this.#become({ is: 'failed', why });
  }

  /** `master`: there is nothing to take. @throws LvsError */
  async #takeAll(
    settings: SyncDaemonSettings,
    onProgress: (messages: number) => void,
  ): Promise<ReplayReport | 'master'> {
    const { clock, random, peer, table, openSink } = this.#options;
    const daemons = (await this.#daemons()).filter(({ syncId }) => syncId === settings.syncId);
    const daemon = daemons.find(({ state }) => state === 'backup');
    if (daemon === undefined && daemons.length > 0) return 'master';
    if (daemon === undefined)
      throw new LvsError('RESYNC_FAILED', [`no backup daemon with sync id ${settings.syncId} runs in this kernel`]);
    const other = peer();
    if (other === undefined) throw new LvsError('SYNC_AWAY', ['it is not known any more']);
    const sink = await openSink(daemon);
    try {
      const { line } = await other.call({ channel: 'connections', syncId: settings.syncId });
      this.#taking = line;
      const seed = Math.floor(random.next() * 2 ** 32);
      return await takeConnections({ stream: line, clock, table, daemon, sink, seed, onProgress });
    } finally {
      this.#taking = undefined;
      sink.close();
    }
  }
}

const countsOf = ({
  connections,
  sent,
  missing,
  untold,
}: Omit<Ended, 'atMs' | 'tookMs'>): Omit<Ended, 'atMs' | 'tookMs'> => ({ connections, sent, missing, untold });
