import type { GlobalSettings, SyncDaemonSettings } from '../config/configuration.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { SyncDaemon, Timeouts } from '../ipvs/rows.js';
import { type Log, reasonOf } from '../system/log.js';
import { runDaemons, type SyncDaemonPort } from './sync-daemons.js';

export type SettingsPort = Pick<IpvsClient, 'timeouts' | 'setTimeouts'> & SyncDaemonPort;

/** What the file says of IPVS as a whole: timeouts and sync daemons. Nothing is touched that it does not name. */
export class KernelSettings {
  readonly #port: SettingsPort;
  readonly #log: Log;
  /** As it was before we set any. */
  #before: Timeouts | undefined;
  #daemons: readonly SyncDaemon[] = [];

  constructor(port: SettingsPort, log: Log) {
    this.#port = port;
    this.#log = log;
  }

  /** Its failures are logged: a director without a sync daemon is better than none. */
  async apply(globals: GlobalSettings): Promise<void> {
    await this.#attempt('set timeouts', () => this.#applyTimeouts(globals.timeouts));
    await this.#attempt('sync daemon', () => this.#applyDaemons(daemonsOf(globals.syncDaemon)));
  }

  /** As it was before. */
  async restore(): Promise<void> {
    const before = this.#before;
    if (before !== undefined) await this.#attempt('restore timeouts', () => this.#port.setTimeouts(before));
    await this.#attempt('stop sync daemon', () => this.#applyDaemons([]));
  }

  /** One that a reload no longer names is as it was before we set it. */
  async #applyTimeouts(named: Partial<Timeouts>): Promise<void> {
    const wanted = { ...this.#before, ...named };
    if (Object.keys(wanted).length === 0) return;
    const have = await this.#port.timeouts();
    this.#before ??= have;
    if (Object.entries(wanted).some(([name, seconds]) => have[name as keyof Timeouts] !== seconds))
      await this.#port.setTimeouts(wanted);
    if (Object.keys(named).length === 0) this.#before = undefined; // nothing of them is ours any more
  }

  async #applyDaemons(wanted: readonly SyncDaemon[]): Promise<void> {
    if (wanted.length === 0 && this.#daemons.length === 0) return;
    await runDaemons(this.#port, wanted, ({ state }) => this.#daemons.some((ours) => ours.state === state));
    this.#daemons = wanted;
  }

  async #attempt(operation: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#log.error({ event: 'kernel.setting-refused', operation, reason: reasonOf(error) });
    }
  }
}

function daemonsOf(settings: SyncDaemonSettings | undefined): SyncDaemon[] {
  // with a VRRP instance the process that runs it lets them follow its state
  if (settings === undefined || settings.instance !== undefined) return [];
  return (['master', 'backup'] as const).map((state) => ({ ...settings, state }));
}
