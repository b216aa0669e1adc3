// kernels: uml
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { type Connection, parseConnections } from '../../src/ipvs/proc.js';
import { type ServiceKey, type ServiceSettings, serviceName } from '../../src/model/service.js';
import { balance, ipvsOf } from './director-host.js';
import { eventually } from './eventually.js';
import { ask, Conversation, Peer, serve, serversOf } from './peers.js';
import { crowdMark, crowdServer, crowdServer6, crowdVip, crowdVip6 } from './resync-crowd.js';
import type { DirectorSaid } from './resync-director.js';
import { mustRun, Network, type Topology } from './topology.js';

t.setTimeout(0);

/** A client, two directors that share the inner network, and a server whose way back is the director with the inner address 10.2.0.1. */
const pair: Topology = {
  hosts: {
    client: { links: { outside: ['10.1.0.2/24'] } },
    a: {
      links: { outside: ['10.1.0.11/24', `${crowdVip}/32`], inside: ['10.2.0.1/24', '10.2.0.21/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    b: {
      links: { outside: ['10.1.0.12/24'], inside: ['10.2.0.22/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    rs: { links: { inside: [`${crowdServer}/24`] }, routes: ['default via 10.2.0.1'] },
  },
};

const MINUTES_MS = 60_000;
const SYNC_ID = 5;
const COUNT = 4000;
let sockets = 0;
/** Each test has its own. */
const newSocket = (): string => `/run/resync-${++sockets}.sock`;
const script = fileURLToPath(new URL('resync-director.js', import.meta.url));
const command = (host: string, ...args: readonly (string | number)[]): string[] => [
  ...['ip', 'netns', 'exec', host, process.execPath, script],
  ...args.map(String),
];

/** Runs one side to its end. */
async function side(host: string, ...args: readonly (string | number)[]): Promise<DirectorSaid> {
  const said = await mustRun(command(host, ...args), { limitMs: 10 * MINUTES_MS });
  return JSON.parse(said) as DirectorSaid;
}

const address = (protocol: 'tcp' | 'udp' | 'sctp', vip: string, port: number): ServiceKey => ({
  by: 'address',
  protocol,
  address: vip,
  port,
});
const persistent: Partial<ServiceSettings> = { persistent: true, persistenceSeconds: 300 };

/** The services of the crowd, in both directors. */
async function configure(ipvs: IpvsClient): Promise<void> {
  await balance(ipvs, address('tcp', crowdVip, 80), [crowdServer], persistent);
  await balance(ipvs, address('sctp', crowdVip, 80), [crowdServer]);
  await balance(ipvs, address('udp', crowdVip, 53), [crowdServer]);
  await balance(ipvs, address('udp', crowdVip, 5060), [crowdServer], { ...persistent, persistenceEngine: 'sip' });
  await balance(ipvs, address('tcp', crowdVip, 81), [crowdServer], {}, { method: 'direct-route' });
  await balance(ipvs, address('tcp', crowdVip6, 80), [crowdServer6]);
  await balance(ipvs, { by: 'fwmark', family: 'ip4', mark: crowdMark }, [crowdServer], persistent);
}

const backup = (ipvs: IpvsClient): Promise<void> =>
  ipvs.startDaemon({ state: 'backup', interface: 'inside', syncId: SYNC_ID });

/** What makes it the connection it is, and the seconds it has left. */
async function tableOf(network: Network, host: string): Promise<Map<string, number>> {
  const { rows, refused } = parseConnections(await network.must(host, 'cat', '/proc/net/ip_vs_conn'));
  if (refused > 0) throw new Error(`${refused} lines of ip_vs_conn of ${host} are none`);
  return new Map(rows.map(({ expiresSeconds, ...row }) => [nameOf(row), expiresSeconds]));
}
const nameOf = (row: Omit<Connection, 'expiresSeconds'>): string => JSON.stringify(row);

/** Counters of every destination: active, inactive and persistent tell the flags that /proc does not. */
const countersOf = async (ipvs: IpvsClient): Promise<object> =>
  Object.fromEntries(
    (await ipvs.list()).map(({ key, destinations }) => [
      serviceName(key),
      destinations.map(({ active, inactive, persistent: templates, settings: { method } }) => ({
        active,
        inactive,
        templates,
        method,
      })),
    ]),
  );

async function compare(t: Test, network: Network, host: string): Promise<void> {
  const a = await tableOf(network, 'a');
  const b = await tableOf(network, host);
  t.strictSame([...b.keys()].sort(), [...a.keys()].sort(), `a's connections and ${host}'s`);
}

t.test('a director that joins gets the whole table, and traffic goes on through it', async (t) => {
  const socket = newSocket();
  await using network = await Network.build(pair);
  await mustRun([process.env['LAB_MODPROBE'] ?? 'modprobe', 'ip_vs_pe_sip']);
  await using ipvsA = await ipvsOf('a');
  await using ipvsB = await ipvsOf('b');
  for (const ipvs of [ipvsA, ipvsB]) await configure(ipvs);

  // thousands, as if a's kernel had learnt them itself; and some that clients really opened
  await backup(ipvsA);
  const filled = await side('a', 'fill', COUNT, 'mixed');
  t.equal(filled.error, undefined);
  await ipvsA.stopDaemon('backup');
  await serve('rs', [{ protocol: 'tcp', address: crowdServer, port: 80 }]);
  const web = { protocol: 'tcp', address: crowdVip, port: 80 } as const;
  await using held = await Conversation.open('client', web, { address: '10.1.0.2', port: 41_000 });
  t.strictSame(serversOf([await held.ask('before')]), ['rs']);
  t.equal((await tableOf(network, 'a')).size, COUNT + 2, 'the crowd, the connection and its template');

  await backup(ipvsB);
  t.equal((await tableOf(network, 'b')).size, 0, 'the kernel tells it nothing');
  await using running = new Peer(command('a', 'running', socket));
  t.equal(await running.line(), 'ready');
  const { report, error, heldMs } = await side('b', 'newcomer', socket);
  t.equal(error, undefined);
  t.match(report, { missing: 0, unverified: 0, untold: 0, guessed: 0, connections: COUNT + 2 });
  const told = JSON.parse(await running.line()) as DirectorSaid;
  t.strictSame(told.report, report, 'both sides say the same');

  await compare(t, network, 'b');
  t.strictSame(await countersOf(ipvsB), await countersOf(ipvsA), 'active, inactive, persistent');

  await t.test('no connection lives longer or shorter than before by more than two seconds', async (t) => {
    // two files cannot be read at once: the time between is added to what is allowed, as is what the machine kept both sides from working
    const began = performance.now();
    const a = await tableOf(network, 'a');
    const b = await tableOf(network, 'b');
    const allowed = 2 + (performance.now() - began + heldMs + told.heldMs) / 1000;
    const wrong = [...b].filter(([name, left]) => {
      const before = a.get(name) ?? 0;
      const { clientPort } = JSON.parse(name) as Connection;
      // a template has its whole time again: its length is what the kernel counts from, each time it is used
      if (clientPort === 0) return left < before - allowed || left > 300;
      return Math.abs(left - before) > allowed;
    });
    t.strictSame(wrong, []);
  });

  await t.test('a resync with nothing to do sends nothing', async (t) => {
    const again = await side('b', 'newcomer', socket);
    t.match(again.report, { rounds: 1, sent: 0, missing: 0 });
    await running.line();
  });

  await t.test('the addresses move to b, and the open connection lives', async (t) => {
    await network.must('a', 'ip', 'address', 'del', `${crowdVip}/32`, 'dev', 'outside');
    await network.must('a', 'ip', 'address', 'del', '10.2.0.1/24', 'dev', 'inside');
    await network.must('b', 'ip', 'address', 'add', `${crowdVip}/32`, 'dev', 'outside');
    await network.must('b', 'ip', 'address', 'add', '10.2.0.1/24', 'dev', 'inside');
    for (const host of ['client', 'rs']) await network.must(host, 'ip', 'neigh', 'flush', 'all');
    for (let i = 0; i < 3; i++)
      await eventually(async () => {
        const [who = ''] = serversOf([await held.ask(`after ${i}`)]);
        if (who !== 'rs') throw new Error(who);
      });
    t.strictSame(serversOf(await ask(network, 'client', web, 1)), ['rs'], 'and a new one finds its template');
  });
});

t.test('what is lost on the way is sent again, and a broadcast reaches a kernel where nobody asks', async (t) => {
  const other = { links: { inside: ['10.2.0.23/24'] } };
  const socket = newSocket();
  await using network = await Network.build({ hosts: { ...pair.hosts, c: other } });
  await mustRun([process.env['LAB_MODPROBE'] ?? 'modprobe', 'ip_vs_pe_sip']);
  await using ipvsA = await ipvsOf('a');
  await using ipvsB = await ipvsOf('b');
  await using ipvsC = await ipvsOf('c');
  for (const ipvs of [ipvsA, ipvsB, ipvsC]) await configure(ipvs);
  await backup(ipvsA);
  await side('a', 'fill', 800, 'mixed');
  await ipvsA.stopDaemon('backup');

  await backup(ipvsB);
  await using running = new Peer(command('a', 'running', socket));
  await running.line();
  const { report } = await side('b', 'newcomer', socket, 'lossy');
  t.match(report, { missing: 0, unverified: 0 });
  t.ok((report?.repeated ?? 0) > 0, 'some were sent again');
  await compare(t, network, 'b');

  await backup(ipvsC);
  const sent = await side('a', 'broadcast', 'inside', SYNC_ID);
  t.match(sent.report, { sent: 800 });
  await eventually(() => sameSize(network, 'c', 800), MINUTES_MS);
  await compare(t, network, 'c');
});

t.test('without a backup daemon it says so', async (t) => {
  const socket = newSocket();
  await using network = await Network.build(pair);
  await using running = new Peer(command('a', 'running', socket));
  await running.line();
  const ran = await network.run('b', [process.execPath, script, 'newcomer', socket], { limitMs: MINUTES_MS });
  t.match(ran.stderr, /no backup daemon runs/);
  t.not(ran.status, 0);
});

async function sameSize(network: Network, host: string, size: number): Promise<void> {
  const found = (await tableOf(network, host)).size;
  if (found !== size) throw new Error(`${found} of ${size} connections`);
}
