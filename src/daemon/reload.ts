import type { Announcer } from '../announce/announcer.js';
import { type Bundle, fingerprintOf } from '../config/bundle.js';
import type { Configuration, VirtualServer } from '../config/configuration.js';
import { type Clash, type LayerName, type Layers, type Merged, mergeLayers } from '../declare/merge.js';
import type { Director } from '../director/director.js';
import { LvsError } from '../errors.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Notify } from '../notify/notify.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import type { ApiListeners } from './api-listeners.js';
import type { BfdSessions } from './bfd-sessions.js';
import type { Commands } from './commands.js';
import type { KernelSettings } from './kernel-settings.js';
import { flowSysctls, hasOut, type NeededSysctls } from './flow-sysctls.js';
import type { ProbeRoutes } from './probe-routes.js';
import { TrackFiles } from './track-files.js';
import { syncOrderOf } from './sync-order.js';
import { vrrpOrderOf } from './vrrp-order.js';
import type { Before, Watch } from './watch.js';
import type { Webhooks } from './webhooks.js';
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
  /** undefined: nobody is called. */
  readonly webhooks?: Pick<Webhooks, 'follow'>;
  /** undefined: there is neither a fleet nor a routing daemon. */
  readonly fleet?: Pick<Fleet, 'follow'> | undefined;
  readonly announcer?: Pick<Announcer, 'follow'> | undefined;
  readonly source: ConfigurationSource;
  readonly manager: World['manager'];
  readonly log: Log;
}

const unknownBefore: Before = () => undefined;

/** Hands configurations to the owners, one after another. What did not change is not touched: each owner compares. */
export class Reload {
  readonly #options: ReloadOptions;
  readonly #mailbox = new Mailbox();
  readonly #trackFiles: TrackFiles;
  #configuration: Configuration | undefined;
  /** What of it is the file's. */
  #file: Configuration | undefined;
  #layers: Layers = new Map();
  #origins: Merged['origins'] = new Map();
  #clashes: readonly Clash[] = [];
  #forProbes: ReadonlyMap<string, string> = new Map();
  #someAreOut = false;
  #files: Bundle | undefined;
  #fingerprint: string | undefined;
  #trouble: string | undefined;
  #keepsAll = false;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#trackFiles = new TrackFiles(options.log);
  }

  /** The one that is in force: the file's with all layers. */
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

  /** What becomes of what is ours when we end. */
  get stop(): Configuration['globals']['stop'] {
    return this.#keepsAll ? 'keep' : (this.#configuration?.globals.stop ?? 'keep');
  }

  /** Whatever the file says: all stays when we end. */
  keepAll(): void {
    this.#keepsAll = true;
  }

  /** What of it is not in force, each as a sentence. */
  get troubles(): readonly string[] {
    const refused = this.#options.director.status.refused.map(({ change, reason }) => `${change}: ${reason}`);
    const clashes = this.#clashes.map((clash) => clashError(clash).message);
    return [...(this.#trouble === undefined ? [] : [this.#trouble]), ...clashes, ...refused];
  }

  /** Where a service of the configuration is declared, by serviceName. */
  originOf(service: string): LayerName {
    return this.#origins.get(service) ?? 'file';
  }

  /** The file as it is now, with all layers. @throws LvsError CONFIG_REFUSED, after each complaint was logged; LAYERS_CLASH */
  read(): Configuration {
    return this.#merged(this.#read().configuration, this.#layers).configuration;
  }

  /** The configuration in force, if this layer were so. @throws LvsError LAYERS_CLASH */
  withLayer(name: Exclude<LayerName, 'file'>, layer: Pick<Configuration, 'virtualServers'>): Configuration | undefined {
    return this.#file && this.#merged(this.#file, withLayer(this.#layers, name, layer.virtualServers)).configuration;
  }

  /**
   * The virtual servers of a layer, in place of those it had; undefined: none. Before the file's configuration is there they wait for that.
   * @throws LvsError LAYERS_CLASH, and nothing has changed
   */
  setLayer(name: Exclude<LayerName, 'file'>, layer: Pick<Configuration, 'virtualServers'> | undefined): Promise<void> {
    return this.#mailbox.post(async () => {
      const layers = withLayer(this.#layers, name, layer?.virtualServers ?? []);
      if (this.#file === undefined) this.#layers = layers;
      else await this.#takeMerged(this.#file, layers, unknownBefore);
    });
  }

  async fromSource(): Promise<void> {
    const { log, manager } = this.#options;
    manager?.reloading();
    try {
      const { configuration, files } = this.#read();
      await this.take(configuration, unknownBefore, files);
      log.info({ event: 'daemon.reloaded' });
    } catch (error) {
      log.error({ event: 'daemon.reload-refused', reason: reasonOf(error) });
      throw error;
    } finally {
      manager?.reloaded(); // what was before is in force, or what is now
    }
  }

  take(configuration: Configuration, before: Before = unknownBefore, files?: Bundle): Promise<void> {
    return this.#mailbox.post(async () => {
      await this.#takeMerged(configuration, this.#layers, before);
      this.#files = files;
      this.#fingerprint = files && fingerprintOf(files);
    });
  }

  /** Operators changed weights: a server that is taken out loses also clients that persistence would bring back. */
  async followWeights(): Promise<void> {
    if (hasOut(this.#options.director.status.weights) === this.#someAreOut) return;
    await this.#mailbox.post(() => this.#configuration && this.#applySysctls(this.#configuration));
  }

  /** Resolves when the reload under way has ended; no other begins. */
  close(): Promise<void> {
    return this.#mailbox.close();
  }

  /** Marks and settings go, unless what is ours shall stay; also those of a start that failed. */
  async leave(): Promise<void> {
    const { settings, marks, sysctls } = this.#options;
    if (this.#keepsAll || this.#configuration?.globals.stop === 'keep') return;
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

  async #takeMerged(file: Configuration, layers: Layers, before: Before): Promise<void> {
    const { configuration, origins, clashes } = this.#merged(file, layers);
    for (const clash of clashes) this.#options.log.error({ event: 'layers.clash', reason: clashError(clash).message });
    this.#trouble = undefined;
    await this.#take(configuration, before);
    [this.#file, this.#layers, this.#origins, this.#clashes] = [file, layers, origins, clashes];
  }

  /**
   * At the start, what is in two layers is the file's: to forward is worth more than to be right. Later it is refused, but for what stands
   * already. @throws LvsError LAYERS_CLASH
   */
  #merged(file: Configuration, layers: Layers): Merged {
    const merged = mergeLayers(file, layers);
    const standing = new Set(this.#clashes.map(({ service }) => service));
    const fresh = merged.clashes.find(({ service }) => !standing.has(service));
    if (fresh !== undefined && this.#file !== undefined) throw clashError(fresh);
    return merged;
  }

  /** Marks come before the services that live by them, and go after them. */
  async #take(configuration: Configuration, before: Before): Promise<void> {
    const { director, bfd, engine, engineSync, watch, commands, notify, settings, routes, marks } = this.#options;
    commands.follow(configuration.globals);
    await notify.follow(configuration);
    await this.#trackFiles.follow(configuration);
    this.#forProbes = (await routes?.follow(configuration)) ?? new Map();
    await this.#applySysctls(configuration);
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
    await this.#options.webhooks?.follow(configuration.webhooks);
    await this.#options.announcer?.follow(configuration.announce);
    this.#options.fleet?.follow(configuration.fleet);
  }

  async #applySysctls(configuration: Configuration): Promise<void> {
    const { weights } = this.#options.director.status;
    this.#someAreOut = hasOut(weights);
    await this.#options.sysctls?.apply(new Map([...flowSysctls(configuration, weights), ...this.#forProbes]));
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

const clashError = ({ service, first, second }: Clash): LvsError =>
  new LvsError('LAYERS_CLASH', [service, first, second]);

/** In the order of their names, whichever came first. */
const withLayer = (
  layers: Layers,
  name: Exclude<LayerName, 'file'>,
  virtualServers: readonly VirtualServer[],
): Layers => new Map([...new Map([...layers, [name, virtualServers]])].sort(([a], [b]) => (a < b ? -1 : 1)));
