/** Every method of the engine that needs no tunnel of the kernel, to real web servers, from a client behind a router. */
import '../helpers/own-machine.js';
import t from 'tap';
import { ask, serve, serversOf } from '../lab/peers.js';
import { Network, type Topology } from '../lab/topology.js';
import { direct, globals, move, root, serveBulk, virtualServer } from './site.js';

const MEGABYTE = 1 << 20;

/** client – router – a LAN with the director and two servers, and one server in another network; both families. */
const topology: Topology = {
  hosts: {
    client: {
      links: { internet: ['10.1.0.2/24', 'fd00:1::2/64'] },
      routes: ['default via 10.1.0.1', 'default via fd00:1::1'],
    },
    router: {
      links: {
        internet: ['10.1.0.1/24', 'fd00:1::1/64'],
        lan: ['10.2.0.1/24', 'fd00:2::1/64'],
        elsewhere: ['10.3.0.1/24', 'fd00:3::1/64'],
      },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    director: {
      links: { lan: ['10.2.0.2/24', '10.2.0.100/32', 'fd00:2::2/64', 'fd00:2::100/128'] },
      routes: ['default via 10.2.0.1', 'default via fd00:2::1'],
    },
    near: {
      links: { lan: ['10.2.0.11/24', 'fd00:2::11/64'] },
      routes: ['default via 10.2.0.1', 'default via fd00:2::1'],
    },
    also: {
      links: { lan: ['10.2.0.12/24', 'fd00:2::12/64'] },
      routes: ['default via 10.2.0.1', 'default via fd00:2::1'],
    },
    far: {
      links: { elsewhere: ['10.3.0.13/24', 'fd00:3::13/64'] },
      routes: ['default via 10.3.0.1', 'default via fd00:3::1'],
    },
  },
};

t.setTimeout(0); // whoever runs us sets the limit

const families = [
  { name: 'IPv4', vip: '10.2.0.100', near: '10.2.0.11', also: '10.2.0.12', far: '10.3.0.13', any: '0.0.0.0' },
  { name: 'IPv6', vip: 'fd00:2::100', near: 'fd00:2::11', also: 'fd00:2::12', far: 'fd00:3::13', any: '::' },
];

let states = 0;
const realserver = (network: Network, host: string, ...words: readonly string[]): Promise<string> =>
  network.must(host, `${root}bin/lvsd`, 'realserver', ...words, '--state', `/run/lvsd/realserver-${++states}`);

for (const { name, vip, near, also, far, any } of families) {
  t.test(`DR, ${name}`, async (t) => {
    await using network = await Network.build(topology);
    for (const host of ['near', 'also']) {
      await realserver(network, host, '--vip', vip, '--method', 'dr');
      await serve(host, [{ protocol: 'tcp', address: any, port: 80 }]);
      await serveBulk(host, any, 9000);
    }
    await using director = await direct(
      'director',
      globals(['lan'], 'xdp') +
        virtualServer(`${vip} 80`, ['lvs_sched rr', 'lvs_method DR', 'protocol TCP'], [`${near} 80`, `${also} 80`]) +
        virtualServer(
          `${vip} 9000`,
          ['lvs_sched rr', 'lvs_method DR', 'protocol TCP'],
          [`${near} 9000`, `${also} 9000`],
        ),
    );
    const replies = await ask(network, 'client', { protocol: 'tcp', address: vip, port: 80 }, 6);
    t.strictSame([...new Set(serversOf(replies))].sort(), ['also', 'near']);
    t.match(await move(network, 'client', vip, 9000, 10 * MEGABYTE, 10 * MEGABYTE), /^ok /, 'bulk, both ways');
    await director.stop();
    t.end();
  });

  t.test(`L3DSR, ${name}, to a server in another network`, async (t) => {
    await using network = await Network.build(topology);
    for (const host of ['near', 'far']) {
      await realserver(network, host, '--l3dsr', `7=${vip}`);
      await serve(host, [{ protocol: 'tcp', address: any, port: 80 }]);
      await serveBulk(host, any, 9000);
    }
    await using director = await direct(
      'director',
      globals(['lan'], 'xdp') +
        virtualServer(
          `${vip} 80`,
          ['lvs_sched rr', 'lvs_method L3DSR dscp 7', 'protocol TCP'],
          [`${near} 80`, `${far} 80`],
        ) +
        virtualServer(`${vip} 9000`, ['lvs_sched rr', 'lvs_method L3DSR dscp 7', 'protocol TCP'], [`${far} 9000`]),
    );
    const replies = await ask(network, 'client', { protocol: 'tcp', address: vip, port: 80 }, 6);
    t.strictSame([...new Set(serversOf(replies))].sort(), ['far', 'near']);
    t.match(await move(network, 'client', vip, 9000, 10 * MEGABYTE, 10 * MEGABYTE), /^ok /, 'bulk, both ways');
    await director.stop();
    t.end();
  });

  t.test(`full NAT, ${name}, to servers whose gateway is another`, async (t) => {
    await using network = await Network.build(topology);
    for (const host of ['near', 'far']) {
      await serve(host, [
        { protocol: 'tcp', address: any, port: 8080 },
        { protocol: 'udp', address: any, port: 8080 },
      ]);
      await serveBulk(host, any, 9000);
    }
    const source = vip.includes(':') ? 'fd00:2::2' : '10.2.0.2';
    const pool = `snat_pool ${source} ports 40000-49999`;
    await using director = await direct(
      'director',
      globals(['lan'], 'xdp') +
        ['TCP', 'UDP']
          .map((protocol) =>
            virtualServer(
              `${vip} 80`,
              ['lvs_sched rr', 'lvs_method FULLNAT', `protocol ${protocol}`, pool],
              [`${near} 8080`, `${far} 8080`],
            ),
          )
          .join('') +
        virtualServer(`${vip} 9000`, ['lvs_sched rr', 'lvs_method FULLNAT', 'protocol TCP', pool], [`${far} 9000`]),
    );
    for (const protocol of ['tcp', 'udp'] as const) {
      const replies = await ask(network, 'client', { protocol, address: vip, port: 80 }, 6);
      t.strictSame([...new Set(serversOf(replies))].sort(), ['far', 'near'], protocol);
      t.ok(
        replies.every((reply) => !('error' in reply) && reply.client === source),
        `${protocol}: the servers see the director`,
      );
    }
    t.match(await move(network, 'client', vip, 9000, 10 * MEGABYTE, 10 * MEGABYTE), /^ok /, 'bulk, both ways');
    await director.stop();
    t.end();
  });
}
