import { networkImage } from '../dataplane/network-image.js';
import type { NeighbourWanted } from '../dataplane/protocol.js';
import type { Link, RoutedPrefix } from '../links/rows.js';
import { formatAddress } from '../model/address.js';
import type { Table } from '../model/table.js';
import { choosePorts } from '../routing/choose-ports.js';
import { effectiveRoutes, type NetworkFacts } from '../routing/facts.js';
import type { NetworkSource } from '../routing/kernel-network.js';
import { NeighbourKeeper } from '../routing/neighbour-keeper.js';
import { type Device, devicesOf, networkOf } from '../routing/network-of.js';
import { NetworkWatcher } from '../routing/network-watcher.js';
import { askingInterface, nextHopsInUse, serversWithoutRoute } from '../routing/next-hops.js';
import { PortSlots } from '../routing/port-slots.js';
import type { PrefixIndex } from '../routing/prefix-index.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';

export interface EngineNetworkOptions {
  /** Opened when an engine is needed first. Throws LvsError NETLINK_SOCKET. */
  readonly source: () => NetworkSource;
  readonly clock: Clock;
  readonly log: Log;
  /** After each change of anything but at the start. */
  readonly onChange: () => void;
}

/** The machine's network for the engine: which ports it has, and where packets go from there. */
export class EngineNetwork {
  readonly #options: EngineNetworkOptions;
  readonly #keeper: NeighbourKeeper;
  readonly slots = new PortSlots();
  #source: NetworkSource | undefined;
  #watcher: NetworkWatcher | undefined;
  #opening: Promise<void> | undefined;
  #routes: PrefixIndex<RoutedPrefix> | undefined;
  #devices: ReadonlyMap<number, Device> | undefined;
  /** Once chosen a port stays one, though the route that led to it may be gone for a moment. */
  #chosen: readonly string[] = [];
  readonly #toldMissing = new Set<string>();
  #withoutRoute: ReadonlySet<string> = new Set();

  constructor(options: EngineNetworkOptions) {
    this.#options = options;
    this.#keeper = new NeighbourKeeper({
      use: (index, address) => this.#source?.useNeighbour(index, address) ?? Promise.resolve(),
      nameOf: (index) => this.facts.links.find((link) => link.index === index)?.name ?? `interface ${index}`,
      clock: options.clock,
      log: options.log,
    });
  }

  get facts(): NetworkFacts {
    return this.#watcher?.facts ?? { links: [], addresses: [], routes: [], neighbours: [] };
  }

  /** Those next hops in use who do not answer. */
  get silent(): readonly string[] {
    return this.#keeper.silent;
  }

  /** Knows the network when it resolves. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      this.#source?.close();
      this.#source = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** The ports by index, '' where there is none, for this table. */
  choose(configured: readonly string[] | 'auto', table: Table): readonly string[] {
    const { links } = this.facts;
    const isThere = (name: string): boolean => links.some((link) => link.name === name);
    if (configured === 'auto') {
      const wanted = new Set(choosePorts(this.facts, table));
      this.#chosen = [...this.#chosen.filter((name) => isThere(name) && !wanted.has(name)), ...wanted];
    } else {
      this.#chosen = configured;
      for (const name of configured) this.#tellMissing(name, isThere(name));
    }
    const before = this.slots.names.join();
    for (const name of this.slots.assign(this.#chosen))
      this.#options.log.error({ event: 'engine.too-many-ports', port: name });
    if (before !== this.slots.names.join()) this.#devices = undefined;
    return this.slots.names;
  }

  image(): Uint8Array {
    return networkImage(networkOf(this.facts, this.slots.names));
  }

  link(name: string): Link | undefined {
    return this.facts.links.find((link) => link.name === name);
  }

  /** By which port packets to an address leave; undefined: by none. */
  portTowards(address: string): string | undefined {
    const ways = this.#routing().find(address)?.ways ?? [];
    return ways.map(({ index }) => this.#behind().get(index)?.port).find((port) => port !== undefined);
  }

  /** Whom packets of this table go to is asked for and kept; whom no way leads to is told. */
  keep(table: Table): void {
    this.#keeper.keep(nextHopsInUse(this.#routing(), this.#behind(), table));
    this.#tellWithoutRoute(serversWithoutRoute(this.#routing(), this.#behind(), table));
  }

  /** The engine has packets for them. */
  wanted(list: readonly NeighbourWanted[]): void {
    for (const { address, port } of list) {
      const text = addressText(address);
      const name = this.slots.names[port];
      if (name === undefined || name === '') continue;
      const index = askingInterface(this.facts, this.#routing(), this.#behind(), text, name);
      if (index !== undefined) this.#keeper.wanted({ index, address: text });
    }
  }

  close(): void {
    this.#keeper.close();
    this.#watcher?.close();
    this.#source?.close();
    this.#source = undefined;
  }

  async #open(): Promise<void> {
    const { source, clock, log, onChange } = this.#options;
    this.#source = source();
    let opened = false;
    this.#watcher = new NetworkWatcher({
      source: this.#source,
      clock,
      log,
      onFacts: (facts) => {
        this.#routes = undefined;
        this.#devices = undefined;
        this.#keeper.heard(facts.neighbours);
        if (opened) onChange();
      },
    });
    await this.#watcher.open();
    opened = true;
  }

  #tellMissing(name: string, isThere: boolean): void {
    if (isThere) this.#toldMissing.delete(name);
    else if (!this.#toldMissing.has(name)) {
      this.#toldMissing.add(name);
      this.#options.log.error({ event: 'engine.port-missing', port: name, reason: `there is no interface ${name}` });
    }
  }

  #tellWithoutRoute(servers: ReadonlySet<string>): void {
    const { log } = this.#options;
    for (const server of servers)
      if (!this.#withoutRoute.has(server))
        log.warn({
          event: 'routing.no-route',
          server,
          reason: `no route to ${server} leads through a port of the engine`,
        });
    for (const server of this.#withoutRoute)
      if (!servers.has(server)) log.info({ event: 'routing.route-back', server });
    this.#withoutRoute = servers;
  }

  #routing(): PrefixIndex<RoutedPrefix> {
    this.#routes ??= effectiveRoutes(this.facts.routes);
    return this.#routes;
  }

  #behind(): ReadonlyMap<number, Device> {
    this.#devices ??= devicesOf(this.facts.links, this.slots.names);
    return this.#devices;
  }
}

/** Of 16 bytes; IPv4 is ::ffff:a.b.c.d there. */
function addressText(bytes: Uint8Array): string {
  const isIp4 = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return formatAddress(isIp4 ? bytes.subarray(12, 16) : bytes);
}
