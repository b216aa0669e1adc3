/**
 * daemon/ — the composition root: the only folder that knows every other.
 * daemon.ts builds all of it in one Lifetime; reload.ts hands a new configuration to the same owners; control.ts answers lvsctl.
 */
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { decodeRequest } from '../cli/control.js';
import type { Bundle } from '../config/bundle.js';
import type { Configuration } from '../config/configuration.js';
import { peerCredentialsOf } from '../addon/peer-credentials.js';
import { BfdSpeaker } from '../bfd/speaker.js';
import { wasUp } from '../director/adoption.js';
import { Director } from '../director/director.js';
import { Journal } from '../events/journal.js';
import { EventStreams } from '../events/streams.js';
import { followFile } from '../health/file.js';
import { Notify } from '../notify/notify.js';
import { sendBySmtp } from '../notify/smtp.js';
import { wallMs } from '../system/clock.js';
import { descriptorLimit, descriptorsToSpare } from '../system/descriptors.js';
import { Lifetime } from '../system/lifetime.js';
import { type AppendedFile, memoryFile } from '../system/appended-file.js';
import type { StateFile } from '../system/state-file.js';
import { answersOf } from './answers.js';
import { ApiListeners } from './api-listeners.js';
import { apiPortsOf } from './api-ports.js';
import { BfdSessions } from './bfd-sessions.js';
import { Commands } from './commands.js';
import { serveControl } from './control.js';
import { DeclaredChanges } from './declared.js';
import { Doctor } from './doctor.js';
import { NeededSysctls } from './flow-sysctls.js';
import { HealthMemory } from './health-memory.js';
import { type FleetFiles, fleetOwnersOf } from './fleet-owners.js';
import { KernelSettings } from './kernel-settings.js';
import { LiveCounts } from './live-counts.js';
import { MadeServices } from './made.js';
import { Metrics } from './metrics.js';
import { MachineAddresses } from './local-addresses.js';
import { PairNews } from './pair-news.js';
import { ProbeRoutes } from './probe-routes.js';
import { Push } from './push.js';
import { PushFiles } from './push-files.js';
import { Reload } from './reload.js';
import { Watch } from './watch.js';
import { Webhooks } from './webhooks.js';
import type { ConfigurationSource, World } from './world.js';

export interface DaemonOptions {
  readonly source: ConfigurationSource;
  /** What the configuration was read from. */
  readonly files?: Bundle | undefined;
  /** What of the kernel's table is ours. */
  readonly state: Pick<StateFile, 'path' | 'read' | 'write' | 'remove'>;
  /** Services made at run time. */
  readonly made: Pick<StateFile, 'path' | 'read' | 'write'>;
  /** What the API declares and what operators set; absent: it is forgotten at the end. */
  readonly declared?: AppendedFile;
  /** What is known of health. */
  readonly health: Pick<StateFile, 'path' | 'read' | 'write'>;
  /** undefined: this daemon follows no etcd and tells no routing daemon anything. */
  readonly fleet?: FleetFiles;
  /** How far webhooks have come; undefined: that is forgotten. */
  readonly webhooks?: Pick<StateFile, 'path' | 'read' | 'write'>;
  /** undefined: nobody listens. */
  readonly controlPath: string | undefined;
  readonly observeMs: number;
  readonly foreign: 'adopt' | 'refuse';
}

export class Daemon {
  readonly #life: Lifetime;
  readonly #reload: Reload;
  readonly director: Director;
  readonly declared: DeclaredChanges;

  private constructor(life: Lifetime, reload: Reload, director: Director, declared: DeclaredChanges) {
    this.#life = life;
    this.#reload = reload;
    this.director = director;
    this.declared = declared;
  }

  /**
   * Runs `configuration` until `stop`, which is the start read backwards: reloads end, checks end, the director leaves the table as
   * the configuration of that moment says, marks go after it, and the socket closes last, so that nobody takes our place before we are gone.
   */
  static async start(configuration: Configuration, world: World, options: DaemonOptions): Promise<Daemon> {
    const { log, clock, forwarder, engine, engineSync, sysctl, links } = world;
    const addresses = world.addresses === undefined ? undefined : new MachineAddresses(world.addresses, log);
    const life = new Lifetime();
    const journal = world.journal ?? memoryJournal();
    const streams = new EventStreams(journal, clock);
    try {
      const commands = new Commands(clock, log);
      const memory = new HealthMemory({ file: options.health, clock, wallMs, log });
      const notify = new Notify({
        clock,
        log,
        run: (script, options) => commands.run(script, options),
        send: sendBySmtp,
        pipeOwner: (fifo) => commands.ownerOf(fifo),
        toldBefore: (name) => memory.toldOf(name),
        onTold: (name, isUp) => memory.tell(name, isUp),
      });
      const { vrrp } = world;
      const ask = vrrp === undefined ? undefined : (known: number) => vrrp.sessions(known);
      const bfd = new BfdSessions({ speaker: new BfdSpeaker(world), ask, clock, log });
      const director = new Director({
        forwarder,
        clock,
        log,
        state: options.state,
        isUp: (server) => watch.isUp(server),
        weightOf: (server, configured) => watch.weightOf(server, configured),
        wallMs,
        hadQuorum: (virtualServer) => memory.toldOf(virtualServer),
        onQuorum: (virtualServer, has) => {
          notify.tell(virtualServer, has);
          owners?.announcer?.look();
        },
        observeMs: options.observeMs,
        foreign: options.foreign,
      });
      const settings = world.settings === undefined ? undefined : new KernelSettings(world.settings, log);
      const routes = sysctl === undefined || links === undefined ? undefined : new ProbeRoutes({ links, sysctl, log });
      const watch: Watch = new Watch({
        ports: { ...world, runCommand: commands.runCommand },
        log,
        onChange: (virtualServer) => director.look(virtualServer),
        onServer: (server, isUp, because) => notify.tell(server, isUp, because),
        wallMs,
        memory,
        onBegin: (lateMs) => metrics.checkBegan(lateMs),
        follow: (check) => (check.is === 'file' ? followFile(check, { clock, log }) : bfd.follow(check.session.name)),
        ...(addresses === undefined ? {} : { addresses }),
        mostAttempts: descriptorsToSpare(descriptorLimit()),
        ...(routes === undefined ? {} : { route: (virtual, real, check) => routes.route(virtual, real, check) }),
      });
      const sysctls = sysctl === undefined ? undefined : new NeededSysctls(sysctl, log);
      const webhooks = new Webhooks({
        ...{ journal, clock, wallMs, random: world.random, log },
        file: options.webhooks ?? forgetful,
        director: () => reload.configuration?.globals.routerId ?? hostname(),
      });
      const reload: Reload = new Reload({
        director,
        bfd,
        engine,
        engineSync,
        watch,
        commands,
        notify,
        settings,
        routes,
        sysctls,
        marks: world.marks,
        vrrp: world.vrrp,
        sync: world.sync,
        api: { follow: (listeners) => api.follow(listeners) },
        webhooks,
        fleet: { follow: (settings) => owners?.fleet.follow(settings) },
        announcer: { follow: async (settings) => owners?.announcer?.follow(settings) },
        source: options.source,
        manager: world.manager,
        log,
      });
      const made =
        engine === undefined ? undefined : new MadeServices({ director, engine, file: options.made, clock, log });
      const push = new Push({
        peer: world.sync?.peer,
        reload,
        source: options.source,
        files: new PushFiles(options.source.path),
        name: () => reload.configuration?.globals.routerId ?? hostname(),
        clock,
        wallMs,
        log,
      });
      const counts = new LiveCounts({ kernel: world.kernel, engine, clock, wallMs });
      const declared = new DeclaredChanges({
        ...{ director, reload, counts, clock, wallMs, log },
        file: options.declared ?? memoryFile(),
      });
      const metrics: Metrics = new Metrics({
        ...{ counts, director, watch, reload, engine, vrrp, sync: world.sync, journal, streams, clock, wallMs, log },
        webhooks: () => webhooks.status,
        netlinkErrors: world.netlinkErrors,
      });
      const api: ApiListeners = new ApiListeners({
        ports: apiPortsOf({
          director,
          engine,
          watch,
          reload,
          vrrp,
          sync: world.sync,
          kernel: world.kernel,
          counts,
          events: { journal, streams },
          metrics,
          changes: declared,
          doctor: new Doctor({ configuration: () => reload.configuration, kernel: world.kernel, clock }),
        }),
        usualPath: options.controlPath === undefined ? undefined : join(dirname(options.controlPath), 'api.sock'),
        peerOf: peerCredentialsOf,
        clock,
        wallMs,
        log,
      });
      const owners =
        options.fleet === undefined
          ? undefined
          : fleetOwnersOf({ ...world, files: options.fleet, director, watch, reload });
      const control = answersOf({
        director,
        engine,
        engineSync,
        made,
        kernel: world.kernel,
        sysctl,
        links,
        watch,
        reload,
        vrrp: world.vrrp,
        sync: world.sync,
        push,
        declared,
        desk: owners?.desk,
        announcer: owners?.announcer,
      });
      // before anything is touched: it also tells whether another one runs
      if (options.controlPath !== undefined)
        life.own(await serveControl(options.controlPath, { decode: decodeRequest, answer: control }, world), (close) =>
          close(),
        );
      commands.follow(configuration.globals);
      life.own(commands, (owner) =>
        owner.once('shutdown', (reload.configuration ?? configuration).globals.shutdownScript),
      );
      await commands.once('startup', configuration.globals.startupScript);
      await memory.open();
      await addresses?.open();
      await engine?.open(configuration.globals.engine);
      life.own(engine, (owner) => owner?.close(reload.stop === 'keep' ? 'keep' : 'stop'));
      const found = await director.open();
      life.own(reload, (owner) => owner.leave());
      life.own(director, (owner) => owner.stop(reload.stop));
      life.own(made, (owner) => owner?.close());
      life.own(memory, (owner) => owner.stop());
      life.own(addresses, (owner) => owner?.close());
      life.own(bfd, (owner) => owner.stop());
      life.own(commands, (owner) => owner.stop());
      life.own(notify, (owner) => {
        owner.tellOmega((server) => watch.isUp(server), director.status.quorums);
        return owner.stop();
      });
      life.own(watch, (owner) => owner.stop());
      life.own(engineSync, (owner) => owner?.close());
      const pairNews = new PairNews({
        clock,
        configuration: () => reload.configuration,
        fingerprint: () => reload.fingerprint,
        table: () => director.status.known,
        checks: () => watch.status,
        overrides: () => declared.declared().overrides,
        connections: () => sessionsOf(engine),
        tell: async (news) => world.vrrp?.tellPair(news),
      });
      life.own(pairNews, (owner) => owner.stop());
      // after the addresses have moved, and before the services go: what ends by that would end at the other director, too
      life.own(world.sync, (owner) => owner?.close(reload.stop === 'keep' ? 'keep' : 'stop'));
      life.own(world.vrrp, (owner) => owner?.close(reload.stop === 'keep' ? 'keep' : 'stop'));
      // while all is forwarded yet: routers turn away first
      life.own(owners?.announcer, (owner) => owner?.close(reload.stop === 'keep' ? 'keep' : 'stop'));
      life.own(owners?.fleet, (owner) => owner?.close());
      // the first to end: a reload that is under way would start again what has stopped
      life.own(reload, (owner) => owner.close());
      life.own(push, (owner) => owner.close());
      life.own(declared, (owner) => owner.close());
      life.own(counts, (owner) => owner.close());
      life.own(api, (owner) => owner.stop());
      life.own(streams, (owner) => owner.endAll());
      life.own(metrics, (owner) => owner.stop());
      life.own(webhooks, (owner) => owner.stop());
      await made?.open();
      if (world.vrrp !== undefined) pairNews.open();
      await owners?.announcer?.open();
      await owners?.fleet.recall(configuration.fleet);
      await declared.open();
      await reload.take(configuration, (virtual, server) => wasUp(found, virtual, server), options.files);
      world.sync?.answerPeer(push.answer);
      setImmediate(() => api.started()); // whoever waits for us is told first
      return new Daemon(life, reload, director, declared);
    } catch (error) {
      await life[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Reads the file again. A broken one changes nothing; the log says why. */
  reload(): Promise<void> {
    return this.#reload.fromSource();
  }

  /** At a glance, in a line; costs next to nothing. */
  get summary(): string {
    const { known, refused, quorums } = this.director.status;
    const lost = [...quorums.values()].filter((has) => !has).length;
    const troubles = [
      ...(lost === 0 ? [] : [`${lost} without quorum`]),
      ...(refused.length === 0 ? [] : [`${refused.length} changes refused`]),
    ];
    return [`${known.size} services`, ...troubles].join(', ');
  }

  /** As the file says; `keep`: for another one that comes at once, all stays. */
  async stop(how?: 'keep'): Promise<void> {
    if (how === 'keep') this.#reload.keepAll();
    await this.#life[Symbol.asyncDispose]();
  }
}

/** Where nothing shall outlive us. */
const forgetful: Pick<StateFile, 'path' | 'read' | 'write'> = {
  path: '',
  read: () => Promise.resolve(undefined),
  write: () => Promise.resolve(),
};

/** Of a daemon whose log nobody follows. */
function memoryJournal(): Journal {
  const journal = new Journal({ wallMs });
  journal.open();
  return journal;
}

/** Of our own engine; null: it does not run. */
async function sessionsOf(engine: World['engine']): Promise<number | null> {
  const status = await engine?.status();
  return status?.running === true ? Number(status.counters?.liveSessions ?? 0) : null;
}
