// kernels: uml
/** What explain says of the kernel's IPVS is what the kernel then does: the server of each flow, then that it is remembered. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openNetlink } from '../../src/addon/netlink.js';
import type { Explanation } from '../../src/cli/explain.js';
import type { PlainOutlook } from '../../src/cli/what-if.js';
import { explainPacket } from '../../src/daemon/explain.js';
import { systemKernelView } from '../../src/daemon/kernel-view.js';
import { whatIfNow } from '../../src/daemon/what-if.js';
import { type AskedPacket, readAskedPacket } from '../../src/dataplane/asked-packet.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { Links } from '../../src/links/links.js';
import { NETLINK_ROUTE } from '../../src/links/uapi.js';
import { Exchange } from '../../src/netlink/exchange.js';
import { NETLINK_GENERIC } from '../../src/netlink/generic.js';
import { type Family, formatEndpoint } from '../../src/model/address.js';
import { defaultDestinationSettings, type DestinationSettings } from '../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey, type ServiceSettings } from '../../src/model/service.js';
import { systemSysctl } from '../../src/system/sysctl.js';
import { eventually } from './eventually.js';
import { Director } from './lvsd-process.js';
import { natSite, numbersTo, serverAddress, serverHost, vip } from './nat-site.js';
import { Conversation, serve, serversOf } from './peers.js';
import { mustRun, Network } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit

/** Under emulation a sample must do. */
const sample = process.env['LAB_KERNEL'] === 'qemu';
const SOURCES = 10;

/** Everything lives on this one host: clients and VIPs on lo, and servers that no packet ever reaches (dummy0 swallows them). */
const places = {
  ip4: {
    vips: numbered(5, (n) => `10.2.${n}.${1 + n * 9}`),
    servers: ['10.9.0.11', '10.9.0.12', '10.9.0.13'],
    sources: numbered(SOURCES, (n) => `10.1.${1 + n}.${1 + n * 5}`),
  },
  ip6: {
    vips: numbered(5, (n) => `fd02:0:${n + 1}::${(1 + n * 417).toString(16)}`),
    servers: ['fd09::11', 'fd09::12', 'fd09::13'],
    sources: numbered(SOURCES, (n) => `fd01:0:${n + 1}::${(1 + n * 613).toString(16)}`),
  },
} satisfies Record<Family, object>;

function numbered(count: number, name: (n: number) => string): string[] {
  return Array.from({ length: count }, (_, n) => name(n));
}

await mustRun(['ip', '-batch', '-'], {
  input: [
    'link add dummy0 type dummy',
    'link set dummy0 up',
    'address add 10.9.0.1/24 dev dummy0',
    'address add fd09::1/64 dev dummy0 nodad',
    ...[...places.ip4.servers, ...places.ip6.servers].map(
      (server) => `neighbour add ${server} lladdr 02:00:00:00:00:01 dev dummy0`,
    ),
    ...Object.values(places).flatMap(({ vips, sources }) =>
      [...vips, ...sources].map(
        (address) => `address add ${address}${address.includes(':') ? '/128 nodad' : '/32'} dev lo`,
      ),
    ),
  ].join('\n'),
});

const client = new IpvsClient(openNetlink(NETLINK_GENERIC));
const links = new Links(new Exchange(openNetlink(NETLINK_ROUTE)));
t.teardown(() => {
  client.close();
  links.close();
});
const kernel = systemKernelView(client);
const owners = { engine: undefined, kernel, sysctl: systemSysctl(), links };

function packetOf(flow: string, flags?: string): AskedPacket {
  const packet = readAskedPacket({ flow, ...(flags === undefined ? {} : { flags }) });
  if ('wrong' in packet) throw new Error(packet.wrong);
  return packet;
}

const explain = (flow: string, flags?: string): Promise<Explanation> =>
  explainPacket(owners, packetOf(flow, flags), undefined);

const stepOf = (explanation: Explanation, name: string) => explanation.steps.find(({ step }) => step === name);

interface Wanted extends Partial<ServiceSettings> {
  readonly scheduler: string;
  readonly weights: readonly number[];
  readonly family?: Family;
  readonly method?: DestinationSettings['method'];
  /** How many flows. */
  readonly flows: number;
}

let builds = 0;

/** The service at each VIP, with servers of these weights and no other service. */
async function build({ weights, family = 'ip4', method = 'masquerade', flows: _, ...settings }: Wanted): Promise<void> {
  await client.flush();
  await client.setTimeouts({ udp: 120 });
  // a destination that was removed a moment ago comes back with its connections: these are new
  const at = 5000 + ++builds;
  // dh chooses by the address asked for
  for (const address of places[family].vips.slice(0, settings.scheduler === 'dh' ? 5 : 1)) {
    const service: ServiceKey = { by: 'address', protocol: 'udp', address, port: 53 };
    await client.addService(service, { ...defaultServiceSettings(family), ...settings });
    for (const [i, weight] of weights.entries())
      await client.addDestination(
        service,
        { address: places[family].servers[i]!, port: at },
        { ...defaultDestinationSettings, method, weight },
      );
  }
}

let port = 20_000;

/** One datagram: where it went to is in the kernel's list afterwards. */
async function send(from: string, fromPort: number, to: string): Promise<void> {
  const socket: Socket = createSocket({ type: to.includes(':') ? 'udp6' : 'udp4', reuseAddr: true });
  socket.on('error', () => undefined); // nobody to send it to: the kernel's answer
  try {
    socket.bind(fromPort, from);
    await once(socket, 'listening');
    await new Promise<void>((resolve) => socket.send('x', 53, to, () => resolve()));
  } finally {
    socket.close();
  }
}

async function destinationOf(fromPort: number): Promise<string> {
  for await (const row of kernel.connections())
    if (row.clientPort === fromPort) return formatEndpoint(row.destinationAddress, row.destinationPort);
  return 'none';
}

/** The kernel brings its counters up to date every two seconds or so. */
const counted = (connections: bigint): Promise<void> =>
  eventually(async () => {
    const [service] = await client.list();
    const sum = service?.destinations.reduce((all, { statistics }) => all + statistics.connections, 0n);
    if (sum !== connections) throw new Error(`${sum ?? 0n} of ${connections} connections are counted`);
  });

async function compare(t: Test, wanted: Wanted): Promise<void> {
  await build(wanted);
  const isRound = wanted.scheduler.endsWith('rr');
  const { vips, sources } = places[wanted.family ?? 'ip4'];
  const chosen = new Set<string>();
  for (let i = 0; i < (sample ? wanted.flows / 3 : wanted.flows); i++) {
    if (isRound) await counted(BigInt(i));
    const [from, to] = [sources[i % SOURCES]!, vips[wanted.scheduler === 'dh' ? i % vips.length : 0]!];
    const flow = `udp ${formatEndpoint(from, ++port)} > ${formatEndpoint(to, 53)}`;
    const before = await explain(flow);
    const schedule = stepOf(before, 'schedule');
    const affinity = stepOf(before, 'affinity');
    const said = affinity?.['server'] ?? schedule?.['server'] ?? 'none';
    if (schedule !== undefined) t.equal(schedule['certain'], !isRound, schedule.text);
    await send(from, port, to);
    const really = await destinationOf(port);
    t.equal(really, said, `${flow}: ${schedule?.text ?? affinity?.text ?? ''}`);
    t.equal(before.verdict, really === 'none' ? 'drop' : 'forward');
    chosen.add(really);
    if (really === 'none') continue;
    const after = await explain(flow);
    t.match([stepOf(after, 'session')?.['found'], stepOf(after, 'session')?.['server']], [true, really], 'remembered');
  }
  if (!oneAtRest.has(wanted.scheduler)) t.ok(chosen.size > 1, 'more than one server was chosen');
}

/** With flows that stay inactive, and no more of them. */
const oneAtRest: ReadonlySet<string> = new Set(['fo', 'ovf', 'sed', 'nq']);

const cases: readonly [name: string, wanted: Wanted][] = [
  ...(['ip4', 'ip6'] as const).flatMap((family) =>
    ['sh', 'mh', 'dh'].map((scheduler): [string, Wanted] => [
      `${scheduler}, ${family}`,
      { scheduler, family, weights: [3, 1, 2], flows: 50 },
    ]),
  ),
  ...['lc', 'wlc', 'sed', 'nq', 'fo', 'ovf'].map((scheduler): [string, Wanted] => [
    scheduler,
    { scheduler, weights: [3, 1, 2], flows: 20 },
  ]),
  ['rr', { scheduler: 'rr', weights: [1, 1, 1], flows: 7 }],
  ['wrr', { scheduler: 'wrr', weights: [3, 1, 2], flows: 7 }],
  ['wrr with a server of weight 0', { scheduler: 'wrr', weights: [4, 0, 2], flows: 6 }],
  ['mh with port, ip6', { scheduler: 'mh', family: 'ip6', schedulerFlags: 2, weights: [1, 1, 1], flows: 20 }],
  ['sh with fallback and port', { scheduler: 'sh', schedulerFlags: 3, weights: [1, 0, 2], flows: 20 }],
  ['sh without fallback: some have no server', { scheduler: 'sh', schedulerFlags: 2, weights: [1, 0, 2], flows: 20 }],
  [
    'persistence: a client network keeps its server',
    {
      scheduler: 'sh',
      weights: [1, 1, 1],
      persistent: true,
      persistenceSeconds: 100,
      persistenceMask: '255.255.255.0',
      flows: 20,
    },
  ],
];
for (const [name, wanted] of cases)
  t.test(`${name}: flows go where explain says, and are then remembered`, (t) => compare(t, wanted));

t.test('the rest: what begins no connection, no service, forwarding methods', async (t) => {
  await build({ scheduler: 'rr', weights: [1, 1, 1], method: 'tunnel', flows: 0 });
  const [to] = places.ip4.vips;
  const tunnelled = await explain(`udp 10.1.1.1:999 > ${to!}:53`);
  t.match(stepOf(tunnelled, 'rewrite')?.text, '20 bytes go in front (ipip)');
  t.match(stepOf(tunnelled, 'path')?.text, 'It goes by dummy0');
  t.match((await explain(`udp 10.1.1.1:999 > ${to!}:54`)).verdict, 'pass');
  t.match(stepOf(await explain(`udp 10.1.1.1:999 > ${to!}:54`), 'service')?.text, 'No service takes udp');
  const key: ServiceKey = { by: 'address', protocol: 'tcp', address: to!, port: 80 };
  await client.addService(key, { ...defaultServiceSettings('ip4'), scheduler: 'rr' });
  t.match((await explain(`tcp 10.1.1.1:999 > ${to!}:80`)).verdict, 'drop', 'no server: the client is told');
  t.match((await explain(`tcp 10.1.1.1:999 > ${to!}:80`, 'ack')).verdict, 'pass', 'no SYN');
  await client.addService({ by: 'fwmark', family: 'ip4', mark: 7 }, { ...defaultServiceSettings('ip4') });
  t.match((await explain(`tcp 10.1.1.1:999 > ${to!}:80`)).steps.map(({ text }) => text).join(), /fwmark 7/);
  t.match((await explain(`icmp 10.1.1.1 > ${to!}`)).verdict, 'pass');
});

t.test('what-if: the kernel’s own slots, and the flows that it remembers', async (t) => {
  await client.flush();
  const to = places.ip4.vips.at(-1);
  const key: ServiceKey = { by: 'address', protocol: 'udp', address: to!, port: 53 };
  await client.addService(key, { ...defaultServiceSettings('ip4'), scheduler: 'mh' });
  for (const address of places.ip4.servers)
    await client.addDestination(key, { address, port: 53 }, { ...defaultDestinationSettings, method: 'masquerade' });
  const ports: number[] = [];
  for (let i = 0; i < 20; i++) {
    ports.push(++port);
    await send(places.ip4.sources[i % SOURCES]!, port, to!);
  }
  const server = '10.9.0.12:53';
  const whose = await Promise.all(ports.map(destinationOf));
  const outlooks = await whatIfNow(
    { engine: undefined, kernel },
    { do: 'what-if', supposed: { do: 'remove', server }, service: `udp ${to!}:53` },
  );
  t.match(outlooks, [{ slots: 4093 }] as PlainOutlook[]);
  t.ok(outlooks[0]!.movedSessions >= whose.filter((one) => one === server).length, 'those of the server at least');
  // beside ours there may be flows that earlier services of this address left behind
  t.ok(outlooks[0]!.sessions >= ports.length, `${outlooks[0]!.sessions} sessions`);
  t.ok(outlooks[0]!.moved >= outlooks[0]!.least && outlooks[0]!.least === outlooks[0]!.ownSlots);
  await client.flush();
});

t.test('by lvsctl, of a director of real packets: connections, and answers of servers', async (t) => {
  await using network = await Network.build(natSite(2));
  for (const n of numbersTo(2))
    await serve(serverHost(n), [{ protocol: 'tcp', address: serverAddress(n), port: 8080 }]);
  const file = '/run/lvsd/explain.conf';
  mkdirSync('/run/lvsd', { recursive: true });
  writeFileSync(
    file,
    `virtual_server ${vip} 80 {
    lb_algo sh
    sh-port
    lb_kind NAT
    protocol TCP
${numbersTo(2)
  .map((n) => `    real_server ${serverAddress(n)} 8080 {\n        weight 1\n    }`)
  .join('\n')}
}
`,
  );
  await using director = new Director('director', file);
  await director.until('daemon.started');
  const lvsctl = join(import.meta.dirname, '../../../bin/lvsctl');
  const ask = async (...words: readonly string[]): Promise<Explanation> =>
    JSON.parse(await network.must('director', lvsctl, '--json', 'explain', ...words)) as Explanation;
  for (let from = 40_001; from <= 40_005; from++) {
    const flow = `tcp 10.1.0.2:${from} > ${vip}:80`;
    const before = await ask(flow);
    t.equal(before.by, 'kernel');
    await using conversation = await Conversation.open(
      'client',
      { protocol: 'tcp', address: vip, port: 80 },
      { address: '10.1.0.2', port: from },
    );
    const [host = ''] = serversOf([await conversation.ask('hello')]);
    const server = serverAddress(numbersTo(2).find((n) => serverHost(n) === host) ?? 0);
    t.equal(stepOf(before, 'schedule')?.['server'], `${server}:8080`);
    t.equal(stepOf(before, 'path')?.['portName'], 'inside');
    const after = await ask(flow, '--flags', 'ack');
    t.match(stepOf(after, 'session'), { found: true, state: 'ESTABLISHED', server: `${server}:8080` });
    const answer = await ask(`tcp ${server}:8080 > 10.1.0.2:${from}`, '--flags', 'ack');
    t.match(stepOf(answer, 'session'), { found: true, reply: true });
    t.equal(answer.verdict, 'forward');
  }
  const text = await network.must('director', lvsctl, 'explain', `tcp 10.1.0.2:39999 > ${vip}:80`);
  t.match(text, /^tcp 10\.1\.0\.2:39999 > 10\.1\.0\.100:80, by the kernel's IPVS:\n/);
  t.match(text, /verdict: forward\n$/);
  director.kill('SIGTERM');
});
