import type { Configuration, SyncDaemonSettings } from '../config/configuration.js';
import type { SessionPlace } from '../connsync/engine-records.js';
import { EngineSync, type EngineSyncOptions, type EngineSyncStatus } from '../connsync/engine-sync.js';
import type { SessionRecord } from '../dataplane/session-record.js';
import type { ImageOrder } from '../dataplane/services-image.js';
import { destinationName } from '../model/destination.js';
import type { Table } from '../model/table.js';
import type { Role } from '../vrrp/machine-types.js';
import type { BoardNews } from './board.js';
import { NewsFollower } from './news-follower.js';

export interface EngineSyncDaemonOptions extends Pick<EngineSyncOptions, 'clock' | 'log' | 'connect' | 'openGroup'> {
  /** What the engine forwards. */
  readonly forwarded: () => { readonly table: Table; readonly order: ImageOrder };
  /** Roles of the instances; undefined: nobody holds addresses here. */
  readonly roles: ((known: number) => Promise<BoardNews<Role>>) | undefined;
}

/**
 * lvs_sync_daemon for the services of the userspace engine: it tells its sessions while the instance is master, and takes those of others while
 * it is not; both where none is named. The kernel's own daemons are the affair of VrrpSyncDaemon and KernelSettings.
 */
export class EngineSyncDaemon {
  readonly #options: EngineSyncDaemonOptions;
  readonly #roles: NewsFollower<Role>;
  #settings: SyncDaemonSettings | undefined;
  #sync: EngineSync | undefined;
  #role: Role | undefined;

  constructor(options: EngineSyncDaemonOptions) {
    const { clock, roles } = options;
    this.#options = options;
    this.#roles = new NewsFollower({
      clock,
      ask: (known) => roles?.(known) ?? Promise.reject(new Error('nobody holds addresses')),
      take: (known) => this.#take(known),
    });
  }

  /** Of the configuration in force. */
  async follow({ globals: { syncDaemon } }: Pick<Configuration, 'globals'>): Promise<void> {
    const before = this.#settings;
    this.#settings = syncDaemon;
    if (JSON.stringify(before) === JSON.stringify(syncDaemon)) return;
    const old = this.#sync;
    this.#sync = undefined;
    this.#roles.leave();
    await old?.close();
    if (before?.instance !== syncDaemon?.instance) this.#role = undefined;
    if (syncDaemon === undefined) return;
    const { instance, ...settings } = syncDaemon;
    this.#sync = new EngineSync({ ...this.#options, settings, place: (session) => this.#place(session) });
    this.#sync.follow(rolesOf(instance, this.#role));
    this.#sync.open();
    if (instance !== undefined) this.#roles.follow();
  }

  /** undefined: the file names no daemon. */
  status(): EngineSyncStatus | undefined {
    return this.#sync?.status();
  }

  async close(): Promise<void> {
    this.#roles.leave();
    await this.#sync?.close();
    this.#sync = undefined;
  }

  #take(roles: BoardNews<Role>['known']): void {
    const instance = this.#settings?.instance;
    if (instance === undefined) return;
    this.#role = roles[instance];
    this.#sync?.follow(rolesOf(instance, this.#role));
  }

  #place(session: SessionRecord): SessionPlace | undefined {
    const { table, order } = this.#options.forwarded();
    return placeOf(session, table, order);
  }
}

/** As of the kernel's: one that is not known yet, or has a fault, is a backup. */
const rolesOf = (instance: string | undefined, role: Role | undefined): EngineSyncStatus['roles'] => {
  const isMaster = role === 'master';
  return instance === undefined ? { master: true, backup: true } : { master: isMaster, backup: !isMaster };
};

/** By the place of its service in the image: one that has just changed may name another service for a moment, which has no such destination. */
export function placeOf(session: SessionRecord, table: Table, { services }: ImageOrder): SessionPlace | undefined {
  const { service: at, destination } = session;
  const service = at === undefined ? undefined : table.get(services[at] ?? '');
  if (service === undefined || destination === undefined) return undefined;
  const to =
    service.destinations.get(destinationName(destination)) ??
    service.destinations.get(destinationName({ ...destination, port: 0 }));
  if (to === undefined) return undefined;
  const { persistent, persistenceSeconds } = service.settings;
  return { method: to.settings.method, persistenceSeconds: persistent ? persistenceSeconds : 0 };
}
