/** What lvsctl says of the engine's packets is what becomes of them: explain, what-if, sessions, capture, status. */
import '../helpers/own-machine.js';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Status } from '../../src/cli/control.js';
import type { Explanation } from '../../src/cli/explain.js';
import type { ToldSession } from '../../src/cli/sessions.js';
import type { PlainOutlook } from '../../src/cli/what-if.js';
import { readPcapng } from '../helpers/pcapng.js';
import { eventually } from '../lab/eventually.js';
import { ask, askInVain, Conversation, type Endpoint, serve, serversOf } from '../lab/peers.js';
import { Network, type Topology } from '../lab/topology.js';
import { direct, globals, lvsctl, root, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit

/** A client, the director, servers behind it that answer through it; both families. */
const server = (n: number) => ({ host: `rs${n}`, ip4: `10.2.0.1${n}`, ip6: `fd00:2::1${n}` });
const servers = [1, 2, 3].map(server);
const topology: Topology = {
  hosts: {
    client: {
      links: { outside: ['10.1.0.2/24', 'fd00:1::2/64'] },
    },
    director: {
      links: {
        outside: ['10.1.0.1/24', '10.1.0.100/32', 'fd00:1::1/64', 'fd00:1::100/128'],
        inside: ['10.2.0.1/24', 'fd00:2::1/64'],
      },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    ...Object.fromEntries(
      servers.map(({ host, ip4, ip6 }) => [
        host,
        {
          links: { inside: [`${ip4}/24`, `${ip6}/64`] },
          routes: ['default via 10.2.0.1', 'default via fd00:2::1'],
        },
      ]),
    ),
  },
};
const vips = { ip4: '10.1.0.100', ip6: 'fd00:1::100' } as const;
const clients = { ip4: '10.1.0.2', ip6: 'fd00:1::2' } as const;

const service = (family: 'ip4' | 'ip6', protocol: 'TCP' | 'UDP', scheduler: string, port = 80): string =>
  virtualServer(
    `${vips[family]} ${port}`,
    [`lvs_sched ${scheduler}`, 'lvs_method NAT', `protocol ${protocol}`],
    servers.map((one) => `${one[family]} 8080`),
  );

/** The name of the host that has a server's address. */
const hostOf = (name: unknown): string | undefined =>
  servers.find(({ ip4, ip6 }) => `${String(name)} `.startsWith(`${ip4} `) || `${String(name)} `.startsWith(`${ip6} `))
    ?.host;

const told = async (network: Network, words: readonly string[]): Promise<Explanation> =>
  JSON.parse(await lvsctl(network, 'director', '--json', 'explain', ...words)) as Explanation;

const stepOf = (explanation: Explanation, name: string) => explanation.steps.find(({ step }) => step === name);

const end = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

let port = 30_000;

async function foretells(
  t: Test,
  network: Network,
  family: 'ip4' | 'ip6',
  protocol: 'tcp' | 'udp',
  flows: number,
): Promise<void> {
  const seen = new Set<string>();
  for (let i = 0; i < flows; i++) {
    const from = ++port;
    const flow = `${protocol} ${end(clients[family], from)} > ${end(vips[family], 80)}`;
    const before = await told(network, [flow]);
    const schedule = stepOf(before, 'schedule');
    t.equal(before.by, 'engine');
    t.equal(before.verdict, 'forward', flow);
    t.equal(stepOf(before, 'session')?.['found'], false, 'no session before');
    t.equal(before.interface, 'outside', 'where the way back to the client leads');
    const to: Endpoint = { protocol, address: vips[family], port: 80 };
    await using conversation = await Conversation.open('client', to, { address: clients[family], port: from });
    const [answered = ''] = serversOf([await conversation.ask('hello')]);
    t.equal(answered, hostOf(schedule?.['server']), `${flow}: ${schedule?.text ?? ''}`);
    const after = await told(network, protocol === 'tcp' ? [flow, '--flags', 'ack'] : [flow]);
    t.equal(stepOf(after, 'session')?.['found'], true, 'then it has one');
    t.equal(hostOf(stepOf(after, 'session')?.['server']), answered);
    seen.add(answered);
  }
  t.ok(seen.size > 1, `more than one server: ${[...seen].join(' ')}`);
}

/** `lvsctl capture` in the director's host. */
function start(words: readonly string[]) {
  const child = spawn('ip', ['netns', 'exec', 'director', join(root, 'bin/lvsctl'), 'capture', ...words], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const ready = new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('capturing to')) resolve();
    });
    child.once('exit', () => reject(new Error(`lvsctl capture ended: ${said}`)));
  });
  ready.catch(() => undefined);
  return { child, ready, ended: once(child, 'exit') };
}

t.test('a site with services of all kinds', async (t) => {
  await using network = await Network.build(topology);
  for (const { host, ip4, ip6 } of servers)
    await serve(
      host,
      [ip4, ip6].flatMap((address) => [
        { protocol: 'tcp', address, port: 8080 } as const,
        { protocol: 'udp', address, port: 8080 } as const,
      ]),
    );
  await using director = await direct(
    'director',
    globals(['outside', 'inside'], 'xdp') +
      service('ip4', 'TCP', 'maglev') +
      service('ip4', 'UDP', 'rr') +
      service('ip6', 'TCP', 'maglev') +
      service('ip6', 'UDP', 'sh') +
      service('ip4', 'UDP', 'rr', 81).replaceAll('weight 1', 'weight 0'),
  );

  for (const [family, protocol, scheduler] of [
    ['ip4', 'tcp', 'maglev'],
    ['ip4', 'udp', 'rr'],
    ['ip6', 'tcp', 'maglev'],
  ] as const)
    await t.test(`${scheduler}, ${family}, ${protocol}: the server that explain names is the one that answers`, (t) =>
      foretells(t, network, family, protocol, 8),
    );

  await t.test('for people: steps, verdict, bytes; and what is not a service', async (t) => {
    const text = await lvsctl(network, 'director', 'explain', 'tcp 10.1.0.2:29999 > 10.1.0.100:80');
    t.match(text, /^tcp 10\.1\.0\.2:29999 > 10\.1\.0\.100:80 at outside, by the userspace engine:\n {3}1\. parse:/);
    t.match(text, /destination address 10\.1\.0\.100 becomes 10\.2\.0\.1[123]/);
    t.match(text, /verdict: forward, by inside\n {2}0000 {2}([0-9a-f]{2} ){15}[0-9a-f]{2}\n/);
    const other = await told(network, ['tcp 10.1.0.2:29999 > 10.1.0.100:81']);
    t.match([other.by, other.verdict, other.out], ['engine', 'pass', null]);
    t.match(stepOf(other, 'service')?.text, 'No service takes tcp to 10.1.0.100 port 81');
    await t.rejects(lvsctl(network, 'director', 'explain', 'tcp 10.1.0.2 > 10.1.0.100:81'), /ADDRESS:PORT/);
    await t.rejects(told(network, ['tcp 10.1.0.2:1 > 10.1.0.100:81', '--iface', 'nowhere']), /its ports are/);
  });

  await t.test('what does not fit is said, with the answer that the client gets', async (t) => {
    const big = await told(network, ['tcp 10.1.0.2:29998 > 10.1.0.100:80', '--length', '4000', '--df']);
    t.match([big.verdict, big.reason], ['drop', 'too_big']);
    t.equal(big.answers.length, 1, 'an ICMP error');
    t.equal(big.answers[0]?.port, 'outside');
  });

  await t.test('what-if: slots and sessions, and sessions lists them', async (t) => {
    const listed = async (...words: readonly string[]): Promise<ToldSession[]> =>
      JSON.parse(await lvsctl(network, 'director', '--json', 'sessions', ...words)) as ToldSession[];
    await using one = await Conversation.open(
      'client',
      { protocol: 'tcp', address: vips.ip4, port: 80 },
      { address: clients.ip4, port: 29_001 },
    );
    const [host] = serversOf([await one.ask('hello')]);
    const own = (await listed()).find(({ client }) => client === '10.1.0.2:29001');
    t.match(own, { service: `tcp ${vips.ip4}:80`, vip: `${vips.ip4}:80`, protocol: 'tcp', state: 'established' });
    t.equal(hostOf(own?.server?.replace(':8080', '')), host);
    const ofService = await listed('--service', `tcp ${vips.ip4}:80`);
    t.ok(
      ofService.length >= 1 && ofService.every(({ protocol, vip }) => protocol === 'tcp' && vip === `${vips.ip4}:80`),
    );
    t.match(await lvsctl(network, 'director', 'sessions'), 'tcp 10.1.0.2:29001 > 10.1.0.100:80 -> 10.2.0.1');
    await t.rejects(listed('--service', 'tcp 1.2.3.4:5'), /no service 'tcp 1\.2\.3\.4:5'/);

    const server = own?.server ?? '';
    const [outlook, ...none] = JSON.parse(
      await lvsctl(network, 'director', '--json', 'what-if', '--remove', server, '--service', `tcp ${vips.ip4}:80`),
    ) as PlainOutlook[];
    t.same(none, []);
    // those of closed connections end in between
    const later = await listed('--service', `tcp ${vips.ip4}:80`);
    const on = (list: readonly ToldSession[]): number => list.filter((session) => session.server === server).length;
    t.match(outlook, { service: `tcp ${vips.ip4}:80`, slots: 4093 });
    t.ok(later.length <= outlook!.sessions && outlook!.sessions <= ofService.length, `${outlook!.sessions} sessions`);
    const { movedSessions } = outlook!;
    t.ok(on(later) >= 1 && on(later) <= movedSessions && movedSessions <= on(ofService), `${movedSessions} move`);
    t.ok(outlook!.least === outlook!.ownSlots && outlook!.moved >= outlook!.least, JSON.stringify(outlook));
    t.match(
      await lvsctl(network, 'director', 'what-if', '--weight', `${server}=3`),
      /of 4093 move \([\d.]+ %\), at least \d+ had to/,
    );
    await t.rejects(
      lvsctl(network, 'director', 'what-if', '--remove', '192.0.2.77'),
      /no service has server '192\.0\.2\.77'/,
    );
  });

  await t.test('capture: each packet as it came and as it went, with the decision', async (t) => {
    const file = '/run/lvsd/capture.pcapng';
    const words = ['client', '10.1.0.2:29002', 'vip', '10.1.0.100:80', 'proto', 'tcp', '--count', '4', '-w', file];
    const { child, ready, ended } = start(words);
    await ready;
    const replies = await ask(network, 'client', { protocol: 'tcp', address: vips.ip4, port: 80 }, 1, {
      address: clients.ip4,
      port: 29_002,
    });
    const [host] = serversOf(replies);
    await ended;
    t.equal(child.exitCode, 0);
    const { interfaces, packets } = readPcapng(readFileSync(file));
    t.equal(packets.length, 8, 'four, before and after');
    const names = packets.map((packet) => interfaces[packet.interface]);
    t.same(names.slice(0, 4), ['outside', 'inside', 'inside', 'outside'], 'a SYN, and its answer');
    t.match(packets[0]!.comment, /verdict: forward/);
    const [before, after] = packets;
    const address = (frame: Uint8Array, at: number): string => frame.subarray(at, at + 4).join('.');
    t.equal(address(before!.frame, 30), vips.ip4);
    t.equal(hostOf(address(after!.frame, 30)), host, 'the server that answered');
    t.equal(address(after!.frame, 26), clients.ip4);
  });

  await t.test('capture: Ctrl-C ends it, what others send is not in it, and snap cuts', async (t) => {
    const file = '/run/lvsd/capture-2.pcapng';
    const { child, ready, ended } = start(['vip', '[fd00:1::100]:80', '--snap', '60', '-w', file]);
    await ready;
    await ask(network, 'client', { protocol: 'udp', address: vips.ip4, port: 80 }, 3);
    await ask(network, 'client', { protocol: 'udp', address: vips.ip6, port: 80 }, 3);
    await eventually(() => {
      if (readPcapng(readFileSync(file)).packets.length < 12) throw new Error('not yet all');
    });
    child.kill('SIGINT');
    await ended;
    t.equal(child.exitCode, 0);
    const { packets } = readPcapng(readFileSync(file));
    t.equal(packets.length, 12, 'three questions and three answers, before and after');
    t.ok(packets.every(({ frame, originalLength }) => frame.length === 60 && originalLength > 60));
  });

  await t.test('status says which engine has a service, and how the engine is', async (t) => {
    const status = JSON.parse(await lvsctl(network, 'director', '--json', 'status')) as Status;
    t.ok(status.services.every(({ engine }) => engine === 'userspace'));
    t.equal(status.engine?.path, '/run/lvsd/engine.sock');
    const text = await lvsctl(network, 'director', 'status');
    t.match(text, /^tcp 10\.1\.0\.100:80 maglev, by the userspace engine$/m);
    t.match(text, /^userspace engine:\n {2}pid \d+, 1 worker\n {2}port outside: xdp-\S+, 1 queue/m);
    t.match(text, /^ {2}sessions: \d+ of \d+, [\d.]+ MiB$/m);
  });

  await t.test('what is dropped: captured alone, and explained', async (t) => {
    const file = '/run/lvsd/capture-3.pcapng';
    const { ready, ended } = start(['--dropped', '--count', '1', '-w', file]);
    await ready;
    await ask(network, 'client', { protocol: 'udp', address: vips.ip4, port: 80 }, 1);
    await askInVain(network, 'client', { protocol: 'udp', address: vips.ip4, port: 81 });
    await ended;
    const { packets } = readPcapng(readFileSync(file));
    t.equal(packets.length, 1, 'nothing went out');
    t.match(packets[0]!.comment, /reason: no_destination/);
    const told81 = await told(network, [`udp 10.1.0.2:1 > ${vips.ip4}:81`]);
    t.match([told81.verdict, told81.reason], ['drop', 'no_destination']);
    t.match(await lvsctl(network, 'director', 'status'), /^ {2}dropped no_destination: [1-9]/m);
  });

  await t.test('the engine answers without a director; capture ends when the engine does', async (t) => {
    const { engine } = JSON.parse(await lvsctl(network, 'director', '--json', 'status')) as Status;
    director.kill('SIGKILL');
    t.match(await lvsctl(network, 'director', 'sessions'), /^tcp 10\.1\.0\.2:\d+ > 10\.1\.0\.100:80 -> 10\.2\.0\.1/m);
    await t.rejects(lvsctl(network, 'director', 'status'), /no lvsd answers/);
    const { child, ready, ended } = start(['-w', '/run/lvsd/capture-4.pcapng']);
    await ready;
    process.kill(engine?.pid ?? 0, 'SIGKILL');
    await ended;
    t.equal(child.exitCode, 0);
    await t.rejects(lvsctl(network, 'director', 'sessions'), /no engine answers/);
  });
});
