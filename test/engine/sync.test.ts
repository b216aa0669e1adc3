/**
 * Two directors, the second of which knows the first one's sessions: the VIPs and the servers' gateway move to it, and everybody goes on where
 * he was. With schedulers that go in turn, so that nobody finds his server again by chance.
 */
import '../helpers/own-machine.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { EngineClient } from '../../src/dataplane/client.js';
import { SyncReceiver, SyncSender } from '../../src/dataplane/session-sync.js';
import { streamOf } from '../../src/dataplane/sync-link.js';
import { SessionOrigins } from '../../src/dataplane/sync-origins.js';
import { decodeSessions } from '../../src/dataplane/session-record.js';
import { systemClock } from '../../src/system/clock.js';
import { eventually } from '../lab/eventually.js';
import { Crowd } from '../lab/crowd.js';
import { Director } from '../lab/lvsd-process.js';
import { numbersTo, serverAddress, serverHost, vip } from '../lab/nat-site.js';
import { serve } from '../lab/peers.js';
import { Network, type Topology } from '../lab/topology.js';
import { echo, globals, Steady, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const SERVERS = 3;
const CONNECTIONS = 300;
const PER_SECOND = 400;
const GATEWAY = '10.2.0.254';
/** What servers see of clients under full NAT. */
const SOURCE = '10.2.0.253';
const VIP6 = 'fd01::100';
const GATEWAY6 = 'fd02::fe';
const server6 = (n: number): string => `fd02::1${n}`;

type Name = 'a' | 'b';
const own: Readonly<Record<Name, number>> = { a: 1, b: 2 };

const director = (name: Name) => ({
  links: {
    outside: [`10.1.0.${own[name]}/24`, `fd01::${own[name]}/64`],
    inside: [`10.2.0.${own[name]}/24`, `fd02::${own[name]}/64`],
  },
  sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
});

const site: Topology = {
  hosts: {
    client: { links: { outside: ['10.1.0.9/24', 'fd01::9/64'] } },
    a: director('a'),
    b: director('b'),
    ...Object.fromEntries(
      numbersTo(SERVERS).map((n) => [
        serverHost(n),
        {
          links: { inside: [`${serverAddress(n)}/24`, `${server6(n)}/64`] },
          routes: [`default via ${GATEWAY}`, `default via ${GATEWAY6}`],
        },
      ]),
    ),
  },
};

/** VIPs and the servers' gateway are this one's: as gratuitous ARP says it. */
async function moveTo(network: Network, to: Name, from?: Name): Promise<void> {
  const addresses = [
    ['outside', `${vip}/32`],
    ['outside', `${VIP6}/128`],
    ['inside', `${GATEWAY}/32`],
    ['inside', `${GATEWAY6}/128`],
    ['inside', `${SOURCE}/32`],
  ] as const;
  for (const [link, address] of addresses) {
    if (from !== undefined) await network.must(from, 'ip', 'address', 'del', address, 'dev', link);
    await network.must(to, 'ip', 'address', 'add', address, 'dev', link, ...(address.includes(':') ? ['nodad'] : []));
  }
  const mac = async (link: string): Promise<string> =>
    (await network.must(to, 'cat', `/sys/class/net/${link}/address`)).trim();
  const [outside, inside] = [await mac('outside'), await mac('inside')];
  const neighbour = (host: string, address: string, lladdr: string, link: string) =>
    network.must(host, 'ip', 'neigh', 'replace', address, 'lladdr', lladdr, 'nud', 'reachable', 'dev', link);
  for (const address of [vip, VIP6]) await neighbour('client', address, outside, 'outside');
  for (const n of numbersTo(SERVERS))
    for (const address of [GATEWAY, GATEWAY6, SOURCE]) await neighbour(serverHost(n), address, inside, 'inside');
}

async function start(name: Name, text: string): Promise<Director> {
  const directory = `/run/lvsd/${name}`;
  mkdirSync(directory, { recursive: true });
  const file = `${directory}/lvsd.conf`;
  writeFileSync(file, text);
  const started = new Director(name, file, ['env', `RUNTIME_DIRECTORY=${directory}`]);
  await started.until('daemon.started');
  return started;
}

const engineOf = (name: Name, events = {}): Promise<EngineClient> =>
  EngineClient.connect({ path: `/run/lvsd/${name}/engine.sock`, clock: systemClock, ...events });

/** A sender beside `from`, a receiver beside `to`, a Unix socket between them. */
async function sync(t: Test, from: Name, to: Name) {
  const path = `/run/lvsd/${from}-${to}.sync`;
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const far = connect(path);
  const near = await accepted;
  server.close();
  const engine = await engineOf(to);
  const sender = new SyncSender({
    stream: streamOf(near),
    clock: systemClock,
    connect: (events) => engineOf(from, events),
  });
  const receiver = new SyncReceiver({
    stream: streamOf(far),
    clock: systemClock,
    engine,
    origins: new SessionOrigins(1_000_000, [1, 2]),
  });
  t.teardown(() => {
    sender.close();
    receiver.close();
    engine.close();
  });
  return {
    sender,
    receiver,
    async end(): Promise<void> {
      sender.close();
      receiver.close();
      await receiver.settled();
      engine.close();
    },
  };
}

/** Flow → its server, state and source of full NAT. */
async function tableOf(name: Name): Promise<Map<string, string>> {
  const engine = await engineOf(name);
  const table = new Map<string, string>();
  let cursor = 0n;
  do {
    const page = await engine.sessions(cursor, 1000);
    for (const { client, vip, protocol, affinity, destination, state, snat } of decodeSessions(page.records)) {
      const key = `${protocol} ${client.address} ${client.port} ${vip.address} ${vip.port} ${affinity}`;
      table.set(key, `${destination?.address} ${destination?.port} ${state} ${snat?.address} ${snat?.port}`);
    }
    cursor = page.next;
  } while (cursor !== 0n);
  engine.close();
  return table;
}

async function until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(async () => {
    if (!(await is())) throw new Error(`never: ${what}`);
  }, 60_000);
}

const nat = ['lvs_method NAT', 'persistence_timeout 300'];
const servers = (port: number, address = serverAddress): string[] =>
  numbersTo(SERVERS).map((n) => `${address(n)} ${port}`);

const full = ['lvs_method FULLNAT', `snat_pool ${SOURCE} ports 40000-49999`];

/** Of each service the first server last. */
const inAnotherOrder = (text: string): string =>
  text.replace(/( +real_server [^}]+\}\n)((?: +real_server [^}]+\}\n)+)/g, '$2$1');

interface Case {
  readonly address: string;
  readonly services: readonly string[];
  readonly workers?: number;
  readonly joins?: readonly ('first' | 'late' | 'never')[];
}

const fullNat: Case = {
  address: vip,
  services: [
    virtualServer(`${vip} 80`, ['lvs_sched rr', ...full, 'protocol TCP'], servers(80)),
    virtualServer(`${vip} 53`, ['lvs_sched wlc', ...full, 'protocol UDP'], servers(53)),
  ],
};

const cases: Readonly<Record<string, Case>> = {
  'full NAT, rr and wlc': fullNat,
  'full NAT, two workers': { ...fullNat, workers: 2 },
  'NAT, rr and wlc': {
    address: vip,
    joins: ['first', 'late', 'never'],
    services: [
      virtualServer(`${vip} 80`, ['lvs_sched rr', 'lvs_method NAT', 'protocol TCP'], servers(80)),
      virtualServer(`${vip} 53`, ['lvs_sched wlc', 'lvs_method NAT', 'protocol UDP'], servers(53)),
    ],
  },
  'NAT with affinity, wlc': {
    address: vip,
    joins: ['first'],
    services: [
      virtualServer(`${vip} 80`, ['lvs_sched wlc', ...nat, 'protocol TCP'], servers(80)),
      virtualServer(`${vip} 53`, ['lvs_sched rr', ...nat, 'protocol UDP'], servers(53)),
    ],
  },
  'IPv6 NAT, a prefix, rr': {
    address: VIP6,
    services: [
      virtualServer('fd01::100/120 80', ['lvs_sched rr', 'lvs_method NAT', 'protocol TCP'], servers(80, server6)),
      virtualServer(`${VIP6} 53`, ['lvs_sched rr', 'lvs_method NAT', 'protocol UDP'], servers(53, server6)),
    ],
  },
};

for (const [name, { address, services, workers = 1, joins: moments = ['late'] }] of Object.entries(cases)) {
  for (const joins of moments) {
    t.test(`${name}; the standby joins ${joins}`, async (t) => {
      await using network = await Network.build(site);
      for (const n of numbersTo(SERVERS)) {
        await serve(serverHost(n), [
          { protocol: 'tcp', address: serverAddress(n), port: 80 },
          { protocol: 'tcp', address: server6(n), port: 80 },
        ]);
        await echo(serverHost(n), address === vip ? serverAddress(n) : server6(n), 53);
      }
      await moveTo(network, 'a');
      const text =
        globals(['outside', 'inside'], 'xdp').replace('engine_workers 1', `engine_workers ${workers}`) +
        // with persistence one choice is all clients' choice, and the standby may make the same by chance
        (joins === 'never' ? services.map((one) => one.replace('persistence_timeout 300', '')) : services).join('');
      await using a = await start('a', text);
      // alone, rr would choose in the same order as the other one did, and every connection would survive by that
      await using b = await start('b', joins === 'never' ? inAnotherOrder(text) : text);
      const early = joins === 'first' ? await sync(t, 'a', 'b') : undefined;
      await using talkers = await Crowd.open('client', address, 80, CONNECTIONS);
      await using stream = await Steady.start('client', address, 53, PER_SECOND);
      await talkers.rounds(3);
      if (joins === 'never') {
        await moveTo(network, 'b', 'a');
        await talkers.rounds(2);
        t.notMatch(await talkers.end(), /^\d+ 0 0$/, 'without it they do not survive: the test can fail');
        await stream.end();
        return;
      }
      const link = early ?? (await sync(t, 'a', 'b'));
      await until('the whole table is there', () => link.receiver.status().isWhole);
      await talkers.rounds(2);
      await until('both know the same', async () => {
        const [left, right] = [await tableOf('a'), await tableOf('b')];
        return left.size >= CONNECTIONS + 16 && JSON.stringify([...left].sort()) === JSON.stringify([...right].sort());
      });
      t.equal(link.receiver.status().refused, 0, 'the standby took all');

      await link.end();
      const began = performance.now();
      await moveTo(network, 'b', 'a');
      const movedMs = performance.now() - began;
      a.kill('SIGTERM');
      await talkers.rounds(5);
      const { sent, back } = await stream.end();
      const lost = `datagrams: ${sent} sent, ${back} back; the addresses moved in ${movedMs.toFixed(0)} ms`;
      t.ok(back > 100 && sent - back <= PER_SECOND * (0.5 + movedMs / 1000), lost);
      t.match(await talkers.end(), /^\d+ 0 0$/, 'no connection broke, none changed its server');
      await b.stop();
      t.end();
    });
  }
}
