import type { GlobalSettings, SyncDaemonSettings } from '../config/configuration.js';
import type { IpvsClient } from '../ipvs/client.js';
import type { SyncDaemon, Timeouts } from '../ipvs/rows.js';
import { type Log, reasonOf } from '../system/log.js';

export type SettingsPort = Pick<IpvsClient, 'timeouts' | 'setTimeouts' | 'daemons' | 'startDaemon' | 'stopDaemon'>;

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
    const { syncDaemon } = globals;
    if (syncDaemon?.instance !== undefined) {
      const reason = `it follows vrrp_instance '${syncDaemon.instance}', which does not run yet`;
      this.#log.warn({ event: 'kernel.setting-refused', operation: 'sync daemon', reason });
    }
    await this.#attempt('sync daemon', () => this.#applyDaemons(daemonsOf(syncDaemon)));
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

  /** A daemon that runs as wanted is left running, also one of before our time. */
  async #applyDaemons(wanted: readonly SyncDaemon[]): Promise<void> {
    if (wanted.length === 0 && this.#daemons.length === 0) return;
    const running = await this.#port.daemons();
    for (const daemon of running) {
      const want = wanted.find(({ state }) => state === daemon.state);
      const ours = this.#daemons.some(({ state }) => state === daemon.state);
      if (want === undefined ? ours : !isSame(want, daemon)) await this.#port.stopDaemon(daemon.state);
    }
    for (const want of wanted) if (!running.some((daemon) => isSame(want, daemon))) await this.#port.startDaemon(want);
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

/** Only what is wanted is compared: the kernel fills in the rest. */
const isSame = (want: SyncDaemon, have: SyncDaemon): boolean =>
  (Object.keys(want) as (keyof SyncDaemon)[]).every((name) => want[name] === have[name]);

function daemonsOf(settings: SyncDaemonSettings | undefined): SyncDaemon[] {
  // with a VRRP instance the roles follow its state, which nobody tells us yet
  if (settings === undefined || settings.instance !== undefined) return [];
  return (['master', 'backup'] as const).map((state) => ({ ...settings, state }));
}
