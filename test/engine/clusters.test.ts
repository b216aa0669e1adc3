/** The scenarios of others: OVN's test bed with balancing at the client's switch and at the gateway; ClusterIP and NodePort. */
import '../helpers/own-machine.js';
import t from 'tap';
import { ask, serve, serversOf } from '../lab/peers.js';
import { Network, type Topology } from '../lab/topology.js';
import { direct, globals, lvsctl, virtualServer } from './site.js';

/** Switches foo and bar and the outside join at a router, which has the engine: foo1 is a client, bar1 and bar2 are web servers. */
const ovn: Topology = {
  hosts: {
    foo1: { links: { foo: ['192.168.1.2/24'] }, routes: ['default via 192.168.1.1'] },
    bar1: { links: { bar: ['192.168.2.2/24'] }, routes: ['default via 192.168.2.1'] },
    bar2: { links: { bar: ['192.168.2.3/24'] }, routes: ['default via 192.168.2.1'] },
    alice1: { links: { alice: ['172.16.1.2/24'] }, routes: ['default via 172.16.1.1'] },
    router: {
      links: { foo: ['192.168.1.1/24'], bar: ['192.168.2.1/24'], alice: ['172.16.1.1/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
  },
};
t.setTimeout(0); // whoever runs us sets the limit
const WEB = { protocol: 'http', address: '30.0.0.1', port: 80 } as const;

t.test('OVN: a load balancer of a switch serves its clients, one of the router those outside', async (t) => {
  await using network = await Network.build(ovn);
  for (const host of ['bar1', 'bar2']) await serve(host, [{ protocol: 'http', address: '0.0.0.0', port: 8080 }]);
  await using director = await direct('router', globals(['foo', 'bar', 'alice'], 'xdp'));
  const answered = async (host: string, requests: number): Promise<string[]> =>
    [...new Set(serversOf(await ask(network, host, WEB, requests)))].sort();

  await lvsctl(network, 'router', 'lb-add', 'web', '30.0.0.1:80', '192.168.2.2:8080,192.168.2.3:8080');
  t.match(await lvsctl(network, 'router', 'lb-list'), /30\.0\.0\.1:80\s+192\.168\.2\.2:8080,192\.168\.2\.3:8080/);
  await lvsctl(network, 'router', 'ls-lb-add', 'foo', 'web');
  t.strictSame(await answered('foo1', 24), ['bar1', 'bar2'], 'at the client');
  t.strictSame(await answered('alice1', 1), ['Network is unreachable'], 'not for others');

  await lvsctl(network, 'router', 'ls-lb-del', 'foo', 'web');
  await lvsctl(network, 'router', 'lr-lb-add', 'router', 'web');
  t.strictSame(await answered('alice1', 24), ['bar1', 'bar2'], 'at the gateway');
  await lvsctl(network, 'router', 'lb-del', 'web');
  t.strictSame(await answered('alice1', 1), ['Network is unreachable'], 'gone');
  await director.stop();
  t.end();
});

/** A node with two pods' networks on it and a machine outside. */
const node: Topology = {
  hosts: {
    outside: { links: { net: ['10.0.0.9/24'] } },
    node: {
      links: { net: ['10.0.0.1/24'], pods: ['10.244.0.1/24'], others: ['10.244.1.1/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    pod1: { links: { pods: ['10.244.0.11/24'] }, routes: ['default via 10.244.0.1'] },
    pod2: { links: { pods: ['10.244.0.12/24'] }, routes: ['default via 10.244.0.1'] },
    user: { links: { others: ['10.244.1.9/24'] }, routes: ['default via 10.244.1.1'] },
  },
};

t.test('Kubernetes: ClusterIP from a pod, NodePort from outside, TCP and UDP', async (t) => {
  await using network = await Network.build(node);
  for (const host of ['pod1', 'pod2'])
    await serve(host, [
      { protocol: 'http', address: '0.0.0.0', port: 8080 },
      { protocol: 'udp', address: '0.0.0.0', port: 5353 },
    ]);
  const service = (port: number, protocol: string, nodePort: number, target: number): string =>
    virtualServer(
      `10.96.0.10 ${port}`,
      ['lvs_sched rr', 'lvs_method NAT', `protocol ${protocol}`, `node_port ${nodePort}`],
      [`10.244.0.11 ${target}`, `10.244.0.12 ${target}`],
    );
  await using director = await direct(
    'node',
    globals(['net', 'pods', 'others'], 'xdp') + service(80, 'TCP', 30080, 8080) + service(53, 'UDP', 30053, 5353),
  );
  for (const [host, protocol, address, port] of [
    ['user', 'http', '10.96.0.10', 80],
    ['user', 'udp', '10.96.0.10', 53],
    ['outside', 'http', '10.0.0.1', 30080],
    ['outside', 'udp', '10.0.0.1', 30053],
  ] as const) {
    const replies = await ask(network, host, { protocol, address, port }, 8);
    t.strictSame([...new Set(serversOf(replies))].sort(), ['pod1', 'pod2'], `${protocol} ${address}:${port}`);
  }
  await director.stop();
  t.end();
});
