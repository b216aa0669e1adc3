// kernels: uml, qemu
import t from 'tap';
import { eventually } from './eventually.js';
import { ask, type Endpoint, serve, serversOf } from './peers.js';
import { Network, run, type Topology } from './topology.js';

const realServer = (address: string) => ({ links: { inside: [address] }, routes: ['default via 10.2.0.1'] });
const topology: Topology = {
  hosts: {
    client: { links: { outside: ['10.1.0.2/24'] } },
    director: {
      links: { outside: ['10.1.0.1/24', '10.1.0.100/24'], inside: ['10.2.0.1/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    rs1: realServer('10.2.0.11/24'),
    rs2: realServer('10.2.0.12/24'),
    rs3: realServer('10.2.0.13/24'),
  },
};
const service: Endpoint = { protocol: 'http', address: '10.1.0.100', port: 80 };

t.test('a NAT service made with the reference ipvsadm spreads three requests over three servers', async (t) => {
  await using network = await Network.build(topology);
  const rules = ['-A -t 10.1.0.100:80 -s rr', ...[11, 12, 13].map((n) => `-a -t 10.1.0.100:80 -r 10.2.0.${n}:80 -m`)];
  const restored = await network.run('director', ['/sbin/ipvsadm', '-R'], { input: rules.join('\n') });
  t.equal(restored.stderr, '');

  for (const n of [1, 2, 3]) await serve(`rs${n}`, [{ protocol: 'http', address: `10.2.0.1${n}`, port: 80 }]);
  const replies = await ask(network, 'client', service, 3);
  t.same(serversOf(replies).sort(), ['rs1', 'rs2', 'rs3']);
  t.match(replies[0], { client: '10.1.0.2', message: 'GET /0 HTTP/1.1' });

  await eventually(async () => {
    const statistics = await network.must('director', '/sbin/ipvsadm', '-Ln', '--stats', '--exact');
    const [, connections = '0'] = /TCP +10\.1\.0\.100:80 +(\d+)/.exec(statistics) ?? [];
    if (connections !== '3') throw new Error(`the kernel did not count three connections: ${statistics}`);
  });
});

t.test('a topology leaves nothing behind', async (t) => {
  {
    await using network = await Network.build(topology);
    t.match(await network.must('client', 'ip', '-br', 'address'), /outside@\S+ +UP +10\.1\.0\.2\/24/);
  }
  t.equal((await run(['ip', 'netns', 'list'])).stdout, '');
});

t.test('a topology that cannot be built says which command failed, and leaves nothing behind', async (t) => {
  const broken = { hosts: { client: { links: { outside: ['10.1.0.2/240'] } } } };
  await t.rejects(Network.build(broken), /ip -n client -batch/);
  t.equal((await run(['ip', 'netns', 'list'])).stdout, '');
});
