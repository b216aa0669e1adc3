/** Path MTU: what a router or the director says about packets that do not fit reaches the one who sent them. */
import t from 'tap';
import { plainTunnel } from '../../src/model/destination.js';
import type { ServiceKey } from '../../src/model/service.js';
import { balance, ipvsOf } from './director-host.js';
import { eventually } from './eventually.js';
import { ask, Peer } from './peers.js';
import { Network, type Topology } from './topology.js';

const BYTES = 300_000;

/** client – router – director – gateway – server, and a link around the director; 1500 bytes everywhere but where a test says otherwise. */
const topology: Topology = {
  hosts: {
    client: {
      links: { outside: ['10.1.0.2/24', 'fd01::2/64'] },
      routes: ['default via 10.1.0.1', 'default via fd01::1'],
    },
    router: {
      links: { outside: ['10.1.0.1/24', 'fd01::1/64'], middle: ['10.2.0.1/24', 'fd02::1/64'], around: ['10.5.0.1/24'] },
      routes: ['10.9.0.0/16 via 10.2.0.2', 'fd09::/16 via fd02::2'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    director: {
      links: {
        middle: ['10.2.0.2/24', 'fd02::2/64'],
        inside: ['10.3.0.1/24', 'fd03::1/64'],
        lo: ['10.9.0.100/32', 'fd09::100/128'],
      },
      routes: ['default via 10.2.0.1', 'default via fd02::1', '10.4.0.0/24 via 10.3.0.2', 'fd04::/64 via fd03::2'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    gateway: {
      links: { inside: ['10.3.0.2/24', 'fd03::2/64'], rack: ['10.4.0.1/24', 'fd04::1/64'], around: ['10.5.0.2/24'] },
      routes: ['default via 10.3.0.1', 'default via fd03::1'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    server: {
      links: { rack: ['10.4.0.11/24', 'fd04::11/64'] },
      routes: ['default via 10.4.0.1', 'default via fd04::1'],
      sysctls: { 'net.ipv4.conf.all.rp_filter': 0, 'net.ipv4.conf.default.rp_filter': 0 },
    },
  },
};

/** Sends BYTES to whoever connects, then reads to the end and says how many bytes came. */
const transferServer = `
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], 80)); s.listen(8); print("ready", flush=True)
while True:
    c, _ = s.accept(); c.settimeout(20)
    try:
        c.sendall(b"x" * ${BYTES}); n = 0
        while True:
            d = c.recv(65536)
            if not d: break
            n += len(d)
        print(n, flush=True)
    except OSError as e: print("error", e, flush=True)
    c.close()
`;
/** Reads BYTES, sends BYTES, and says so. */
const transferClient = `
import socket, sys
c = socket.create_connection((sys.argv[1], 80), 20); n = 0
while n < ${BYTES}:
    d = c.recv(65536)
    if not d: break
    n += len(d)
c.sendall(b"y" * ${BYTES}); c.shutdown(socket.SHUT_WR)
while c.recv(1): pass
print(n)
`;

/** Neighbours are known and IPv6 has settled, so that what a test sees is about sizes only. */
async function warm(network: Network, vip: string, server: string): Promise<void> {
  for (const [host, address] of [
    ['client', vip],
    ['director', server],
  ] as const) {
    await eventually(async () => {
      const [reply] = await ask(network, host, { protocol: 'tcp', address, port: 9 });
      if (reply === undefined || !('error' in reply) || reply.error !== 'Connection refused')
        throw new Error(`${host} does not reach ${address}`);
    });
  }
}

/**
 * Up to three connections until one gets through: what is tested is that the word about the size arrives and is kept, not how soon TCP
 * recovers where the first such word was lost (in one of some ten fresh guests it waits longer than a test should).
 */
async function transfer(network: Network, server: Peer, vip: string): Promise<[down: string, up: string]> {
  let result: [string, string] = ['', ''];
  for (let attempt = 0; attempt < 3 && !result.every((bytes) => bytes === String(BYTES)); attempt++) {
    const { stdout, stderr } = await network.run('client', ['/usr/bin/python3', '-c', transferClient, vip]);
    result = [stdout.trim() || stderr, await server.line()];
  }
  return result;
}

async function transferServerOn(host: string, address: string): Promise<Peer> {
  const server = new Peer(['ip', 'netns', 'exec', host, '/usr/bin/python3', '-c', transferServer, address]);
  await server.line();
  return server;
}

const mtuTo = async (network: Network, host: string, address: string): Promise<number> => {
  const route = await network.must(host, 'ip', ...(address.includes(':') ? ['-6'] : []), 'route', 'get', address);
  return Number(/\bmtu (\d+)/.exec(route)?.[1] ?? 0);
};

const service = (address: string): ServiceKey => ({ by: 'address', protocol: 'tcp', address, port: 80 });

const nat: readonly (readonly [family: string, vip: string, server: string, client: string])[] = [
  ['IPv4', '10.9.0.100', '10.4.0.11', '10.1.0.2'],
  ['IPv6', 'fd09::100', 'fd04::11', 'fd01::2'],
];
for (const [family, vip, address, client] of nat) {
  t.test(
    `NAT ${family}: a router before the client cannot carry an answer; the server hears of it through the director`,
    async (t) => {
      await using network = await Network.build(topology);
      await using ipvs = await ipvsOf('director');
      await network.must('router', 'ip', 'link', 'set', 'outside', 'mtu', '1300');
      await balance(ipvs, service(vip), [address]);
      await warm(network, vip, address);
      await using server = await transferServerOn('server', address);
      t.strictSame(await transfer(network, server, vip), [String(BYTES), String(BYTES)]);
      t.equal(await mtuTo(network, 'server', client), 1300, "the server's path MTU to the client");
    },
  );
}

const tunnelled: readonly (readonly [what: string, narrow: number | undefined, path: number])[] = [
  ['the director says what its outer header takes', undefined, 1480],
  ["a gateway's word about the outer packet becomes one about the inner", 1400, 1380],
];
for (const [what, narrow, path] of tunnelled) {
  t.test(`TUN: an upload does not fit the tunnel; ${what}`, async (t) => {
    await using network = await Network.build(topology);
    await using ipvs = await ipvsOf('director');
    if (narrow !== undefined) await network.must('gateway', 'ip', 'link', 'set', 'rack', 'mtu', String(narrow));
    await network.must('gateway', 'ip', 'route', 'replace', 'default', 'via', '10.5.0.1'); // answers do not pass the director
    for (const line of ['link set tunl0 up', 'address add 10.9.0.100/32 dev tunl0'])
      await network.must('server', 'ip', ...line.split(' '));
    await network.must('server', 'sh', '-c', 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done');
    await balance(ipvs, service('10.9.0.100'), ['10.4.0.11'], {}, { method: 'tunnel', tunnel: plainTunnel });
    await warm(network, '10.9.0.100', '10.4.0.11');
    await using server = await transferServerOn('server', '10.9.0.100');
    t.strictSame(await transfer(network, server, '10.9.0.100'), [String(BYTES), String(BYTES)]);
    const learned = await eventually(async () => {
      const mtu = await mtuTo(network, 'client', '10.9.0.100');
      if (mtu === 0) throw new Error('no path MTU learned');
      return mtu;
    });
    t.equal(learned, path, "the client's path MTU to the VIP");
  });
}
