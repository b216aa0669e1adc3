/** A link behind the director's own is narrow: what a router says of the packet in which a tunnel carries a client's, the client hears of its own. */
import '../helpers/own-machine.js';
import t from 'tap';
import { eventually } from '../lab/eventually.js';
import { Network, type Topology } from '../lab/topology.js';
import { direct, globals, type Mode, root, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const NARROW = 1400;
const PORT = 9001;
const datagrams = ['/usr/bin/python3', `${root}test/engine/datagrams.py`];

/** client – director – gateway – a rack with a narrow link; who is behind it need not answer. The director's kernel forwards nothing. */
const topology: Topology = {
  hosts: {
    client: {
      links: { outside: ['10.1.0.2/24', 'fd01::2/64'] },
      routes: ['default via 10.1.0.1', 'default via fd01::1'],
    },
    director: {
      links: { outside: ['10.1.0.1/24', 'fd01::1/64'], inside: ['10.3.0.1/24', 'fd03::1/64'] },
      routes: ['10.4.0.0/24 via 10.3.0.2', 'fd04::/64 via fd03::2'],
    },
    gateway: {
      links: { inside: ['10.3.0.2/24', 'fd03::2/64'], rack: ['10.4.0.1/24', 'fd04::1/64'] },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    server: { links: { rack: ['10.4.0.11/24', 'fd04::11/64'] } },
  },
};
const servers = { ip4: '10.4.0.11', ip6: 'fd04::11' };
const HEADER_BYTES = { ipip: 0, gre: 4, gue: 12 };
const tunnels = (['ipip', 'gre', 'gue'] as const).flatMap((type, i) =>
  (['ip4', 'ip6'] as const).flatMap((inner, j) =>
    (['ip4', 'ip6'] as const).map((outer, k) => ({
      name: `${type}, ${inner} in ${outer}`,
      type,
      vip: `${inner === 'ip4' ? '10.9.0.' : 'fd09::'}${100 + 4 * i + 2 * j + k}`,
      server: servers[outer],
      fits: NARROW - HEADER_BYTES[type] - (outer === 'ip4' ? 20 : 40),
    })),
  ),
);
const text = tunnels
  .map(({ type, vip, server }) =>
    virtualServer(
      `${vip} ${PORT}`,
      ['lvs_sched rr', `lvs_method TUN type ${type}${type === 'gue' ? ' port 6080' : ''}`, 'protocol UDP'],
      [`${server} ${PORT}`],
    ),
  )
  .join('');

for (const mode of ['xdp', 'packet'] satisfies Mode[]) {
  t.test(mode, async (t) => {
    await using network = await Network.build(topology);
    await network.must('gateway', 'ip', 'link', 'set', 'rack', 'mtu', String(NARROW));
    await using director = await direct('director', globals(['outside', 'inside'], mode) + text);
    await Promise.all(
      tunnels.map(async ({ name, vip, fits }) => {
        const family = vip.includes(':') ? ['-6'] : [];
        await eventually(async () => {
          await network.must('client', ...datagrams, 'ask', vip, String(PORT), '1380', 'whole', '1');
          const route = await network.must('client', 'ip', ...family, 'route', 'get', vip);
          if (!/\bmtu \d/.test(route)) throw new Error(`${name}: the client knows nothing: ${route}`);
          t.match(route, new RegExp(`\\bmtu ${fits}\\b`), `${name}: the client knows that ${fits} bytes fit`);
        });
      }),
    );
    await director.stop();
  });
}
