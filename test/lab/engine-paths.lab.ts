// kernels: uml, qemu
/** The userspace engine on paths that are narrow or lose packets: what does not fit is said to who sent it, and what ICMP says reaches who it concerns. */
import t from 'tap';
import { direct, globals, lvsctl, type Mode, move, root, serveBulk, virtualServer } from '../engine/site.js';
import { eventually } from './eventually.js';
import { type Case, cases, engineMethod, GUE_PORT } from './forwarding-site.js';
import { ask, type Endpoint, Peer, serve, serversOf } from './peers.js';
import { mustRun, Network, type Topology } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit
/** User-Mode Linux has no AF_XDP. */
const mode: Mode = process.env['LAB_KERNEL'] === 'qemu' ? 'xdp' : 'packet';
const BYTES = process.env['LAB_KERNEL'] === 'qemu' ? 200_000 : 1_000_000;
const NARROW = 1400;
const python = '/usr/bin/python3';
const datagrams = `${root}test/engine/datagrams.py`;
const BULK = 9000;
const DATAGRAMS = 9001;

interface Tunnelled {
  readonly one: Case;
  readonly vip: string;
  /** What the tunnel adds to a packet, bytes. */
  readonly overhead: number;
}

/** Between outer and inner header. */
const HEADER_BYTES: Readonly<Record<string, number>> = { gre: 4, gue: 12 };

/** Each with an address of its own, so that nobody knows the path of another. */
const tunnels = cases
  .filter(({ device, settings: { tunnel } }) => device !== undefined && !tunnel.checksum && !tunnel.remoteChecksum)
  .map(
    (one, i): Tunnelled => ({
      one,
      vip: one.service === 'ip4' ? `10.9.0.${100 + i}` : `fd09::${100 + i}`,
      overhead: (one.server === 'ip4' ? 20 : 40) + (HEADER_BYTES[one.settings.tunnel.type] ?? 0),
    }),
  );
const server = { ip4: '10.4.0.11', ip6: 'fd04::11' };
const client = { ip4: '10.1.0.2', ip6: 'fd01::2' };
const natVip = { ip4: '10.9.0.90', ip6: 'fd09::90' };
const families = ['ip4', 'ip6'] as const;

const vipsOnServer = tunnels.map(({ vip }) => `${vip}/${vip.includes(':') ? 128 : 32}`);
/** client – router – director – gateway – server, and a link around the director. The director's kernel forwards nothing. */
const topology: Topology = {
  hosts: {
    client: {
      links: { outside: ['10.1.0.2/24', 'fd01::2/64'] },
      routes: ['default via 10.1.0.1', 'default via fd01::1'],
    },
    router: {
      links: {
        outside: ['10.1.0.1/24', 'fd01::1/64'],
        middle: ['10.2.0.1/24', 'fd02::1/64'],
        around: ['10.5.0.1/24', 'fd05::1/64'],
      },
      routes: ['10.9.0.0/16 via 10.2.0.2', 'fd09::/16 via fd02::2'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    director: {
      links: { middle: ['10.2.0.2/24', 'fd02::2/64'], inside: ['10.3.0.1/24', 'fd03::1/64'] },
      routes: ['default via 10.2.0.1', 'default via fd02::1', '10.4.0.0/24 via 10.3.0.2', 'fd04::/64 via fd03::2'],
    },
    gateway: {
      links: {
        inside: ['10.3.0.2/24', 'fd03::2/64'],
        rack: ['10.4.0.1/24', 'fd04::1/64'],
        around: ['10.5.0.2/24', 'fd05::2/64'],
      },
      routes: ['default via 10.3.0.1', 'default via fd03::1'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    server: {
      links: { lo: vipsOnServer, rack: ['10.4.0.11/24', 'fd04::11/64'] },
      routes: ['default via 10.4.0.1', 'default via fd04::1'],
      sysctls: { 'net.ipv4.conf.all.rp_filter': 0, 'net.ipv4.conf.default.rp_filter': 0 },
    },
  },
};

const both = (vip: string, lines: readonly string[], address: string): string =>
  (
    [
      ['TCP', BULK],
      ['UDP', DATAGRAMS],
    ] as const
  )
    .map(([protocol, port]) =>
      virtualServer(`${vip} ${port}`, ['lvs_sched rr', `protocol ${protocol}`, ...lines], [`${address} ${port}`]),
    )
    .join('');
const natText = families.map((family) => both(natVip[family], ['lvs_method NAT'], server[family])).join('');
const text =
  globals(['middle', 'inside'], mode) +
  natText +
  tunnels.map(({ one, vip }) => both(vip, [`lvs_method ${engineMethod(one)}`], server[one.server])).join('');

async function startServers(network: Network): Promise<void> {
  for (const any of ['0.0.0.0', '::']) await serveBulk('server', any, BULK);
  const addresses = [...tunnels.map(({ vip }) => vip), ...Object.values(server)];
  await serve(
    'server',
    addresses.map((address): Endpoint => ({ protocol: 'udp', address, port: DATAGRAMS })),
  );
  await mustRun([process.env['LAB_MODPROBE'] ?? 'modprobe', 'fou']); // the kernel does not look for it by itself
  for (const family of ['-4', '-6'])
    await network.must('server', 'ip', family, 'fou', 'add', 'port', String(GUE_PORT), 'gue');
}

/** Answers of the server by the director, or straight to the router. */
async function answersBy(network: Network, way: 'director' | 'router'): Promise<void> {
  const [ip4, ip6] = way === 'director' ? ['10.3.0.1', 'fd03::1'] : ['10.5.0.1', 'fd05::1'];
  await network.must('gateway', 'ip', 'route', 'replace', 'default', 'via', ip4);
  await network.must('gateway', 'ip', '-6', 'route', 'replace', 'default', 'via', ip6);
}

/** With the end of a tunnel on the server. */
async function withTunnel(network: Network, { one }: Tunnelled, run: () => Promise<void>): Promise<void> {
  const made = `ip link add name tunnel ${one.device?.(server[one.server]) ?? ''}`.trim().split(/ +/);
  await network.must('server', ...made);
  await network.must('server', 'sh', '-c', 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done');
  await network.must('server', 'ip', 'link', 'set', 'tunnel', 'up');
  try {
    await run();
  } finally {
    await network.must('server', 'ip', 'link', 'delete', 'tunnel');
  }
}

/** What a host has learned; 0: nothing. */
const mtuTo = async (network: Network, host: string, address: string): Promise<number> => {
  const route = await network.must(host, 'ip', ...(address.includes(':') ? ['-6'] : []), 'route', 'get', address);
  return Number(/\bmtu (\d+)/.exec(route)?.[1] ?? 0);
};

const setMtu = (network: Network, host: string, link: string, mtu: number): Promise<string> =>
  network.must(host, 'ip', 'link', 'set', link, 'mtu', String(mtu));

/** `BACK TOO-BIG` of datagrams.py. */
const sendDatagrams = async (
  network: Network,
  address: string,
  bytes: number,
  how: 'whole' | 'pieces',
  count: number,
): Promise<[back: number, tooBig: number]> => {
  const words = [datagrams, 'ask', address, String(DATAGRAMS), String(bytes), how, String(count)];
  const [back = 0, tooBig = 0] = (await network.must('client', python, ...words)).trim().split(' ').map(Number);
  return [back, tooBig];
};

/** Neighbours are known and IPv6 has settled, so that what a test sees is about sizes only. */
const warm = (network: Network, address: string): Promise<void> =>
  eventually(async () => {
    const [reply] = await ask(network, 'client', { protocol: 'udp', address, port: DATAGRAMS });
    if (reply === undefined || 'error' in reply)
      throw new Error(`the client does not reach ${address}: ${reply?.error}`);
  });

t.test(`a narrow link behind the director, ${mode}`, async (t) => {
  await using network = await Network.build(topology);
  await startServers(network);
  await answersBy(network, 'router');
  for (const host of ['director', 'gateway']) await setMtu(network, host, 'inside', NARROW);
  await using director = await direct('director', text);
  for (const tunnelled of tunnels) {
    const { one, vip, overhead } = tunnelled;
    await t.test(one.name, async (t) => {
      await withTunnel(network, tunnelled, async () => {
        await warm(network, vip);
        if (one.service === 'ip4') {
          t.strictSame(
            await sendDatagrams(network, vip, 3000, 'pieces', 3),
            [3, 0],
            'in pieces, which the engine cuts',
          );
          t.strictSame(await sendDatagrams(network, vip, 1440, 'pieces', 3), [3, 0], 'whole without DF: cut');
        }
        const [back, tooBig] = await sendDatagrams(network, vip, 1440, 'whole', 3);
        t.equal(back, 0, 'none that may not be cut fits');
        t.ok(tooBig >= 1, 'and the sender knows');
        t.match(await move(network, 'client', vip, BULK, BYTES, BYTES), /^ok /, 'bulk, both ways');
        t.equal(await mtuTo(network, 'client', vip), NARROW - overhead, "the client's path MTU");
        t.strictSame(await sendDatagrams(network, vip, 3000, 'pieces', 3), [3, 0], 'in pieces that fit');
      });
    });
  }
  director.kill('SIGTERM');
});

t.test(`a narrow link further on: a gateway's word about the outer packet, ${mode}`, async (t) => {
  await using network = await Network.build(topology);
  await startServers(network);
  await answersBy(network, 'router');
  for (const host of ['gateway', 'server']) await setMtu(network, host, 'rack', NARROW);
  await using director = await direct('director', text);
  for (const tunnelled of tunnels) {
    const { one, vip, overhead } = tunnelled;
    await t.test(one.name, async (t) => {
      await withTunnel(network, tunnelled, async () => {
        await warm(network, vip);
        t.match(await move(network, 'client', vip, BULK, BYTES, BYTES), /^ok /, 'bulk, both ways');
        const learned = await mtuTo(network, 'client', vip);
        t.ok(learned > 0 && learned <= NARROW - overhead, `the client's path MTU: ${learned}`);
      });
    });
  }
  director.kill('SIGTERM');
});

t.test(`NAT, ${mode}`, async (t) => {
  await using network = await Network.build(topology);
  await startServers(network);
  await using director = await direct(
    'director',
    globals(['middle', 'inside'], mode) + natText + portsWithoutListener(),
  );
  for (const family of families) {
    await t.test(family, async (t) => {
      const vip = natVip[family];
      await warm(network, vip);
      t.strictSame(
        serversOf(await ask(network, 'client', { protocol: 'udp', address: vip, port: 9 }, 2)),
        ['Connection refused', 'Connection refused'],
        "the server's port unreachable reaches the client",
      );

      await using late = new Peer(['ip', 'netns', 'exec', 'server', python, datagrams, 'late', server[family], '7']);
      await late.line();
      await network.must('client', python, datagrams, 'leave', vip, '7');
      t.equal(await late.line(), 'refused', "the client's port unreachable reaches the server");

      await setMtu(network, 'gateway', 'rack', 1400);
      t.match(await move(network, 'client', vip, BULK, BYTES, 1000), /^ok /, 'up');
      t.equal(await mtuTo(network, 'client', vip), 1400, 'the client knows from a router behind the director');
      await setMtu(network, 'gateway', 'rack', 1500);

      await setMtu(network, 'router', 'outside', 1280);
      t.match(await move(network, 'client', vip, BULK, 1000, BYTES), /^ok /, 'down');
      t.equal(await mtuTo(network, 'server', client[family]), 1280, 'the server knows from a router before it');
      await setMtu(network, 'router', 'outside', 1500);
    });
  }
  const { engine } = JSON.parse(await lvsctl(network, 'director', '--json', 'status')) as {
    engine: { events: Record<string, number> };
  };
  t.ok((engine.events['icmp_errors_forwarded'] ?? 0) >= 8, `${engine.events['icmp_errors_forwarded']} by the engine`);
  director.kill('SIGTERM');
});

/** Port 9 of the server is closed; at port 7 somebody answers late. */
function portsWithoutListener(): string {
  return families
    .flatMap((family) =>
      [7, 9].map((port) =>
        virtualServer(
          `${natVip[family]} ${port}`,
          ['lvs_sched rr', 'lvs_method NAT', 'protocol UDP'],
          [`${server[family]} ${port}`],
        ),
      ),
    )
    .join('');
}

t.test(`a link that loses, delays and reorders, ${mode}`, async (t) => {
  await using network = await Network.build(topology);
  await startServers(network);
  await mustRun([process.env['LAB_MODPROBE'] ?? 'modprobe', 'sch_netem']);
  await using director = await direct('director', text);
  const lossy = 'root netem loss 5% delay 4ms reorder 25% 50%'.split(' ');
  for (const [host, link] of [
    ['router', 'middle'],
    ['gateway', 'inside'],
    ['gateway', 'around'],
  ] as const)
    await network.must(host, 'tc', 'qdisc', 'add', 'dev', link, ...lossy);
  const LOSSY_BYTES = 300_000;
  for (const family of families) {
    await t.test(`NAT, ${family}`, async (t) => {
      t.match(await move(network, 'client', natVip[family], BULK, LOSSY_BYTES, LOSSY_BYTES), /^ok /);
    });
  }
  await answersBy(network, 'router');
  for (const tunnelled of tunnels)
    await t.test(tunnelled.one.name, async (t) => {
      await withTunnel(network, tunnelled, async () => {
        t.match(await move(network, 'client', tunnelled.vip, BULK, LOSSY_BYTES, LOSSY_BYTES), /^ok /);
      });
    });
  t.match(await network.must('router', 'tc', '-s', 'qdisc', 'show', 'dev', 'middle'), /dropped [1-9]/, 'it did lose');
  director.kill('SIGTERM');
});
