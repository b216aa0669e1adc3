import type { Family } from '../../../src/model/address.js';
import { Peer } from '../../lab/peers.js';
import { type Host, mustRun, Network } from '../../lab/topology.js';
import { fileURLToPath } from 'node:url';
import { LINK } from './settings.js';

const PYTHON = '/usr/bin/python3';
const neighbour = fileURLToPath(new URL('../../../../test/vrrp/interop/neighbour.py', import.meta.url));

/** Where a router is. */
export interface Place {
  readonly host: string;
  readonly addresses: Readonly<Record<Family, string>>;
  /** Of its interface. */
  readonly mac: string;
  /** Its packets are known by it. */
  readonly ttl: number;
}

/** What the neighbour found. */
export interface Answers {
  readonly ttl: number | null;
  readonly macs: readonly string[];
}

let sites = 0;

/** Two places for routers and a neighbour, on one link that is theirs alone. */
export class Site implements AsyncDisposable {
  readonly a: Place;
  readonly b: Place;
  /** Host of the neighbour. */
  readonly client: string;
  readonly #network: Network;
  readonly #neighbour: Peer;

  private constructor(network: Network, neighbourHost: string, places: readonly [Place, Place]) {
    this.#network = network;
    this.client = neighbourHost;
    [this.a, this.b] = places;
    this.#neighbour = new Peer(['ip', 'netns', 'exec', neighbourHost, PYTHON, neighbour, LINK]);
  }

  static async build(): Promise<Site> {
    const number = ++sites;
    const name = (what: string): string => `${what}-${number}`;
    const client = name('client');
    const network = await Network.build({
      fabric: name('fabric'),
      hosts: { [name('a')]: router(1), [name('b')]: router(2), [client]: host(9, patience) },
    });
    return new Site(network, client, [await place(name('a'), 1), await place(name('b'), 2)]);
  }

  /** Who answers at an address. */
  async ask(address: string): Promise<Answers> {
    this.#neighbour.write(address);
    return JSON.parse(await this.#neighbour.line()) as Answers;
  }

  /** Its cable carries nothing, in both directions, and the router does not notice: as if the machine had died. */
  cut(place: Place): Promise<void> {
    return this.#setPort(place, 0);
  }
  mend(place: Place): Promise<void> {
    return this.#setPort(place, 3);
  }

  /** Its interface loses the carrier. */
  async unplug(place: Place): Promise<void> {
    await mustRun(['ip', '-n', this.#network.fabric, 'link', 'set', 'dev', await this.#portOf(place), 'down']);
  }

  /** The tables of the neighbour and of the switch are empty: both will learn anew who is where. */
  async forget(): Promise<void> {
    await mustRun(['ip', '-n', this.#network.fabric, 'link', 'set', 'dev', LINK, 'type', 'bridge', 'fdb_flush']);
    await mustRun(['ip', '-n', this.client, 'neighbour', 'flush', 'dev', LINK]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#neighbour[Symbol.asyncDispose]();
    await this.#network[Symbol.asyncDispose]();
  }

  /** States of a bridge's port: 0 disabled, 3 forwarding (bridge(8)). */
  async #setPort(place: Place, state: 0 | 3): Promise<void> {
    const port = await this.#portOf(place);
    await mustRun(['bridge', '-n', this.#network.fabric, 'link', 'set', 'dev', port, 'state', `${state}`]);
  }

  /** The other end of its cable, at the bridge. */
  async #portOf({ host }: Place): Promise<string> {
    const [here] = await links(host, LINK);
    const ports = await links(this.#network.fabric);
    return ports.find(({ ifindex }) => ifindex === here?.link_index)?.ifname ?? '';
  }
}

/** A neighbour's table is right for an hour: who does not announce itself is not found. */
const patience = {
  'net.ipv4.neigh.lan.base_reachable_time_ms': 3_600_000,
  'net.ipv6.neigh.lan.base_reachable_time_ms': 3_600_000,
};

const host = (number: number, sysctls: NonNullable<Host['sysctls']>): Host => ({
  links: { [LINK]: [`10.77.0.${number}/24`, `fd77::${number}/64`] },
  // FRR advertises itself as a router, with a hop limit for everybody
  sysctls: { ...sysctls, 'net.ipv6.conf.default.accept_ra': 0, 'net.ipv6.conf.lan.accept_ra': 0 },
});

/** Above 64, which some take for the least that a neighbour sends. */
const ttlOf = (number: number): number => 100 + number;

const router = (number: number): Host =>
  host(number, {
    'net.ipv4.ip_default_ttl': ttlOf(number),
    'net.ipv6.conf.default.hop_limit': ttlOf(number), // of interfaces that routers make
    'net.ipv6.conf.lan.hop_limit': ttlOf(number),
  });

async function place(host: string, number: number): Promise<Place> {
  const [link] = await links(host, LINK);
  return {
    host,
    addresses: { ip4: `10.77.0.${number}`, ip6: `fd77::${number}` },
    mac: link?.address ?? '',
    ttl: ttlOf(number),
  };
}

interface Link {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address: string;
  /** Of the cable's other end. */
  readonly link_index?: number;
}

const links = async (host: string, ...of: readonly string[]): Promise<readonly Link[]> =>
  JSON.parse(await mustRun(['ip', '-n', host, '-json', 'link', 'show', ...of])) as readonly Link[];
