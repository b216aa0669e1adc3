import { type Bundle, fingerprintOf } from '../config/bundle.js';
import type { Configuration } from '../config/configuration.js';
import type { Director } from '../director/director.js';
import { LvsError } from '../errors.js';
import type { Notify } from '../notify/notify.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import type { ApiListeners } from './api-listeners.js';
import type { BfdSessions } from './bfd-sessions.js';
import type { Commands } from './commands.js';
import type { KernelSettings } from './kernel-settings.js';
import { flowSysctls, type NeededSysctls } from './flow-sysctls.js';
import type { ProbeRoutes } from './probe-routes.js';
import { TrackFiles } from './track-files.js';
import { syncOrderOf } from './sync-order.js';
import { vrrpOrderOf } from './vrrp-order.js';
import type { Before, Watch } from './watch.js';
import type { ConfigurationSource, World } from './world.js';

export interface ReloadOptions {
  readonly director: Director;
  readonly bfd: Pick<BfdSessions, 'configure'>;
  readonly engine: World['engine'];
  readonly engineSync: World['engineSync'];
  readonly watch: Watch;
  readonly commands: Commands;
  readonly notify: Notify;
  readonly settings: KernelSettings | undefined;
  readonly routes: ProbeRoutes | undefined;
  readonly sysctls: NeededSysctls | undefined;
  readonly marks: World['marks'];
  readonly vrrp: World['vrrp'];
  readonly sync: World['sync'];
  readonly api: Pick<ApiListeners, 'follow'>;
  readonly source: ConfigurationSource;
  readonly log: Log;
}

const unknownBefore: Before = () => undefined;

/** Hands configurations to the owners, one after another. What did not change is not touched: each owner compares. */
export class Reload {
  readonly #options: ReloadOptions;
  readonly #mailbox = new Mailbox();
  readonly #trackFiles: TrackFiles;
  #configuration: Configuration | undefined;
  #files: Bundle | undefined;
  #fingerprint: string | undefined;
  #trouble: string | undefined;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#trackFiles = new TrackFiles(options.log);
  }

  /** The one that is in force. */
  get configuration(): Configuration | undefined {
    return this.#configuration;
  }

  /** What it was read from, if it was files. */
  get files(): Bundle | undefined {
    return this.#files;
  }

  get fingerprint(): string | undefined {
    return this.#fingerprint;
  }

  /** What of it is not in force, each as a sentence. */
  get troubles(): readonly string[] {
    const refused = this.#options.director.status.refused.map(({ change, reason }) => `${change}: ${reason}`);
    return [...(this.#trouble === undefined ? [] : [this.#trouble]), ...refused];
  }

  /** @throws LvsError CONFIG_REFUSED, after each complaint was logged */
  read(): Configuration {
    return this.#read().configuration;
  }

  async fromSource(): Promise<void> {
    const { log } = this.#options;
    try {
      const { configuration, files } = this.#read();
      await this.take(configuration, unknownBefore, files);
      log.info({ event: 'daemon.reloaded' });
    } catch (error) {
      log.error({ event: 'daemon.reload-refused', reason: reasonOf(error) });
      throw error;
    }
  }

  take(configuration: Configuration, before: Before = unknownBefore, files?: Bundle): Promise<void> {
    return this.#mailbox.post(async () => {
      this.#trouble = undefined;
      await this.#take(configuration, before);
      this.#files = files;
      this.#fingerprint = files && fingerprintOf(files);
    });
  }

  /** Resolves when the reload under way has ended; no other begins. */
  close(): Promise<void> {
    return this.#mailbox.close();
  }

  /** Marks and settings go, unless what is ours shall stay; also those of a start that failed. */
  async leave(): Promise<void> {
    const { settings, marks, sysctls } = this.#options;
    if (this.#configuration?.globals.stop === 'keep') return;
    await settings?.restore();
    await sysctls?.restore();
    if ((this.#configuration?.fwmarkRules.length ?? 0) > 0) await this.#inLog('remove marks', () => marks?.remove());
  }

  #read(): { readonly configuration: Configuration; readonly files: Bundle | undefined } {
    const { source, log } = this.#options;
    const { configuration, complaints, files } = source.read();
    for (const complaint of complaints) log.warn({ event: 'config.complaint', complaint });
    if (configuration === undefined)
      throw new LvsError('CONFIG_REFUSED', [source.path, complaints.length], { cause: complaints });
    return { configuration, files };
  }

  /** Marks come before the services that live by them, and go after them. */
  async #take(configuration: Configuration, before: Before): Promise<void> {
    const { director, bfd, engine, engineSync, watch, commands, notify, settings, routes, sysctls, marks } =
      this.#options;
    commands.follow(configuration.globals);
    await notify.follow(configuration);
    await this.#trackFiles.follow(configuration);
    const forProbes = (await routes?.follow(configuration)) ?? [];
    await sysctls?.apply(new Map([...flowSysctls(configuration), ...forProbes]));
    bfd.configure(configuration);
    const checks = watch.follow(configuration, before);
    notify.begin(
      (server) => watch.isUp(server),
      (server) => watch.hasFailed(server),
    );
    checks.start();
    await settings?.apply(configuration.globals);
    const marked = configuration.fwmarkRules.length > 0 || (this.#configuration?.fwmarkRules.length ?? 0) > 0;
    if (marked) await this.#inLog('apply marks', () => marks?.apply(configuration.fwmarkRules));
    await engine?.follow(configuration.globals.engine);
    await director.configure(configuration);
    this.#configuration = configuration;
    await this.#holdAddresses(configuration);
    await this.#synchronise(configuration);
    await engineSync?.follow(configuration);
    await checks.retire();
    await this.#options.api.follow(configuration.api);
  }

  /** Last: who has the addresses is asked for the services at once. The rest of the configuration is in force even if this fails. */
  async #holdAddresses(configuration: Configuration): Promise<void> {
    try {
      await this.#options.vrrp?.follow(vrrpOrderOf(configuration));
    } catch (error) {
      this.#trouble = reasonOf(error);
      this.#options.log.error({ event: 'vrrp.not-running', reason: this.#trouble });
    }
  }

  /** After the services are there that connections belong to. */
  async #synchronise(configuration: Configuration): Promise<void> {
    try {
      await this.#options.sync?.follow(syncOrderOf(configuration));
    } catch (error) {
      this.#options.log.error({ event: 'sync.not-running', reason: reasonOf(error) });
    }
  }

  async #inLog(operation: string, run: () => Promise<unknown> | undefined): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#options.log.error({ event: 'marks.refused', operation, reason: reasonOf(error) });
    }
  }
}
