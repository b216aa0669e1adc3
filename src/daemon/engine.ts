import type { EngineCounters } from '../dataplane/counters.js';
import { CaptureFile } from '../dataplane/capture.js';
import { EngineClient } from '../dataplane/client.js';
import { EngineForwarder } from '../dataplane/forwarder.js';
import { defaultEngineGlobals, type EngineGlobals } from '../dataplane/network.js';
import type { StartEngine } from '../dataplane/process.js';
import { type CaptureOrder, type EnginePort, type Hello, type PortChanged, topic } from '../dataplane/protocol.js';
import { readServicesImage, servicesImage } from '../dataplane/services-image.js';
import { type RunningEngine, Supervisor } from '../dataplane/supervisor.js';
import { isLvsError, LvsError } from '../errors.js';
import { defaultEngineOptions, type EngineOptions } from '../model/engine.js';
import type { Table } from '../model/table.js';
import type { SteeringTable } from '../netfilter/steering-table.js';
import type { NetworkSource } from '../routing/kernel-network.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox, MailboxClosed } from '../system/mailbox.js';
import { Timers } from '../system/timers.js';
import { EngineNetwork } from './engine-network.js';
import { automaticWorkers, openPorts, portsKey } from './engine-ports.js';

export interface EngineWorld {
  /** Of the engine's socket. */
  readonly path: string;
  readonly start: StartEngine;
  readonly network: () => NetworkSource;
  /** For ports in packet mode; undefined: the kernel sees their packets too. */
  readonly steering: Pick<SteeringTable, 'apply' | 'remove'> | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Ours, which hello repeats. */
  readonly version?: string;
  /** A new engine has its services, and no ports yet. Never rejects. */
  readonly beforePorts?: () => Promise<void>;
  /** Sessions began or ended: SessionRecord[]; `lost`: ask for all. */
  readonly onSessions?: (change: { readonly lost: boolean; readonly records: Uint8Array }) => void;
}

export interface EngineStatus {
  readonly running: boolean;
  /** Of its socket. */
  readonly path: string;
  readonly pid: number | undefined;
  readonly version: string | undefined;
  readonly workers: number;
  /** How often it was started again because it had died. */
  readonly restarts: number;
  readonly ports: readonly EnginePort[];
  /** Next hops in use that do not answer. */
  readonly silentNeighbours: readonly string[];
  /** undefined: it does not run. */
  readonly counters: EngineCounters | undefined;
}

/** A refused port, or one that broke, is tried again after so long. */
const PORT_RETRY_MS = 10_000;
const PORT_GONE_MS = 1_000;

/**
 * The userspace engine as the daemon has it: its process, its ports and the machine's network, and the table that it forwards. Nothing of it
 * runs before the first service that is its own; then it stays, with or without us, until it is stopped.
 */
export class Engine {
  readonly #world: EngineWorld;
  readonly #supervisor: Supervisor;
  readonly #network: EngineNetwork;
  readonly #mailbox = new Mailbox();
  readonly #timers: Timers<'ports'>;
  readonly forwarder: EngineForwarder;
  #settings: EngineOptions = defaultEngineOptions;
  /** Has everything that we have published. */
  #ready: EngineClient | undefined;
  #ports: readonly EnginePort[] = [];
  #openKey = '';
  #networkImage: Uint8Array | undefined;
  /** A change of the network is about to be told. */
  #networkWaits = false;
  /** What the engine has, or is about to. */
  #table: Table = new Map();

  constructor(world: EngineWorld) {
    const { path, start, clock, log, version } = world;
    this.#world = world;
    this.#timers = new Timers(clock);
    this.#network = new EngineNetwork({ source: world.network, clock, log, onChange: () => this.#onNetwork() });
    this.#supervisor = new Supervisor({
      path,
      start,
      clock,
      log,
      args: () => [
        ...argsOf(this.#settings, this.#network.slots.names),
        ...(version === undefined ? [] : ['--version', version]),
      ],
      events: {
        onWanted: (wanted) => this.#network.wanted(wanted),
        onPort: (change) => this.#onPort(change),
        ...(world.onSessions === undefined ? {} : { onSessions: world.onSessions }),
        onEnd: () => (this.#ready = undefined),
      },
      onReturn: (engine) => this.#onReturn(engine),
    });
    this.forwarder = new EngineForwarder({
      images: {
        make: servicesImage,
        read: (image) => readServicesImage(image, this.#network.slots.names),
      },
      globals: () => globalsOf(this.#settings),
      ports: (table) => this.#portsFor(table),
      published: () => this.#published(),
      publish: (image, table) => this.#mailbox.post(() => this.#publish(image, table)),
      counters: () => this.#supervisor.engine?.client.counters() ?? Promise.resolve(undefined),
      flush: async (service, destination) => (await this.#supervisor.engine?.client.flush(service, destination)) ?? 0,
      clock,
      log,
    });
  }

  /** Takes over an engine that runs, with its table, its sessions and its ports. Starts none. */
  async open(settings: EngineOptions): Promise<void> {
    this.#settings = settings;
    const engine = await this.#supervisor.find();
    if (engine === undefined) return;
    this.#network.slots.take((this.#supervisor.predecessor ?? engine).hello.ports);
    const table = await this.forwarder.read();
    try {
      if (this.#supervisor.predecessor !== undefined) {
        if (table.size > 0) await this.forwarder.republish();
        return;
      }
      await this.#portsFor(table);
      if (differs(engine.hello, settings)) await this.#renew();
      else await this.#mailbox.post(() => this.#settle(engine, table));
    } catch (error) {
      // it forwards what it has; who starts us goes on
      this.#world.log.error({ event: 'engine.not-taken-over', reason: reasonOf(error) });
    }
  }

  /** The configuration says something else of the engine as a whole. */
  async follow(settings: EngineOptions): Promise<void> {
    const before = this.#settings;
    this.#settings = settings;
    const { log } = this.#world;
    const engine = this.#supervisor.engine;
    if (engine === undefined) return;
    try {
      if (differs(engine.hello, settings)) await this.#renew();
      else if (!same(before, settings)) await this.forwarder.republish();
    } catch (error) {
      log.error({ event: 'engine.not-settled', reason: reasonOf(error) }); // the rest of the configuration is taken all the same
    }
  }

  async status(): Promise<EngineStatus> {
    const engine = this.#supervisor.engine;
    return {
      running: engine !== undefined,
      path: this.#world.path,
      pid: engine?.hello.pid,
      version: engine?.hello.version,
      workers: engine?.hello.workers ?? 0,
      restarts: this.#supervisor.restarts,
      ports: this.#ports,
      silentNeighbours: this.#network.silent,
      // it may end while it is asked
      counters: await engine?.client.counters().catch(() => undefined),
    };
  }

  /** Of its socket. */
  get path(): string {
    return this.#world.path;
  }

  get running(): boolean {
    return this.#supervisor.engine !== undefined;
  }

  /** The port of that name, or where packets from an address come in if they come the way that leads there. @throws LvsError ENGINE_CANNOT */
  portFor(interfaceName: string | undefined, from: string): { readonly name: string; readonly mac: string } {
    const { names } = this.#network.slots;
    const name = interfaceName ?? this.#network.portTowards(from) ?? names.find((one) => one !== '') ?? '';
    const mac = this.#network.link(name)?.macAddress;
    if (mac === undefined || mac === '' || !names.includes(name))
      throw new LvsError('ENGINE_CANNOT', [
        `a packet of ${name === '' ? 'no interface' : name}`,
        `its ports are ${names.filter((one) => one !== '').join(', ') || 'none'}`,
      ]);
    return { name, mac };
  }

  portName(index: number): string {
    return this.#network.slots.names[index] ?? `port ${index}`;
  }

  /** JSON of what would become of a frame that comes in at an interface; '': the first one. @throws LvsError ENGINE_ABSENT, ENGINE_CANNOT */
  async explain(interfaceName: string, frame: Uint8Array): Promise<string> {
    const { client } = this.#running();
    const names = this.#network.slots.names;
    const port = interfaceName === '' ? names.findIndex((name) => name !== '') : names.indexOf(interfaceName);
    if (port < 0)
      throw new LvsError('ENGINE_CANNOT', [`a packet of ${interfaceName || 'no interface'}`, 'no port of it']);
    return client.explain(port, frame);
  }

  /** Packets as pcapng from now on, until `stop` or until there were `order.most`. @throws LvsError ENGINE_ABSENT and others */
  async capture(
    order: CaptureOrder,
    write: (bytes: Uint8Array) => void,
  ): Promise<{ readonly stop: () => void; readonly done: Promise<number> }> {
    this.#running();
    const { path, clock } = this.#world;
    const names = this.#network.slots.names;
    const file = new CaptureFile(write, (port) => names[port]);
    let end: (count: number) => void = () => undefined;
    const done = new Promise<number>((resolve) => (end = resolve));
    let count = 0;
    const client = await EngineClient.connect({
      path,
      clock,
      onCaptured: (packet) => {
        file.packet(packet);
        if (++count >= order.most) stop();
      },
      onEnd: () => end(count),
    });
    const stop = (): void => {
      client.close();
      end(count);
    };
    try {
      await client.capture(order);
    } catch (error) {
      if (count < order.most) {
        stop();
        throw error;
      }
    }
    return { stop, done };
  }

  /** Names of this machine's interfaces; before the first service of the engine it looks for them. */
  async interfaces(): Promise<readonly string[]> {
    await this.#network.open();
    return this.#network.facts.links.map(({ name }) => name);
  }

  /** SessionRecord[] page by page, for the standby. */
  get client(): EngineClient | undefined {
    return this.#supervisor.engine?.client;
  }

  /** `keep`: it forwards on, and whoever comes next finds it. */
  async close(how: 'keep' | 'stop'): Promise<void> {
    this.#timers.disarmAll();
    await this.forwarder.close();
    await this.#mailbox.close();
    if (how === 'stop') {
      await this.#steer([]);
      await this.#supervisor.find().catch(() => undefined);
      await this.#supervisor.stop();
    }
    this.#supervisor.close();
    this.#network.close();
  }

  #running(): RunningEngine {
    const engine = this.#supervisor.engine;
    if (engine === undefined) throw new LvsError('ENGINE_ABSENT', [this.#world.path, 'no service needs one']);
    return engine;
  }

  /** That of the engine which forwards: of an older one as long as it does. */
  async #published(): Promise<Uint8Array | undefined> {
    const engine = await this.#supervisor.find();
    const from = this.#supervisor.predecessor ?? engine;
    return from?.client.services();
  }

  async #portsFor(table: Table): Promise<readonly string[]> {
    if (table.size === 0 && this.#supervisor.engine === undefined) return [];
    await this.#network.open();
    return this.#network.choose(this.#settings.ports, table);
  }

  /** In the mailbox, as all that follow but the events. */
  async #publish(image: Uint8Array, table: Table): Promise<void> {
    try {
      await this.#settle(await this.#supervisor.ensure(), table, image);
    } catch (error) {
      if (!isLvsError(error, 'ENGINE_LOST')) throw error;
      await this.#settle(await this.#supervisor.ensure(), table, image); // it died under our hands
    }
  }

  /** The engine gets what it lacks: network, services, ports; in this order, so that no packet meets half of it. */
  async #settle(engine: RunningEngine, table: Table, image?: Uint8Array): Promise<void> {
    const { client } = engine;
    const isNew = client !== this.#ready;
    this.#table = table;
    if (isNew) await client.follow(topic.neighbours | topic.ports | this.#sessionTopic());
    const network = this.#network.image();
    if (isNew || this.#networkImage === undefined || Buffer.compare(network, this.#networkImage) !== 0) {
      await client.publishNetwork(network);
      this.#networkImage = network;
    }
    if (image !== undefined) await client.publishServices(image);
    if (isNew && image !== undefined) await this.#world.beforePorts?.();
    await this.#openPorts(client, isNew);
    this.#ready = client;
    await this.#steer(
      this.#ports.filter(({ mode, queues }) => mode === 'packet' && queues > 0).map(({ name }) => name),
    );
    this.#network.keep(table);
  }

  #sessionTopic(): number {
    return this.#world.onSessions === undefined ? 0 : topic.sessionChanges;
  }

  async #openPorts(client: EngineClient, isNew: boolean): Promise<void> {
    const { log } = this.#world;
    const { mode } = this.#settings;
    const names = this.#network.slots.names;
    const link = (name: string) => this.#network.link(name);
    const key = portsKey(names, link, mode);
    if (!isNew && key === this.#openKey) return;
    await this.#supervisor.takeOver(async () => {
      this.#ports = await openPorts(client, names, { mode, link, log });
      this.#openKey = key;
    });
    if (this.#ports.some(({ queues }) => queues === 0)) this.#reopenIn(PORT_RETRY_MS);
  }

  /** Without nft the kernel answers what the engine forwards: that is said, and the engine goes on. */
  async #steer(devices: readonly string[]): Promise<void> {
    const { steering, log } = this.#world;
    const localAddresses = this.#network.facts.addresses.map(({ address }) => address);
    try {
      await steering?.apply({ devices, table: this.#table, localAddresses });
    } catch (error) {
      if (devices.length > 0) log.error({ event: 'engine.not-steered', devices, reason: reasonOf(error) });
    }
  }

  /**
   * Workers and room for sessions are settled when an engine starts: another one takes its place, with its tables and sessions. Packets
   * are lost for the moment in which the ports change hands.
   */
  async #renew(): Promise<void> {
    await this.#onReturn(await this.#supervisor.renew());
  }

  /** One that has nothing of ours: it was started anew, or another lvsd's end of it was lost. */
  async #onReturn(engine: RunningEngine): Promise<void> {
    if (this.forwarder.table.size > 0) return this.forwarder.republish();
    await this.#mailbox.post(() => this.#settle(engine, this.#table));
  }

  #onPort({ name, state, reason }: PortChanged): void {
    const { log } = this.#world;
    if (state === 'up') return log.info({ event: 'engine.port-up', port: name });
    log.error({ event: 'engine.port-gone', port: name, reason });
    this.#reopenIn(PORT_GONE_MS);
  }

  #reopenIn(ms: number): void {
    this.#timers.arm('ports', ms, () => {
      this.#openKey = '';
      this.#onNetwork();
    });
  }

  /** Something of the network changed. What changes again before it was told is told once. */
  #onNetwork(): void {
    if (this.#networkWaits) return;
    const engine = this.#supervisor.engine;
    if (engine === undefined || engine.client !== this.#ready) return;
    this.#networkWaits = true;
    const job = this.#mailbox.post(async () => {
      this.#networkWaits = false;
      const before = this.#network.slots.names.join();
      const after = this.#network.choose(this.#settings.ports, this.#table).join();
      if (before === after) await this.#settle(engine, this.#table);
      return before !== after;
    });
    job
      .then((isOther) => (isOther ? this.forwarder.republish() : undefined))
      .catch((error: unknown) => {
        if (error instanceof MailboxClosed) return;
        this.#world.log.error({ event: 'engine.network-not-published', reason: reasonOf(error) });
      });
  }
}

const argsOf = ({ workers, sessions }: EngineOptions, ports: readonly string[]): readonly string[] => [
  '--workers',
  `${workers === 'auto' ? automaticWorkers(ports) : workers}`,
  ...(sessions === undefined ? [] : ['--sessions', `${sessions}`]),
];

/** What the file names and only a start can change. */
const differs = (is: Hello, { workers, sessions }: EngineOptions): boolean =>
  (workers !== 'auto' && workers !== is.workers) || (sessions !== undefined && sessions !== is.sessions);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function globalsOf({ tunnelSource4, tunnelSource6, tunnelTtl, timeouts }: EngineOptions): EngineGlobals {
  return {
    ...defaultEngineGlobals,
    ...(tunnelSource4 === undefined ? {} : { tunnelSource4 }),
    ...(tunnelSource6 === undefined ? {} : { tunnelSource6 }),
    ...(tunnelTtl === undefined ? {} : { tunnelTtl }),
    timeouts: { ...defaultEngineGlobals.timeouts, ...timeouts },
  };
}
