import type { Server } from 'node:http';
import type { ApiPorts } from '../api/server.js';
import type { Api } from '../api/schema.js';
import type { ApiListener } from '../config/api.js';
import { LvsError } from '../errors.js';
import { findGroup } from '../system/accounts.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import { release } from '../system/release.js';
import { listenAt } from '../system/unix-listener.js';

export interface ApiListenersOptions {
  readonly ports: ApiPorts;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** One place where it is served. */
interface Listener {
  readonly path: string;
  readonly server: Server;
  readonly remove: () => Promise<void>;
}

/** At the end, for answers that are under way. */
const GRACE_MS = 2000;

/** Owner of the API and its sockets. fastify is loaded when the file wants to be served for the first time: no other start waits for it. */
export class ApiListeners {
  readonly #options: ApiListenersOptions;
  readonly #mailbox = new Mailbox();
  /** By everything that makes a listener another one. */
  readonly #open = new Map<string, Listener>();
  /** Served no more, with requests under way. */
  readonly #ending = new Set<Server>();
  #isStopped = false;
  #api: Promise<{ readonly api: Api; readonly newServer: () => Server }> | undefined;

  constructor(options: ApiListenersOptions) {
    this.#options = options;
  }

  /** Serves where the file says, and nowhere else. What cannot be had is in the log, and is tried again with the next file. Never rejects. */
  async follow(wanted: readonly ApiListener[]): Promise<void> {
    if (!this.#isStopped) await this.#mailbox.post(() => this.#follow(wanted));
  }

  /** Answers what was asked, if that does not take too long. Nothing is served from now on, whatever a reload that is under way wants. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#mailbox.post(() => this.#stop());
  }

  async #follow(wanted: readonly ApiListener[]): Promise<void> {
    const { log } = this.#options;
    const keys = new Map(wanted.map((one) => [keyOf(one), one]));
    for (const [key, listener] of [...this.#open]) if (!keys.has(key)) await this.#close(key, listener);
    for (const [key, one] of keys) {
      if (this.#open.has(key)) continue;
      try {
        this.#open.set(key, await this.#listen(one));
        log.info({ event: 'api.listening', path: one.path });
      } catch (error) {
        const failure = new LvsError('API_SOCKET', [one.path, reasonOf(error)], { cause: error });
        log.error({ event: 'api.not-listening', path: one.path, reason: failure.message });
      }
    }
  }

  async #stop(): Promise<void> {
    const cancel = this.#options.clock.after(GRACE_MS, () => {
      for (const server of this.#ending) server.closeAllConnections();
    });
    for (const [key, listener] of [...this.#open]) await this.#close(key, listener);
    await Promise.all([...this.#ending].map(closed));
    cancel();
    await (await this.#api)?.api.close();
  }

  async #listen({ path, mode, group }: ApiListener): Promise<Listener> {
    const gid = group === undefined ? undefined : await findGroup(group);
    if (group !== undefined && gid === undefined) throw new Error(`there is no group '${group}'`);
    this.#api ??= this.#load();
    const server = (await this.#api).newServer();
    return { path, server, remove: await listenAt(server, path, { mode, gid }) };
  }

  async #load(): Promise<{ readonly api: Api; readonly newServer: () => Server }> {
    const { ports, log } = this.#options;
    const [{ apiServer }, { httpServer }] = await Promise.all([
      import('../api/server.js'),
      import('../api/connections.js'),
    ]);
    const api = await apiServer(ports, { log, version: release() });
    return { api, newServer: () => httpServer(api) };
  }

  /** At once for who would ask now; who has asked gets his answer: it may be the answer to the reload that closes this. */
  async #close(key: string, { path, server, remove }: Listener): Promise<void> {
    this.#open.delete(key);
    this.#ending.add(server);
    void closed(server).then(() => this.#ending.delete(server));
    server.close();
    await remove();
    this.#options.log.info({ event: 'api.closed', path });
  }
}

const keyOf = ({ path, mode, group }: ApiListener): string => JSON.stringify([path, mode, group]);

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.once('close', resolve);
  });
