/** Two directors with VIPs, a cable between them, a client and servers: what the connections of survival-story.ts go through. */
import { EngineClient } from '../../src/dataplane/client.js';
import { decodeSessions } from '../../src/dataplane/session-record.js';
import { parseConnections } from '../../src/ipvs/proc.js';
import { systemClock } from '../../src/system/clock.js';
import type { DirectorMachine } from './survival-director.js';
import type { Host, Network, Topology } from './topology.js';

export interface SurvivalSite {
  readonly topology: Topology;
  /** Hosts of real servers. */
  readonly servers: readonly string[];
  readonly vip: string;
  /** What lvsd is told on each. */
  readonly file: (director: Director) => string;
  /** Ports of the client that are in a director's table of established connections. */
  readonly portsIn: (director: DirectorMachine, network: Network) => Promise<ReadonlySet<number>>;
}

export interface Director {
  readonly number: 1 | 2;
  readonly priority: number;
  /** Further lines of global_defs. */
  readonly words: readonly string[];
}

/** Nobody waits so long: it is told before that all has come. */
const words = ['pair_sync_wait 300'];

export const directors = {
  a: { number: 1, priority: 150, words },
  b: { number: 2, priority: 100, words },
} as const satisfies Record<string, Director>;

export const PORT = 80;
const SERVERS = [1, 2, 3] as const;
const vip = '10.1.0.100';
const gateway = '10.2.0.1';
const behind = (n: number): string => `10.2.0.1${n}`;
const beside = (n: number): string => `10.1.0.1${n}`;

/** What a director of a pair says of itself: the other one, and VIPs on each segment that move together. */
function pairText(director: Director, vips: Readonly<Record<string, string>>, lines: readonly string[]): string {
  const { number, words } = director;
  const segments = Object.entries(vips);
  const instances = segments.map(([segment, address], i) => instanceText(director, segment, 51 + i, address));
  return `
global_defs {
    router_id lb${number}
    pair_peer 10.99.0.${3 - number}
    pair_source 10.99.0.${number}
    pair_key "the key of these two directors"
    ${[...words, ...lines].join('\n    ')}
}
${segments.length > 1 ? groupText(Object.keys(vips)) : ''}
${instances.join('\n')}`;
}

const instanceText = ({ priority }: Director, segment: string, vrid: number, address: string): string => `
vrrp_instance ${segment} {
    version 3
    interface ${segment}
    virtual_router_id ${vrid}
    priority ${priority}
    advert_int 1
    virtual_ipaddress {
        ${address}/24
    }
}`;

const groupText = (instances: readonly string[]): string => `
vrrp_sync_group TOGETHER {
    group {
        ${instances.join('\n        ')}
    }
}`;

/** A check is slow to despair: the machine may be busy, and servers are not what is looked at. */
const serviceText = (words: readonly string[], servers: readonly string[]): string => `
virtual_server ${vip} ${PORT} {
    delay_loop 5
    lvs_sched rr
    protocol TCP
    ${words.join('\n    ')}
${servers
  .map(
    (server) => `    real_server ${server} ${PORT} {
        inhibit_on_failure
        TCP_CHECK {
            connect_timeout 20
            retry 5
        }
    }`,
  )
  .join('\n')}
}
`;

const kernelSync = ['lvs_sync_daemon cross outside'];

/** What /proc tells of the kernel's table. */
async function kernelPorts({ host }: DirectorMachine, network: Network): Promise<ReadonlySet<number>> {
  const { rows } = parseConnections(await network.must(host, 'cat', '/proc/net/ip_vs_conn'));
  const ours = rows.filter(({ virtualAddress, state }) => virtualAddress === vip && state === 'ESTABLISHED');
  return new Set(ours.map(({ clientPort }) => clientPort));
}

const serverHosts = SERVERS.map((n) => `rs${n}`);
const router = '10.1.0.1';

/** A client who comes through a router, as most do. */
const clientSide: Readonly<Record<string, Host>> = {
  client: { links: { far: ['10.0.0.2/24'] }, routes: ['default via 10.0.0.1'] },
  router: {
    links: { far: ['10.0.0.1/24'], outside: [`${router}/24`] },
    sysctls: { 'net.ipv4.ip_forward': 1 },
  },
};

const natDirector = ({ number }: Director, sysctls: Host['sysctls']): Host => ({
  links: {
    outside: [`10.1.0.2${number}/24`],
    inside: [`10.2.0.2${number}/24`],
    cross: [`10.99.0.${number}/24`],
  },
  routes: [`default via ${router}`],
  sysctls: { 'net.ipv4.ip_forward': 1, ...sysctls },
});

/** Servers whose gateway moves with the VIP. */
const natTopology = (sysctls: Host['sysctls'] = {}): Topology => ({
  hosts: {
    ...clientSide,
    a: natDirector(directors.a, sysctls),
    b: natDirector(directors.b, sysctls),
    ...Object.fromEntries(
      SERVERS.map((n) => [
        `rs${n}`,
        {
          links: { inside: [`${behind(n)}/24`] },
          routes: [`default via ${gateway}`],
        } satisfies Host,
      ]),
    ),
  },
});

/** The kernel sends a connection when it is established, and again every ten seconds in which something was said, twice each. */
const eager = {
  'net.ipv4.vs.sync_threshold': '0 0',
  'net.ipv4.vs.sync_refresh_period': 10,
  'net.ipv4.vs.sync_retries': 1,
};

export const kernelNat: SurvivalSite = {
  topology: natTopology(eager),
  servers: serverHosts,
  vip,
  file: (director) =>
    pairText(director, { outside: vip, inside: gateway }, kernelSync) +
    serviceText(['lvs_method NAT'], SERVERS.map(behind)),
  portsIn: kernelPorts,
};

/** Its servers have the VIP themselves and do not speak of it. The kernel's synchronisation is as it is when nobody sets it. */
export const kernelDr: SurvivalSite = {
  topology: {
    hosts: {
      ...clientSide,
      ...Object.fromEntries(
        Object.entries(directors).map(([name, { number }]) => [
          name,
          {
            links: {
              outside: [`10.1.0.2${number}/24`],
              cross: [`10.99.0.${number}/24`],
            },
            routes: [`default via ${router}`],
            sysctls: {
              'net.ipv4.ip_forward': 1,
              'net.ipv4.conf.all.send_redirects': 0,
            },
          } satisfies Host,
        ]),
      ),
      ...Object.fromEntries(
        SERVERS.map((n) => [
          `rs${n}`,
          {
            links: { lo: [`${vip}/32`], outside: [`${beside(n)}/24`] },
            routes: [`default via ${router}`],
            sysctls: {
              'net.ipv4.conf.all.arp_ignore': 1,
              'net.ipv4.conf.all.arp_announce': 2,
            },
          } satisfies Host,
        ]),
      ),
    },
  },
  servers: serverHosts,
  vip,
  file: (director) =>
    pairText(director, { outside: vip }, kernelSync) + serviceText(['lvs_method DR'], SERVERS.map(beside)),
  portsIn: kernelPorts,
};

const engineGlobals = ['engine_ports outside inside', 'engine_mode xdp', 'engine_workers 1'];

/** What the engine's sessions are. */
async function enginePorts(director: DirectorMachine): Promise<ReadonlySet<number>> {
  const engine = await EngineClient.connect({
    path: director.file('engine.sock'),
    clock: systemClock,
  });
  const ports = new Set<number>();
  try {
    let cursor = 0n;
    do {
      const page = await engine.sessions(cursor, 1000);
      for (const { client, state } of decodeSessions(page.records)) if (state === 'established') ports.add(client.port);
      cursor = page.next;
    } while (cursor !== 0n);
  } finally {
    engine.close();
  }
  return ports;
}

const SOURCE = '10.2.0.99';
const userspace = 'lvs_engine userspace';

export const engineNat: SurvivalSite = {
  topology: natTopology(),
  servers: serverHosts,
  vip,
  file: (director) =>
    pairText(director, { outside: vip, inside: gateway }, engineGlobals) +
    serviceText([userspace, 'lvs_method NAT'], SERVERS.map(behind)),
  portsIn: enginePorts,
};

/** Servers that need not know of directors: what they answer to moves with the VIP. */
export const engineFullNat: SurvivalSite = {
  ...engineNat,
  file: (director) =>
    pairText(director, { outside: vip, inside: SOURCE }, engineGlobals) +
    serviceText([userspace, 'lvs_method FULLNAT', `snat_pool ${SOURCE} ports 40000-49999`], SERVERS.map(behind)),
};
