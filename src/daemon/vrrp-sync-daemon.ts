import type { SyncDaemonSettings } from '../config/configuration.js';
import { isLvsError } from '../errors.js';
import type { SyncDaemon } from '../ipvs/rows.js';
import { type Log, reasonOf } from '../system/log.js';
import type { Role } from '../vrrp/machine-types.js';
import { runDaemons, runsAs, type SyncDaemonPort } from './sync-daemons.js';

export interface VrrpSyncDaemonOptions {
  /** Opened when it is first needed. @throws what a kernel without IPVS says */
  readonly open: () => SyncDaemonPort & { close(): void };
  readonly log: Log;
}

type Port = ReturnType<VrrpSyncDaemonOptions['open']>;
type Bound = SyncDaemonSettings & { readonly instance: string };

/**
 * lvs_sync_daemon with an instance: the kernel sends its connections while the instance is master, and takes those of others while it is not.
 * Only one of the two daemons runs. What runs is asked for each time: a process before us may have left either of them.
 */
export class VrrpSyncDaemon {
  readonly #options: VrrpSyncDaemonOptions;
  #port: Port | undefined;
  #bound: Bound | undefined;
  #role: Role | undefined;
  #isClosing = false;
  #working: Promise<void> | undefined;
  #again = false;
  /** Why it does not work: once in the log. */
  #trouble: string | undefined;

  constructor(options: VrrpSyncDaemonOptions) {
    this.#options = options;
  }

  /** Of the configuration in force. One that names no instance is the director's. */
  follow(settings: SyncDaemonSettings | undefined): Promise<void> {
    const bound = settings?.instance === undefined ? undefined : { ...settings, instance: settings.instance };
    const before = this.#bound;
    if (before?.instance !== bound?.instance) this.#role = undefined;
    this.#trouble = undefined;
    // the director has taken over those that it wants to run
    if (settings !== undefined && bound === undefined) {
      this.#bound = undefined;
      return Promise.resolve();
    }
    if (bound === undefined && before === undefined) return Promise.resolve();
    this.#bound = bound;
    return this.#work();
  }

  role(instance: string, role: Role): void {
    if (this.#bound?.instance !== instance || role === this.#role) return;
    this.#role = role;
    // the end of the instance is the end of the daemon by `follow` or `close`, and not before it is back
    if (role !== 'initialize') void this.#work();
  }

  /** None runs any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#bound !== undefined) await this.#work();
    this.#port?.close();
    this.#port = undefined;
  }

  /** One change at a time; what is wanted meanwhile means another. */
  #work(): Promise<void> {
    this.#again = true;
    this.#working ??= this.#changeAll().finally(() => (this.#working = undefined));
    return this.#working;
  }

  async #changeAll(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        const port = (this.#port ??= this.#options.open());
        await runDaemons(port, this.#wanted(await port.daemons()), () => true);
        this.#trouble = undefined;
      } catch (error) {
        // where services need IPVS the director says so; those of the engine have a daemon of their own
        if (!isLvsError(error, 'IPVS_UNAVAILABLE')) this.#complain(reasonOf(error));
      }
    }
  }

  #wanted(running: readonly SyncDaemon[]): readonly SyncDaemon[] {
    if (this.#bound === undefined || this.#isClosing) return [];
    const { instance: _instance, ...settings } = this.#bound;
    const master = { ...settings, state: 'master' } as const;
    const backup = { ...settings, state: 'backup' } as const;
    // not known yet: if a process before us was master, we may be so in a moment
    const isLeft = this.#role === undefined && running.some((daemon) => runsAs(master, daemon));
    return [this.#role === 'master' || isLeft ? master : backup];
  }

  #complain(reason: string): void {
    if (this.#trouble === reason) return;
    this.#trouble = reason;
    this.#options.log.error({ event: 'kernel.setting-refused', operation: 'sync daemon', reason });
  }
}
