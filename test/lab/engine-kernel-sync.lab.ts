// kernels: uml
/**
 * One director forwards by the kernel's IPVS, the other one by the userspace engine, and each knows the other's connections by IPVS's own sync
 * protocol: the addresses move to and fro, and everybody goes on where he was. Two servers in turn, so that nobody finds his again by chance.
 */
import t, { type Test } from 'tap';
import type { EngineSyncState } from '../../src/cli/control.js';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { type Connection, parseConnections } from '../../src/ipvs/proc.js';
import type { ServiceKey } from '../../src/model/service.js';
import { direct, echo, globals, lvsctl, root, Steady, virtualServer } from '../engine/site.js';
import { balance, ipvsOf } from './director-host.js';
import { eventually } from './eventually.js';
import { Conversation, type Endpoint, Peer, serve, serversOf } from './peers.js';
import { Network, type Topology } from './topology.js';

t.setTimeout(0);
const LIMIT_MS = 60_000;
const SYNC_ID = 7;
const PERSISTENCE = 300;
const TALKS = 6;
/** Of steady.py. */
const FLOWS = 16;
const PER_SECOND = 100;

interface Family {
  readonly vip: string;
  readonly gateway: string;
  readonly client: string;
  readonly servers: Readonly<Record<string, string>>;
  readonly length: number;
  /** Of the sync daemons; absent: the usual one. */
  readonly group?: string;
}

const ip4: Family = {
  vip: '10.1.0.100',
  gateway: '10.2.0.254',
  client: '10.1.0.9',
  servers: { rs1: '10.2.0.11', rs2: '10.2.0.12' },
  length: 32,
};
const ip6: Family = {
  vip: 'fd01::100',
  gateway: 'fd02::fe',
  client: 'fd01::9',
  servers: { rs1: 'fd02::11', rs2: 'fd02::12' },
  length: 128,
  group: 'ff02::81',
};
const families = { IPv4: ip4, 'IPv6, and the group too': ip6 };

/** User-Mode Linux keeps its kernel from no packet that the engine has: that of the engine's director knows no VIP, and forwards nothing. */
const director = (n: number, forwards: 0 | 1) => ({
  links: { outside: [`10.1.0.${n}/24`, `fd01::${n}/64`], inside: [`10.2.0.${n}/24`, `fd02::${n}/64`] },
  sysctls: { 'net.ipv4.ip_forward': forwards, 'net.ipv6.conf.all.forwarding': forwards },
});
const server = (name: string) => ({
  links: { inside: [`${ip4.servers[name]}/24`, `${ip6.servers[name]}/64`] },
  routes: [`default via ${ip4.gateway}`, `default via ${ip6.gateway}`],
});
const site: Topology = {
  hosts: {
    client: { links: { outside: [`${ip4.client}/24`, `${ip6.client}/64`] } },
    kernel: director(1, 1),
    engine: director(2, 0),
    rs1: server('rs1'),
    rs2: server('rs2'),
  },
};
type Side = 'kernel' | 'engine';

/** Packets for VIP and gateway go to this one. */
async function moveTo(network: Network, { vip, gateway, length }: Family, to: Side): Promise<void> {
  for (const [link, address] of [
    ['outside', vip],
    ['inside', gateway],
  ] as const) {
    const words = [`${address}/${length}`, 'dev', link, ...(length === 128 ? ['nodad'] : [])];
    await network.must('kernel', 'ip', 'address', to === 'kernel' ? 'replace' : 'del', ...words);
    const mac = (await network.must(to, 'cat', `/sys/class/net/${link}/address`)).trim();
    for (const host of link === 'outside' ? ['client'] : ['rs1', 'rs2'])
      await network.must(host, 'ip', 'neigh', 'replace', address, 'lladdr', mac, 'nud', 'permanent', 'dev', link);
  }
}

const ports = { web: 80, sticky: 81, dns: 53 } as const;
const service = (vip: string, protocol: 'tcp' | 'udp', port: number): ServiceKey => ({
  by: 'address',
  protocol,
  address: vip,
  port,
});

async function configureKernel(ipvs: IpvsClient, { vip, servers, group }: Family): Promise<void> {
  const addresses = Object.values(servers);
  await balance(ipvs, service(vip, 'tcp', ports.web), addresses);
  const persistence = { persistent: true, persistenceSeconds: PERSISTENCE };
  await balance(ipvs, service(vip, 'tcp', ports.sticky), addresses, persistence);
  await balance(ipvs, service(vip, 'udp', ports.dns), addresses);
  for (const state of ['master', 'backup'] as const)
    await ipvs.startDaemon({ state, interface: 'inside', syncId: SYNC_ID, ...(group === undefined ? {} : { group }) });
}

function fileOf({ vip, servers, group }: Family, isTold: boolean): string {
  const one = (port: number, lines: readonly string[]): string =>
    virtualServer(
      `${vip} ${port}`,
      ['lvs_sched rr', 'lvs_method NAT', ...lines],
      Object.values(servers).map((address) => `${address} ${port}`),
    );
  const sync = `lvs_sync_daemon inside id ${SYNC_ID}${group === undefined ? '' : ` group ${group}`}`;
  return (
    globals(['outside', 'inside'], 'packet', isTold ? [sync] : []) +
    one(ports.web, ['protocol TCP']) +
    one(ports.sticky, ['protocol TCP', `persistence_timeout ${PERSISTENCE}`]) +
    one(ports.dns, ['protocol UDP'])
  );
}

async function serveAll({ servers }: Family): Promise<void> {
  for (const [host, address] of Object.entries(servers)) {
    await serve(host, [
      { protocol: 'tcp', address, port: ports.web },
      { protocol: 'tcp', address, port: ports.sticky },
    ]);
    await echo(host, address, ports.dns);
  }
}

/** Conversations that know with whom they speak. */
class Talks {
  readonly #talks: { readonly conversation: Conversation; readonly server: string }[] = [];

  async open({ client, vip }: Family, port: number, firstPort: number): Promise<void> {
    const to: Endpoint = { protocol: 'tcp', address: vip, port };
    for (let i = 0; i < TALKS; i++) {
      const conversation = await Conversation.open('client', to, { address: client, port: firstPort + i });
      const [who = ''] = serversOf([await conversation.ask('who')]);
      this.#talks.push({ conversation, server: who });
      await conversation.ask('more'); // the kernel tells of a connection with its third packet
    }
  }

  get servers(): readonly string[] {
    return [...new Set(this.#talks.map(({ server: name }) => name))].sort();
  }

  /** In another order than they were opened in. Answers with what is wrong. */
  async goOn(): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const { conversation, server: expected } of [...this.#talks].reverse()) {
      const [who] = serversOf([await conversation.ask('on').catch((error: unknown) => ({ error: String(error) }))]);
      if (who !== expected) wrong.push(`${who} and not ${expected}`);
    }
    return wrong;
  }

  async end(): Promise<void> {
    for (const { conversation } of this.#talks) await conversation[Symbol.asyncDispose]();
  }
}

async function connectionsOf(network: Network): Promise<readonly Connection[]> {
  const { rows, refused } = parseConnections(await network.must('kernel', 'cat', '/proc/net/ip_vs_conn'));
  if (refused > 0) throw new Error(`${refused} lines of ip_vs_conn are none`);
  return rows;
}

async function syncOf(network: Network): Promise<EngineSyncState> {
  const { engineSync } = JSON.parse(await lvsctl(network, 'engine', '--json', 'status')) as {
    engineSync: EngineSyncState;
  };
  return engineSync;
}

/** How many sessions of the engine are in this state. */
const sessionsOf = async (network: Network, state: string): Promise<number> =>
  (await lvsctl(network, 'engine', 'sessions')).split(` ${state} `).length - 1;

const until = (what: string, is: () => Promise<boolean>): Promise<void> =>
  eventually(async () => {
    if (!(await is())) throw new Error(`never: ${what}`);
  }, LIMIT_MS);

/** Active, inactive and persistent connections of all destinations of a port: they tell the flags that /proc does not. */
async function countsOf(ipvs: IpvsClient, port: number): Promise<readonly [number, number, number]> {
  const rows = (await ipvs.list()).filter(({ key }) => key.by === 'address' && key.port === port);
  const sum = (of: 'active' | 'inactive' | 'persistent'): number =>
    rows.flatMap(({ destinations }) => destinations).reduce((all, one) => all + one[of], 0);
  return [sum('active'), sum('inactive'), sum('persistent')];
}

for (const [name, family] of Object.entries(families)) {
  t.test(`${name}: kernel, engine, kernel`, async (t) => {
    await using network = await Network.build(site);
    await serveAll(family);
    await using ipvs = await ipvsOf('kernel');
    await configureKernel(ipvs, family);
    await using lvsd = await direct('engine', fileOf(family, true));
    await until('the engine listens', async () => (await syncOf(network)).running);
    await moveTo(network, family, 'kernel');

    const early = new Talks();
    await early.open(family, ports.web, 41_000);
    const sticky = new Talks();
    await sticky.open(family, ports.sticky, 41_100);
    t.strictSame(early.servers, ['rs1', 'rs2']);
    await t.test('the engine takes what the kernel told', async (t) => {
      await until('all are there', async () => (await sessionsOf(network, 'established')) === 2 * TALKS);
      t.equal(await sessionsOf(network, 'affinity'), 1, 'and the template');
      const { received } = await syncOf(network);
      t.strictSame(Object.keys(received.refused), [], 'nothing was refused');
    });

    await t.test('and its connections go on through it', async (t) => {
      await moveTo(network, family, 'engine');
      t.strictSame(await early.goOn(), []);
      t.strictSame(await sticky.goOn(), []);
    });

    const late = new Talks();
    await late.open(family, ports.web, 42_000);
    t.strictSame(late.servers, ['rs1', 'rs2']);
    await using stream = await Steady.start('client', family.vip, ports.dns, PER_SECOND);
    await t.test('the kernel takes what the engine tells', (t) => told(t, network, ipvs, family));

    await t.test('and everybody goes on through the kernel', async (t) => {
      const began = performance.now();
      await moveTo(network, family, 'kernel');
      const movedMs = performance.now() - began;
      for (const talks of [early, sticky, late]) t.strictSame(await talks.goOn(), []);
      const { sent, back } = await stream.end();
      const lost = `datagrams: ${sent} sent, ${back} back; the addresses moved in ${movedMs.toFixed(0)} ms`;
      t.ok(back > 10 && sent - back <= PER_SECOND * (0.5 + movedMs / 1000), lost);
      t.match(
        await lvsctl(network, 'engine', 'status'),
        /sync daemon:\n {2}master and backup on inside, .*, sync id 7\n/,
      );
    });
    for (const talks of [early, sticky, late]) await talks.end();
    await lvsd.stop();
  });
}

/** What the kernel shows of connections that the engine told. */
async function told(t: Test, network: Network, ipvs: IpvsClient, { client }: Family): Promise<void> {
  const isLate = ({ clientPort }: Connection): boolean => clientPort >= 42_000 && clientPort < 42_000 + TALKS;
  await until('all are there', async () => (await connectionsOf(network)).filter(isLate).length === TALKS);
  for (const { state, expiresSeconds } of (await connectionsOf(network)).filter(isLate)) {
    t.equal(state, 'ESTABLISHED');
    t.ok(expiresSeconds > 900 - LIMIT_MS / 1000 && expiresSeconds <= 900, `${expiresSeconds} s`);
  }
  const [active] = await countsOf(ipvs, ports.web);
  t.equal(active, 2 * TALKS, 'active connections');
  await until('the datagrams are there', async () => (await countsOf(ipvs, ports.dns))[1] >= FLOWS);
  t.strictSame(await countsOf(ipvs, ports.dns), [0, FLOWS, 0], 'UDP is inactive');

  await using more = await Conversation.open(
    'client',
    { protocol: 'tcp', address: ip4.client === client ? ip4.vip : ip6.vip, port: ports.sticky },
    { address: client, port: 42_100 },
  );
  await more.ask('a template');
  const [, , templates] = await countsOf(ipvs, ports.sticky);
  t.equal(templates, 1, 'the template of the kernel is that of the engine');
  await more[Symbol.asyncDispose]();
  const isEnding = ({ clientPort, state }: Connection): boolean => clientPort === 42_100 && state !== 'ESTABLISHED';
  await until('its end is told', async () => (await connectionsOf(network)).some(isEnding));
  const template = (await connectionsOf(network)).find(({ clientPort }) => clientPort === 0);
  t.match(template, { state: 'ASSURED' });
  t.ok((template?.expiresSeconds ?? 0) > PERSISTENCE - LIMIT_MS / 1000, `${template?.expiresSeconds} s`);
}

t.test('without a sync daemon they break: the tests above can fail', async (t) => {
  await using network = await Network.build(site);
  await serveAll(ip4);
  await using ipvs = await ipvsOf('kernel');
  await configureKernel(ipvs, ip4);
  await using lvsd = await direct('engine', fileOf(ip4, false));
  await moveTo(network, ip4, 'kernel');
  const talks = new Talks();
  await talks.open(ip4, ports.web, 41_000);
  await moveTo(network, ip4, 'engine');
  const wrong = await talks.goOn();
  t.ok(wrong.length > 0 && wrong.length <= TALKS, wrong.join(', '));
  await talks.end();
  await lvsd.stop();
});

t.test('what strangers send into the group is counted, and nothing else becomes of it', async (t) => {
  await using network = await Network.build(site);
  await using lvsd = await direct('engine', fileOf(ip4, true));
  await until('the engine listens', async () => (await syncOf(network)).running);
  const script = `${root}test/lab/sync-noise.py`;
  const send = async (address: string): Promise<void> => {
    await using noise = new Peer([
      'ip',
      'netns',
      'exec',
      'kernel',
      '/usr/bin/python3',
      script,
      address,
      String(SYNC_ID),
    ]);
    t.equal(await noise.line(), 'sent');
  };
  await send('10.1.0.1');
  await send('10.2.0.1');
  await until('they have come', async () => (await syncOf(network)).received.messages >= 5);
  const { received, running } = await syncOf(network);
  t.match(received, { messages: 5, taken: 0 }, 'none of those from the other interface');
  t.strictSame(received.refused, { short: 1, version: 1, 'sync-id': 1, length: 1, state: 1 });
  t.ok(running);
  await lvsd.stop();
});
