import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { SocketPeer } from '../api/accounts.js';
import type { Api } from '../api/schema.js';
import type { ApiPorts } from '../api/server.js';
import type { ApiSettings } from '../config/api.js';
import { type ApiListener, OWNER_MODE } from '../config/api-listen.js';
import { LvsError } from '../errors.js';
import { formatEndpoint } from '../model/address.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import { release } from '../system/release.js';
import { Timers } from '../system/timers.js';
import { readAccountNames } from './account-names.js';
import { ApiAccess } from './api-access.js';
import { AuditTrail } from './api-audit.js';
import { type Door, openDoor } from './api-doors.js';
import { ownDashboard } from './dashboard-files.js';
import { TokenFiles } from './token-files.js';

export interface ApiListenersOptions {
  readonly ports: ApiPorts;
  /** The socket where the file names no place; undefined: none. */
  readonly usualPath: string | undefined;
  /** Who is at the other end of a Unix socket. */
  readonly peerOf: (socket: Socket) => SocketPeer;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly wallMs: () => number;
  readonly log: Log;
}

/** At the end, for answers that are under way. */
const GRACE_MS = 2000;
/** How soon a changed certificate or token is seen, and a place that could not be had is tried again. */
const LOOK_MS = 5000;

/**
 * Owner of the API and its doors. A door opens at once; fastify, which holds everything else for about 0.15 s, is loaded behind it, and not
 * where there is no door.
 */
export class ApiListeners {
  readonly #options: ApiListenersOptions;
  readonly #mailbox = new Mailbox();
  readonly #timers: Timers<'look'>;
  readonly #access: ApiAccess;
  readonly #audit: AuditTrail;
  readonly #tokens: TokenFiles;
  /** By everything that makes a place another one. */
  readonly #open = new Map<string, Door>();
  /** … or tokens, which end. */
  #hasFiles = false;
  #wanted: ReadonlyMap<string, ApiListener> = new Map();
  /** Why a place is not had, as it was told. */
  readonly #told = new Map<string, string>();
  /** Served no more, with requests under way. */
  readonly #ending = new Set<Server>();
  #isStopped = false;
  #isStarted = false;
  #api: Promise<Api> | undefined;
  #ready: Api | undefined;

  constructor(options: ApiListenersOptions) {
    const { clock, wallMs, log } = options;
    const now = (): number => clock.now();
    this.#options = options;
    this.#timers = new Timers(clock);
    this.#access = new ApiAccess({ now, wallMs, uid: process.geteuid?.() ?? 0, log });
    this.#audit = new AuditTrail({ now, wallMs, log });
    this.#tokens = new TokenFiles({ log, onTokens: (tokens) => this.#access.followTokens(tokens) });
  }

  /** Serves where the file says, whom it says. What cannot be had is in the log, and is tried again. Never rejects. */
  async follow(settings: ApiSettings): Promise<void> {
    if (!this.#isStopped) await this.#mailbox.post(() => this.#follow(settings));
  }

  /** The start is over: what answers is loaded now. Whoever asked before had to wait for it. */
  started(): void {
    this.#isStarted = true;
    this.#loadBehindDoors();
  }

  /** Answers what was asked, if that does not take too long. Nothing is served from now on, whatever a reload that is under way wants. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#timers.disarmAll();
    return this.#mailbox.post(() => this.#stop());
  }

  async #follow(settings: ApiSettings): Promise<void> {
    this.#access.follow(settings, await readAccountNames());
    this.#tokens.follow(settings.tokens, settings.tokenFiles);
    this.#audit.follow(settings.audit);
    this.#wanted = new Map(this.#placesOf(settings).map((one) => [keyOf(one), one]));
    this.#hasFiles = hasFiles(settings);
    this.#told.clear();
    for (const [key, door] of [...this.#open]) {
      const still = this.#wanted.get(key);
      if (still === undefined) await this.#close(key, door);
      else door.follow(still);
    }
    await this.#openMissing();
    this.#loadBehindDoors();
    this.#lookLater();
  }

  #placesOf({ listeners }: ApiSettings): readonly ApiListener[] {
    const { usualPath: path } = this.#options;
    if (listeners !== 'usual') return listeners;
    const position = { file: '', line: 0, column: 0 };
    return path === undefined ? [] : [{ at: 'socket', position, path, mode: OWNER_MODE, group: undefined }];
  }

  async #openMissing(): Promise<void> {
    const { log } = this.#options;
    for (const [key, one] of this.#wanted) {
      if (this.#open.has(key)) continue;
      const path = textOf(one);
      try {
        this.#open.set(key, await this.#openDoor(one));
        log.info({ event: 'api.listening', path });
      } catch (error) {
        const { message } = new LvsError('API_SOCKET', [path, reasonOf(error)], { cause: error });
        if (this.#told.get(key) !== message) log.error({ event: 'api.not-listening', path, reason: message });
        this.#told.set(key, message);
      }
    }
  }

  /** Not where nothing can change by itself. */
  #lookLater(): void {
    const hasToLook = this.#hasFiles || [...this.#wanted.keys()].some((key) => !this.#open.has(key));
    if (hasToLook && !this.#isStopped)
      this.#timers.arm('look', LOOK_MS, () => void this.#mailbox.post(() => this.#look()));
    else this.#timers.disarmAll();
  }

  async #look(): Promise<void> {
    if (this.#isStopped) return;
    for (const door of this.#open.values()) door.look();
    this.#tokens.look();
    this.#access.endOthers();
    this.#audit.flush();
    await this.#openMissing();
    this.#lookLater();
  }

  async #stop(): Promise<void> {
    const cancel = this.#options.clock.after(GRACE_MS, () => {
      for (const server of this.#ending) server.closeAllConnections();
    });
    for (const [key, door] of [...this.#open]) await this.#close(key, door);
    await Promise.all([...this.#ending].map(closed));
    cancel();
    await (await this.#api?.catch(() => undefined))?.close();
    this.#audit.close();
  }

  #openDoor(listener: ApiListener): Promise<Door> {
    const { clock, wallMs, peerOf, log } = this.#options;
    const routing = (request: IncomingMessage, response: ServerResponse): void => {
      if (this.#ready !== undefined) return this.#ready.routing(request, response);
      this.#loaded().then(
        (api) => api.routing(request, response),
        () => response.destroy(),
      );
    };
    return openDoor(listener, { api: { routing }, access: this.#access, peerOf, now: () => clock.now(), wallMs, log });
  }

  #loadBehindDoors(): void {
    if (this.#isStarted && this.#open.size > 0) this.#loaded().catch(() => undefined);
  }

  /** Rejects, and has told so, where it is not installed whole. */
  #loaded(): Promise<Api> {
    return (this.#api ??= this.#load());
  }

  async #load(): Promise<Api> {
    const { ports, clock, log } = this.#options;
    const [access, audit, now] = [this.#access, this.#audit, (): number => clock.now()];
    try {
      const { apiServer } = await import('../api/server.js');
      const options = { log, version: release(), now, access, audit, dashboard: ownDashboard(log) };
      return (this.#ready = await apiServer(ports, options));
    } catch (error) {
      log.error({ event: 'api.failed', reason: reasonOf(error) });
      throw error;
    }
  }

  /** At once for who would ask now; who has asked gets his answer: it may be the answer to the reload that closes this. */
  async #close(key: string, door: Door): Promise<void> {
    const { place: path, server } = door;
    this.#open.delete(key);
    this.#ending.add(server);
    void closed(server).then(() => this.#ending.delete(server));
    server.close();
    this.#options.ports.events.streams.endAll(); // they have no end of their own; others come back where they were
    await door.remove();
    this.#options.log.info({ event: 'api.closed', path });
  }
}

const hasFiles = ({ listeners, tokens, tokenFiles, audit }: ApiSettings): boolean =>
  tokens.length > 0 ||
  tokenFiles.length > 0 ||
  audit !== undefined ||
  (listeners !== 'usual' && listeners.some(({ at }) => at === 'network'));

/** The files of TLS may change without the place. */
const keyOf = (one: ApiListener): string =>
  JSON.stringify(
    one.at === 'socket'
      ? [one.path, one.mode, one.group]
      : [textOf(one), one.tls.clientCa !== undefined, one.tls.clientMust],
  );

const textOf = (one: ApiListener): string => (one.at === 'socket' ? one.path : formatEndpoint(one.address, one.port));

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.once('close', resolve);
  });
