import type { Duplex } from 'node:stream';
import type { ConnectionTable } from '../connsync/table-file.js';
import type { EngineClient, EngineEvents } from '../dataplane/client.js';
import { LvsError } from '../errors.js';
import { type ChannelHello, refuseChannel } from '../pair/channel.js';
import type { PeerAnswer, PeerQuestion } from '../pair/questions.js';
import type { SecureNetwork } from '../pair/secure.js';
import { isSyncReport, type PairSeen, type SyncReport } from '../pair/sync-report.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import type { IdleProcessors } from '../system/processors.js';
import type { Random } from '../system/random.js';
import type { StateFile } from '../system/state-file.js';
import { Timers } from '../system/timers.js';
import type { Role } from '../vrrp/machine-types.js';
import type { BoardNews } from './board.js';
import { NewsFollower } from './news-follower.js';
import { secretOf } from './pair-key.js';
import { PeerQuestions } from './peer-questions.js';
import { SyncConnections, type SyncConnectionsOptions } from './sync-connections.js';
import type { SyncOrder, WaitingQuestion } from './sync-order.js';
import { SyncPeer } from './sync-peer.js';
import { SyncSessions } from './sync-sessions.js';
import { Share } from './sync-share.js';
import { verdictOf } from './sync-wait.js';

export interface SyncHolderOptions extends Pick<SyncConnectionsOptions, 'kernel' | 'openSink' | 'lostMessages'> {
  readonly network: SecureNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly table: ConnectionTable;
  readonly idle?: IdleProcessors | undefined;
  readonly connectEngine: (events: Pick<EngineEvents, 'onSessions' | 'onEnd'>) => Promise<EngineClient>;
  /** Of the process that holds the addresses: it rejects while that one is not there. */
  readonly roles: (known: number) => Promise<BoardNews<Role>>;
  /** Tells it that nobody has to wait any more. */
  readonly tellSynced: (why: string) => Promise<void>;
  /** What is here already, for the process that comes after a kill -9. */
  readonly memory: Pick<StateFile, 'read' | 'write' | 'remove'>;
  readonly bootId: string;
}

/** What is known in this boot. */
interface Memory {
  readonly bootId: string;
  /** The kernel's connections have come. */
  readonly connections: boolean;
  /** The engine that has its sessions. */
  readonly engine: string | undefined;
}

/** A question that the processes themselves answer. */
const REPORT = 'sync-report';
const REPORT_MS = 1000;
const LOOK_MS = 500;
/** Changes of the other one's presence that are shorter need no second look at its connections. */
const AWAY_MS = 3000;

/** Everything of the process `lvsd sync` but its socket. */
export class SyncHolder {
  readonly #options: SyncHolderOptions;
  readonly #timers: Timers<'look'>;
  readonly #questions: PeerQuestions;
  readonly #roles: NewsFollower<Role>;
  #memory: Memory;
  #connections: SyncConnections | undefined;
  #sessions: SyncSessions | undefined;
  #order: SyncOrder | undefined;
  #known: Readonly<Record<string, Role>> = {};
  #peer: SyncPeer | undefined;
  #peerSettings = '';
  #awaySinceMs: number | undefined;
  #waitsFor: string | null = 'the other director';
  /** To which process of the addresses it was told: none is told twice. */
  #isTold = false;

  constructor(options: SyncHolderOptions) {
    const { clock, bootId } = options;
    this.#options = options;
    this.#timers = new Timers(clock);
    this.#questions = new PeerQuestions(clock);
    this.#memory = { bootId, connections: false, engine: undefined };
    this.#roles = new NewsFollower({
      clock,
      ask: (known) => this.#askRoles(known),
      take: (known) => this.#takeRoles(known),
    });
  }

  /** Takes a configuration. @throws LvsError PAIR_KEY: nothing was changed */
  async follow(order: SyncOrder): Promise<void> {
    const secret = secretOf(order.pair.key);
    if (this.#connections === undefined) await this.#begin();
    this.#order = order;
    this.#share();
    this.#connections?.follow(order.syncDaemon, order.usesKernel);
    this.#connectPeer(order, secret); // from now on it is looked what is missing
    // without virtual routers there is nobody to ask
    if (order.routers.length > 0) this.#roles.follow();
    else this.#roles.leave();
  }

  /** Both sides. */
  async report(): Promise<NonNullable<PairSeen['sync']>> {
    const [ours, theirs] = await Promise.all([this.#report(), this.#askReport()]);
    return { ours, theirs };
  }

  /** @throws LvsError ENGINE_ABSENT and others of an engine that has ended */
  async restore(): Promise<void> {
    await this.#sessions?.restore();
  }

  /** @throws LvsError PAIR_REFUSED */
  ask(question: PeerQuestion, withinMs: number): Promise<PeerAnswer> {
    if (this.#peer === undefined) throw new LvsError('PAIR_NOBODY', []);
    return this.#peer.ask(question, withinMs);
  }

  /** What the other director asks ours; null: nothing, for some seconds. */
  nextQuestion(): Promise<WaitingQuestion | null> {
    return this.#questions.next();
  }

  answer(id: number, answer: PeerAnswer): void {
    this.#questions.answer(id, answer);
  }

  /** For good: who comes next begins from the start. What has come is where it belongs when it resolves. */
  async stop(): Promise<void> {
    this.#timers.disarmAll();
    this.#roles.leave();
    this.#peer?.close();
    this.#peer = undefined;
    this.#questions.close();
    this.#connections?.close();
    await this.#sessions?.close();
    await this.#options.memory.remove();
  }

  async #begin(): Promise<void> {
    const { clock, random, log, kernel, table, idle, openSink, lostMessages, connectEngine } = this.#options;
    this.#memory = await this.#recall();
    const common = { clock, random, log, peer: () => this.#peer, changed: () => this.#look() };
    this.#connections = new SyncConnections(
      { ...common, kernel, table, idle, openSink, lostMessages, onWhole: () => this.#remember({ connections: true }) },
      this.#memory.connections,
    );
    this.#sessions = new SyncSessions(
      { ...common, connect: connectEngine, onWhole: (engine) => this.#remember({ engine }) },
      this.#memory.engine,
    );
    this.#lookOn();
  }

  #connectPeer({ pair }: SyncOrder, secret: Uint8Array): void {
    const { network, clock, random, log } = this.#options;
    const settings = JSON.stringify([pair.peer, pair.port, pair.source, Buffer.from(secret).toString('hex')]);
    if (this.#peer !== undefined && settings === this.#peerSettings) return;
    this.#peer?.close();
    this.#peerSettings = settings;
    this.#peer = new SyncPeer({
      settings: pair,
      secret,
      network,
      clock,
      random,
      log,
      answer: (question) => this.#answer(question),
      called: (line, hello) => this.#called(line, hello),
      changed: () => this.#peerChanged(),
    });
    this.#peer.open();
  }

  #called(line: Duplex, hello: ChannelHello): void {
    const owner = hello.channel === 'connections' ? this.#connections : this.#sessions;
    if (owner === undefined) refuseChannel(line, 'it is starting');
    else void owner.give(line, hello);
  }

  #answer(question: PeerQuestion): Promise<PeerAnswer> {
    if (question.do !== REPORT) return this.#questions.post(question);
    return this.#report().then((result) => ({ ok: true, result }));
  }

  #peerChanged(): void {
    const { clock } = this.#options;
    if (this.#peer?.isConnected === true) {
      const awayMs = this.#awaySinceMs === undefined ? 0 : clock.now() - this.#awaySinceMs;
      this.#awaySinceMs = undefined;
      if (awayMs >= AWAY_MS) this.#connections?.demand(); // what its kernel told meanwhile was not heard
    } else this.#awaySinceMs ??= clock.now();
    this.#connections?.look();
    this.#sessions?.look();
    this.#look();
  }

  // ---------------------------------------------------------------- roles, and who waits for us

  async #askRoles(known: number): Promise<BoardNews<Role>> {
    try {
      return await this.#options.roles(known);
    } catch (error) {
      this.#isTold = false; // the next process knows nothing of it
      throw error;
    }
  }

  #takeRoles(known: Readonly<Record<string, Role>>): void {
    const isMaster = (roles: typeof known): boolean => Object.values(roles).includes('master');
    const wasMaster = isMaster(this.#known);
    this.#known = known;
    this.#share();
    // the other one has gone on while our kernel told and did not hear
    if (wasMaster && !isMaster(known)) this.#connections?.demand();
    else this.#connections?.look();
    this.#look();
  }

  #share(): void {
    if (this.#order === undefined) return;
    this.#sessions?.follow(new Share(this.#order.routers, this.#known), this.#order.usesEngine);
  }

  #lookOn(): void {
    this.#timers.arm('look', LOOK_MS, () => {
      this.#lookOn();
      this.#look();
    });
  }

  #look(): void {
    const [peer, connections, sessions] = [this.#peer, this.#connections, this.#sessions];
    if (peer === undefined || connections === undefined || sessions === undefined) return;
    const verdict = verdictOf({ peer: peer.report(), parts: [connections.part, sessions.part] });
    this.#waitsFor = verdict.is === 'wait' ? verdict.for : null;
    if (verdict.is === 'go' && !this.#isTold) void this.#tell(verdict.why);
  }

  async #tell(why: string): Promise<void> {
    this.#isTold = true;
    await this.#options.tellSynced(why).catch(() => (this.#isTold = false));
  }

  // ---------------------------------------------------------------- what is seen and remembered

  async #report(): Promise<SyncReport> {
    const [peer, connections, sessions] = [this.#peer, this.#connections, this.#sessions];
    if (peer === undefined || connections === undefined || sessions === undefined)
      throw new LvsError('PAIR_NOBODY', []);
    return {
      peer: peer.report(),
      connections: await connections.report(),
      sessions: sessions.report(),
      waitsFor: this.#waitsFor,
    };
  }

  async #askReport(): Promise<SyncReport | null> {
    try {
      const answer = await this.ask({ do: REPORT }, REPORT_MS);
      return answer.ok && isSyncReport(answer.result) ? answer.result : null;
    } catch (error) {
      if (error instanceof LvsError) return null;
      throw error;
    }
  }

  async #recall(): Promise<Memory> {
    const { memory, bootId } = this.#options;
    const nothing: Memory = { bootId, connections: false, engine: undefined };
    try {
      const told = JSON.parse((await memory.read()) ?? 'null') as Partial<Memory> | null;
      if (told?.bootId !== bootId) return nothing;
      return { bootId, connections: told.connections === true, engine: told.engine };
    } catch {
      return nothing; // then it is asked for once more
    }
  }

  #remember(news: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...news };
    this.#options.memory.write(JSON.stringify(this.#memory)).catch((error: unknown) => {
      this.#options.log.warn({ event: 'sync.not-remembered', reason: reasonOf(error) });
    });
  }
}
