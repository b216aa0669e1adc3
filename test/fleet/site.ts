/**
 * fleet/ — many directors with a real etcd and a real routing daemon, behind a router that spreads what comes over all of them.
 * site.ts: the network, the programs in it, and what they are asked.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { DirectorProcess, until } from '../vrrp/director-process.js';
import { Folder, Running } from '../vrrp/interop/router.js';
import type { FleetSeen } from '../../src/fleet/orders.js';
import { Conversation, type Endpoint, serve } from '../lab/peers.js';
import type { Network, Topology } from '../lab/topology.js';
import { root } from '../engine/site.js';

process.env['PEER_LIMIT'] = '60'; // a flow that changes its director waits for the router, and then for a retransmission

export const DIRECTORS = ['d1', 'd2', 'd3'] as const;
export type DirectorName = (typeof DIRECTORS)[number];
export const SERVERS = ['s1', 's2', 's3'] as const;

const directorAddress = (name: DirectorName): string => `10.2.0.1${name.slice(1)}`;
const serverAddress = (n: number): string => `10.2.0.2${n}`;
export const ROUTER = '10.2.0.1';
const STORE = '10.2.0.5';
export const ETCD_URL = `http://${STORE}:2379`;

/** Of no network: only routes lead there. */
export const WEB = '192.0.2.10';
export const OTHER = '192.0.2.20';
export const WEB6 = '2001:db8::10';
export const web: Endpoint = { protocol: 'tcp', address: WEB, port: 80 };

const lan = (last: string, more: readonly string[] = []) => ({
  lan: [`10.2.0.${last}/24`, `fd00:2::${last}/64`, ...more],
});
const ways = [`default via ${ROUTER}`, 'default via fd00:2::1'];

/** client – router – a LAN with directors, servers and etcd. */
export const topology: Topology = {
  hosts: {
    client: {
      links: { internet: ['10.1.0.2/24', 'fd00:1::2/64'] },
      routes: ['default via 10.1.0.1', 'default via fd00:1::1'],
    },
    router: {
      links: { internet: ['10.1.0.1/24', 'fd00:1::1/64'], ...lan('1') },
      sysctls: {
        'net.ipv4.ip_forward': 1,
        'net.ipv6.conf.all.forwarding': 1,
        // by addresses and ports: each flow has a way of its own
        'net.ipv4.fib_multipath_hash_policy': 1,
        'net.ipv6.fib_multipath_hash_policy': 1,
      },
    },
    ...Object.fromEntries(DIRECTORS.map((name) => [name, { links: lan(`1${name.slice(1)}`), routes: ways }])),
    ...Object.fromEntries(SERVERS.map((name, i) => [name, { links: lan(`2${i + 1}`), routes: ways }])),
    store: { links: lan('5') },
  },
};

/** The document that all directors share. */
export const document = (weight = 1): string => `
virtual_server ${WEB} 80 {
    lvs_engine userspace
    lvs_sched maglev
    lvs_method DR
    protocol TCP
    delay_loop 1
    ${[1, 2, 3].map((n) => `real_server ${serverAddress(n)} 80 {\n weight ${n === 1 ? weight : 1}\n TCP_CHECK {\n connect_timeout 2\n }\n }`).join('\n    ')}
}
virtual_server ${WEB6} 80 {
    lvs_engine userspace
    lvs_sched maglev
    lvs_method DR
    protocol TCP
    ${[1, 2, 3].map((n) => `real_server fd00:2::2${n} 80 {\n weight 1\n }`).join('\n    ')}
}
virtual_server ${OTHER} 81 {
    lvs_engine userspace
    lvs_sched maglev
    lvs_method DR
    protocol TCP
    delay_loop 1
    real_server ${serverAddress(3)} 81 {
        weight 1
        TCP_CHECK {
            connect_timeout 2
            retry 1
            delay_before_retry 0.2
        }
    }
}
`;

export const machineFile = (name: DirectorName, by: 'bird' | 'frr'): string => `
global_defs {
    router_id ${name}
    engine_ports lan
    engine_mode xdp
    engine_workers 1
    lvs_stop remove
}
fleet {
    etcd ${ETCD_URL}
    lease 5
}
announce {
    ${by}
    only 192.0.2.0/24 2001:db8::/32
    withdraw_wait 3
}
`;

/** What a director has on its machine: lvsd, and whatever tells the router of it. */
export class Site implements AsyncDisposable {
  readonly network: Network;
  readonly directors: Readonly<Record<DirectorName, DirectorProcess>>;
  readonly #by: 'bird' | 'frr';
  readonly #folders: Folder[] = [];
  readonly #store: Folder;
  readonly #started = new Set<DirectorProcess>();
  #etcd: Running | undefined;

  constructor(network: Network, by: 'bird' | 'frr') {
    this.network = network;
    this.#by = by;
    this.directors = { d1: new DirectorProcess('d1'), d2: new DirectorProcess('d2'), d3: new DirectorProcess('d3') };
    this.#store = this.folder();
  }

  folder(): Folder {
    const made = new Folder();
    this.#folders.push(made);
    return made;
  }

  async startEtcd(): Promise<void> {
    const file = (name: string): string => this.#store.file(name);
    mkdirSync(file('data'), { recursive: true, mode: 0o700 });
    chmodSync(file('data'), 0o700);
    const urls = ['--listen-client-urls', ETCD_URL, '--advertise-client-urls', ETCD_URL];
    const peers = ['--listen-peer-urls', 'http://127.0.0.1:2380'];
    this.#etcd = new Running('store', ['/usr/bin/etcd', '--data-dir', file('data'), ...urls, ...peers], file('log'));
    await until('etcd answers', async () => (await this.etcdctl('endpoint', 'health')).status === 0);
  }

  async killEtcd(): Promise<void> {
    await this.#etcd?.kill();
  }

  /** etcdctl beside etcd. */
  etcdctl(...words: readonly string[]): ReturnType<Network['run']> {
    const command = ['env', 'ETCDCTL_API=3', '/usr/bin/etcdctl', '--endpoints', ETCD_URL, ...words];
    return this.network.run('store', command, { limitMs: 60_000 });
  }

  startDirector(name: DirectorName): void {
    const director = this.directors[name];
    writeFileSync(director.file, machineFile(name, this.#by));
    director.start();
    this.#started.add(director);
  }

  /** Real servers that answer at the virtual addresses, of both families. */
  async startServers(): Promise<void> {
    for (const [i, host] of SERVERS.entries()) {
      const state = this.folder().file('state');
      for (const vip of [WEB, WEB6, ...(i === 2 ? [OTHER] : [])])
        await this.network.must(
          host,
          `${root}bin/lvsd`,
          'realserver',
          '--vip',
          vip,
          '--method',
          'dr',
          '--state',
          `${state}-${vip.replaceAll(':', '-')}`,
        );
      await serve(host, [
        { protocol: 'tcp', address: '0.0.0.0', port: 80 },
        { protocol: 'tcp', address: '::', port: 80 },
      ]);
    }
  }

  /** What `lvsctl fleet` says at a director; undefined: it does not answer. */
  async seen(name: DirectorName): Promise<FleetSeen | undefined> {
    return this.directors[name].told<FleetSeen>('fleet');
  }

  /** All of these and nobody else are there, with the same documents in force, and nothing differs. */
  async agree(...names: readonly DirectorName[]): Promise<boolean> {
    const seen = await this.seen(names[0]!);
    return (
      seen !== undefined &&
      seen.directors.map(({ name }) => name).join() === names.join() &&
      seen.directors.every(({ applied }) => applied !== null) &&
      seen.differences.length === 0
    );
  }

  /** The directors that the router sends packets for an address to. */
  async waysTo(address: string): Promise<readonly string[]> {
    const family = address.includes(':') ? '-6' : '-4';
    const { stdout } = await this.network.run('router', ['ip', family, 'route', 'show', address]);
    return DIRECTORS.filter(
      (name) => stdout.includes(`via ${directorAddress(name)} `) || stdout.includes(`via fd00:2::1${name.slice(1)} `),
    );
  }

  async haveWays(address: string, ...names: readonly DirectorName[]): Promise<void> {
    let now = '';
    const wanted = names.join();
    const is = async (): Promise<boolean> => (now = (await this.waysTo(address)).join()) === wanted;
    try {
      await until(`${address} leads to ${wanted || 'nobody'}`, is);
    } catch (cause) {
      throw new Error(`${address} leads to ${now || 'nobody'}, not ${wanted || 'nobody'}\n${this.#logs()}`, { cause });
    }
  }

  /** The last words of all. */
  #logs(): string {
    const last = (text: string): string => text.split('\n').slice(-12).join('\n');
    return this.#folders
      .map((folder) => last(folder.text('log')))
      .filter((text) => text !== '')
      .join('\n---\n');
  }

  /** Sessions that the engine of a director has. */
  async sessions(name: DirectorName): Promise<number> {
    type Told = { readonly engine: { readonly sessions: { readonly live: number } } | null };
    return (await this.directors[name].told<Told>('status'))?.engine?.sessions.live ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#etcd?.kill();
    for (const director of Object.values(this.directors)) {
      if (this.#started.has(director)) await director.kill().catch(() => undefined);
      director.folder.remove();
    }
    for (const folder of this.#folders) folder.remove();
  }
}

/** Connections of the client that stay open. */
export class Flows implements AsyncDisposable {
  readonly #open: { readonly flow: Conversation; readonly server: string }[] = [];

  static async open(count: number, to: Endpoint): Promise<Flows> {
    const flows = new Flows();
    try {
      for (let i = 0; i < count; i++) {
        const flow = await Conversation.open('client', to);
        flows.#open.push({ flow, server: '' });
        const reply = await flow.ask('hello');
        if ('error' in reply) throw new Error(reply.error);
        flows.#open[i] = { flow, server: reply.server };
      }
      return flows;
    } catch (error) {
      await flows[Symbol.asyncDispose]();
      throw error;
    }
  }

  get servers(): readonly string[] {
    return [...new Set(this.#open.map(({ server }) => server))].sort();
  }

  /** What is not as it was: nothing, if each is answered by the server that answered at first. */
  async troubles(message: string): Promise<readonly string[]> {
    const replies = await Promise.all(this.#open.map(({ flow }) => flow.ask(message)));
    return replies.flatMap((reply, i) => {
      const { server } = this.#open[i]!;
      if ('error' in reply) return [`flow ${i} of ${server}: ${reply.error}`];
      return reply.server === server ? [] : [`flow ${i} was ${server}'s and is ${reply.server}'s`];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { flow } of this.#open) await flow[Symbol.asyncDispose]();
  }
}
