/** What goes wrong around the engine: each time the rest forwards on, and a sentence says what it is. */
import '../helpers/own-machine.js';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { eventually } from '../lab/eventually.js';
import { Director } from '../lab/lvsd-process.js';
import { ask, askInVain, type Endpoint, serve, serversOf } from '../lab/peers.js';
import { Network, type Topology } from '../lab/topology.js';
import { direct, echo, globals, lvsctl, type Mode, root, Steady, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const PER_SECOND = 200;
/** For what takes a moment, on a busy machine too. */
const LIMIT_MS = 90_000;
/** An engine that is started again at once is away for a tenth of that; the next attempt to open its ports would be after ten seconds. */
const LONGEST_OUTAGE_MS = 8_000;
const python = '/usr/bin/python3';

const vip = '10.1.0.100';
const vip6 = 'fd00:1::100';
/** Two servers inside whose gateway is the director, another in a network of its own, and one that answers straight. */
const topology: Topology = {
  hosts: {
    client: { links: { outside: ['10.1.0.2/24', 'fd00:1::2/64'] } },
    director: {
      links: {
        outside: ['10.1.0.1/24', `${vip}/32`, 'fd00:1::1/64', `${vip6}/128`],
        inside: ['10.2.0.1/24', 'fd00:2::1/64'],
        other: ['10.3.0.1/24'],
      },
    },
    rs1: {
      links: { inside: ['10.2.0.11/24', 'fd00:2::11/64'] },
      routes: ['default via 10.2.0.1', 'default via fd00:2::1'],
    },
    rs2: { links: { other: ['10.3.0.12/24'] }, routes: ['default via 10.3.0.1'] },
    straight: {
      links: { lo: [`${vip}/32`, `${vip6}/128`], outside: ['10.1.0.13/24', 'fd00:1::13/64'] },
      sysctls: { 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 },
    },
  },
};
const PORTS = ['outside', 'inside', 'other'];

/** What the director says next of an event. @throws if it does not */
async function saying(director: Director, event: string): Promise<Record<string, unknown>> {
  const late = new AbortController();
  const limit = sleep(LIMIT_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no ${event} within ${LIMIT_MS} ms`);
  });
  limit.catch(() => undefined);
  try {
    return await Promise.race([director.until(event), limit]);
  } finally {
    late.abort();
  }
}

const udp = (port: number, address: string = vip): Endpoint => ({ protocol: 'udp', address, port });
const service = (port: number, servers: readonly string[], method = 'NAT', address = vip): string =>
  virtualServer(`${address} ${port}`, ['lvs_sched rr', `lvs_method ${method}`, 'protocol UDP'], servers);

interface EngineStatus {
  readonly pid: number;
  readonly restarts: number;
  readonly silentNeighbours: readonly string[];
  readonly ports: readonly { name: string; mode: string; queues: number; reason: string }[];
  readonly dropped: Record<string, number>;
  readonly events: Record<string, number>;
}

const engineOf = async (network: Network): Promise<EngineStatus> =>
  (JSON.parse(await lvsctl(network, 'director', '--json', 'status')) as { engine: EngineStatus }).engine;

/** How the engine is when it has dropped so many for that reason. @throws if it does not */
const engineThatDropped = (network: Network, reason: string, count: number): Promise<EngineStatus> =>
  eventually(async () => {
    const engine = await engineOf(network);
    const dropped = engine.dropped[reason] ?? 0;
    if (dropped < count) throw new Error(`${dropped} dropped for ${reason}, not ${count}`);
    return engine;
  }, LIMIT_MS);

t.test('servers that cannot be reached', async (t) => {
  await using network = await Network.build(topology);
  await serve(
    'rs1',
    [5001, 5002].map((port) => udp(port, '10.2.0.11')),
  );
  const site = globals(PORTS, 'xdp') + service(5002, ['10.2.0.11 5002', '192.0.2.9 5002']);
  await using director = await direct('director', site);

  await t.test('a neighbour that never answers', async (t) => {
    // new, so that nobody knows of it yet: those that are known to be silent are passed over
    writeFileSync(director.file, site + service(5001, ['10.2.0.11 5001', '10.2.0.99 5001']));
    await lvsctl(network, 'director', 'reload');
    const replies = serversOf(await ask(network, 'client', udp(5001), 4));
    t.strictSame([...new Set(replies)].sort(), ['rs1', 'timeout']);
    const lost = replies.filter((reply) => reply === 'timeout').length;
    const said =
      director.said.find(({ event }) => event === 'routing.neighbour-silent') ??
      (await saying(director, 'routing.neighbour-silent'));
    t.match(said, { reason: /^10\.2\.0\.99 does not answer on inside/ });
    const { dropped, events, silentNeighbours } = await engineThatDropped(network, 'no_neighbour', lost);
    t.equal(dropped['no_neighbour'], lost);
    t.ok((events['neighbour_held'] ?? 0) >= 1, 'held before');
    t.match(silentNeighbours, [/10\.2\.0\.99/]);
  });

  await t.test('no route to a server', async (t) => {
    t.match(
      director.said.find(({ event }) => event === 'routing.no-route'),
      { server: '192.0.2.9', reason: /^no route to 192\.0\.2\.9 / },
    );
    t.strictSame(serversOf(await ask(network, 'client', udp(5002), 4)), Array(4).fill('rs1'), 'the other serves');
    await network.must('director', 'ip', 'route', 'add', '192.0.2.0/24', 'via', '10.2.0.11');
    await network.must('rs1', 'ip', 'address', 'add', '192.0.2.9/32', 'dev', 'lo');
    await serve('rs1', [udp(5002, '192.0.2.9')], 'routed');
    t.strictSame(
      [...new Set(serversOf(await ask(network, 'client', udp(5002), 4)))].sort(),
      ['routed', 'rs1'],
      'the route is there, and used at once',
    );
  });
  await director.stop();
});

t.test('ports that go and come', async (t) => {
  await using network = await Network.build(topology);
  await echo('rs1', '10.2.0.11', 53);
  await echo('rs2', '10.3.0.12', 54);
  await serve('rs2', [udp(5003, '10.3.0.12')]);
  await using director = await direct(
    'director',
    globals([...PORTS, 'nowhere'], 'xdp') +
      service(53, ['10.2.0.11 53']) +
      service(54, ['10.3.0.12 54']) +
      service(5003, ['10.3.0.12 5003']),
  );
  t.match(
    director.said.find(({ event }) => event === 'engine.port-missing'),
    { port: 'nowhere', reason: 'there is no interface nowhere' },
    'an unknown interface is a sentence',
  );
  t.strictSame(serversOf(await ask(network, 'client', udp(5003))), ['rs2']);

  await t.test('a device is deleted and comes back', async (t) => {
    await using stream = await Steady.start('client', vip, 53, PER_SECOND);
    await network.must('director', 'ip', 'link', 'delete', 'other');
    t.match(await saying(director, 'engine.port-gone'), { port: 'other' });
    t.strictSame(serversOf(await askInVain(network, 'client', udp(5003))), ['timeout']);

    await network.must('fabric', ...'ip link add cable9 type veth peer name other netns director'.split(' '));
    await network.must('fabric', ...'ip link set cable9 master other up'.split(' '));
    await network.must('director', ...'ip address add 10.3.0.1/24 dev other'.split(' '));
    await network.must('director', ...'ip link set other up'.split(' '));
    const back = Date.now();
    let served = ['timeout'];
    while (served[0] === 'timeout' && Date.now() - back < LIMIT_MS)
      served = serversOf(await askInVain(network, 'client', udp(5003)));
    t.strictSame(served, ['rs2'], `it forwards again after ${Date.now() - back} ms`);
    const { sent, back: answered, longestMs } = await stream.end();
    t.ok(sent > PER_SECOND, `${sent} datagrams by the other port`);
    t.equal(answered, sent, `none of them was lost; the slowest took ${longestMs} ms`);
  });

  await t.test('the process of the engine is killed', async (t) => {
    const { pid } = await engineOf(network);
    await using stream = await Steady.start('client', vip, 53, PER_SECOND);
    await sleep(500);
    process.kill(pid, 'SIGKILL');
    await saying(director, 'engine.lost');
    await saying(director, 'engine.started');
    await eventually(async () => {
      const [served] = serversOf(await askInVain(network, 'client', udp(5003)));
      if (served !== 'rs2') throw new Error(`it does not forward again: ${served}`);
    }, LIMIT_MS);
    const { sent, back } = await stream.end();
    const outageMs = ((sent - back) * 1000) / PER_SECOND;
    t.ok(outageMs < LONGEST_OUTAGE_MS, `${sent - back} of ${sent} datagrams were lost: ${outageMs} ms`);
    const after = await engineOf(network);
    t.not(after.pid, pid);
    t.equal(after.restarts, 1);
    t.strictSame(serversOf(await ask(network, 'client', udp(5003))), ['rs2'], 'its whole table is back');
  });

  await t.test('a reload of a file with a mistake', async (t) => {
    await using stream = await Steady.start('client', vip, 53, PER_SECOND);
    writeFileSync(director.file, globals(PORTS, 'xdp') + service(53, ['10.2.0.11 53'], 'L3DSR dscp 64'));
    const { status, stderr } = await network.run('director', [`${root}bin/lvsctl`, 'reload']);
    t.equal(status, 1);
    t.match(stderr, /has 1 error; nothing was changed/);
    const { complaint } = await saying(director, 'config.complaint');
    t.match(complaint, /'64' is no value of lvs_method/, 'a sentence');
    await sleep(1000);
    const { sent, back } = await stream.end();
    t.equal(back, sent, 'nothing was lost');
    t.strictSame(serversOf(await ask(network, 'client', udp(5003))), ['rs2'], 'nor any service');
  });

  await t.test('the sockets are for their owner', async (t) => {
    chmodSync('/run/lvsd', 0o755);
    const connect = 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])';
    for (const path of ['/run/lvsd/control.sock', '/run/lvsd/engine.sock']) {
      t.equal((statSync(path).mode & 0o777).toString(8), '600', path);
      const stranger = [
        'setpriv',
        '--reuid',
        '65534',
        '--regid',
        '65534',
        '--clear-groups',
        python,
        '-c',
        connect,
        path,
      ];
      const { status, stderr } = await network.run('director', stranger);
      t.equal(status, 1);
      t.match(stderr, /PermissionError/);
      t.equal((await network.run('director', [python, '-c', connect, path])).status, 0, 'root may');
    }
  });
  await director.stop();
});

for (const mode of ['xdp', 'packet'] satisfies Mode[]) {
  t.test(`datagrams in pieces, ${mode}`, async (t) => {
    await using network = await Network.build(topology);
    await serve('rs1', [udp(5004, '10.2.0.11'), udp(5004, 'fd00:2::11')]);
    await serve('straight', [udp(5005), udp(5005, vip6)]);
    await using director = await direct(
      'director',
      globals(PORTS, mode) +
        service(5004, ['10.2.0.11 5004']) +
        service(5004, ['fd00:2::11 5004'], 'NAT', vip6) +
        service(5005, ['10.1.0.13 5005'], 'DR') +
        service(5005, ['fd00:1::13 5005'], 'DR', vip6),
    );
    const whole = (order: string, address: string, port: number): Promise<string> =>
      network.must('client', python, `${root}test/engine/fragments.py`, address, String(port), '4000', order, '5');
    for (const [name, address] of [
      ['IPv4', vip],
      ['IPv6', vip6],
    ] as const)
      for (const [method, port] of [
        ['NAT', 5004],
        ['DR', 5005],
      ] as const) {
        for (const order of ['kernel', 'forwards', 'backwards'])
          t.equal(await whole(order, address, port), '5\n', `${method}, ${name}, ${order}`);
      }
    t.equal(await whole('lost', vip, 5004), '0\n');
    const { events, dropped } = await engineThatDropped(network, 'fragment_timeout', 15);
    t.ok((events['fragments_held'] ?? 0) >= 40, `${events['fragments_held']} pieces waited for their first`);
    t.equal(dropped['fragment_timeout'], 15, 'those whose first did not come are given up');
    await director.stop();
  });
}

t.test('without capabilities', async (t) => {
  await using network = await Network.build(topology);
  await serve('rs1', [udp(5006, '10.2.0.11')]);
  const file = '/run/lvsd/without.conf';
  writeFileSync(
    file,
    globals(PORTS, 'packet').replace('engine_mode packet', 'engine_mode auto') + service(5006, ['10.2.0.11 5006']),
  );
  const start = async (without: string): Promise<Director> => {
    const director = new Director('director', file, ['setpriv', '--bounding-set', without, '--inh-caps', without]);
    await director.until('daemon.started');
    return director;
  };
  const portsSaid = ({ said }: Director, event: string): unknown[] =>
    said.filter((line) => line['event'] === event && line['port'] === 'inside');

  await t.test('CAP_BPF: packets by AF_PACKET', async (t) => {
    await using director = await start('-bpf,-sys_admin');
    t.match(portsSaid(director, 'engine.port'), [{ mode: 'packet', reason: /CAP_BPF/ }]);
    t.strictSame(serversOf(await ask(network, 'client', udp(5006))), ['rs1']);
    await director.stop();
  });
  await t.test('CAP_NET_RAW: none, and a sentence', async (t) => {
    await using director = await start('-net_raw');
    t.match(portsSaid(director, 'engine.port-refused'), [{ reason: /CAP_NET_RAW/ }]);
    await director.stop();
  });
});
