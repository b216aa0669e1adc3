/** A network as rows, and what stands in its image. native/test/image_test.cc and tables_test.cc say what the engine makes of it. */
import fc from 'fast-check';
import t from 'tap';
import { adjacencyFlag, NO_PORT, records, routeKind } from '../../../src/dataplane/image-layout.js';
import { networkImage, sharesOf } from '../../../src/dataplane/network-image.js';
import type { Network, NextHop, Route } from '../../../src/dataplane/network.js';
import { formatAddress } from '../../../src/model/address.js';

const hop = (port: string, gateway?: string, more: Partial<NextHop> = {}): NextHop => ({
  port,
  ...(gateway === undefined ? {} : { gateway }),
  weight: 1,
  vlans: [],
  ...more,
});
const route = (prefix: string, prefixLength: number, ...nextHops: NextHop[]): Route => ({
  prefix,
  prefixLength,
  nextHops,
});

const nothing: Network = {
  ports: [
    { name: 'pg0', ifindex: 3, mac: '02:fe:00:00:00:01', mtu: 1500, up: true },
    { name: 'pg1', ifindex: 4, mac: '02:fe:00:00:00:02', mtu: 9000, up: false },
  ],
  addresses: [],
  routes: [],
  neighbours: [],
};

/** What the image says, with references looked up. */
function read(network: Network) {
  const image = networkImage(network);
  const view = new DataView(image.buffer);
  const header = records.NetworkHeader.read(view, 0);
  let at = records.NetworkHeader.bytes;
  const all = <T>(codec: { bytes: number; read(from: DataView, at: number): T }, count: number): T[] =>
    Array.from({ length: count }, () => {
      at += codec.bytes;
      return codec.read(view, at - codec.bytes);
    });
  const ports = all(records.Port, header.ports);
  const addresses = all(records.LocalAddress, header.addresses);
  const adjacencies = all(records.Adjacency, header.adjacencies);
  const references = all({ bytes: 4, read: (from, where) => from.getUint32(where, true) }, header.references);
  at += (header.references % 2) * 4;
  const routes = all(records.Route, header.routes).map((one) => ({
    to: `${one.prefix}/${one.length}`,
    kind: one.kind,
    ways: (one.kind === routeKind.onLink ? [one.first] : references.slice(one.first, one.first + one.count)).map(
      (place) => adjacencies[place]!,
    ),
  }));
  return { bytes: header.bytes === image.length && at === image.length, ports, addresses, adjacencies, routes };
}

t.test('ports and addresses, those of other interfaces too', (t) => {
  const { bytes, ports, addresses } = read({
    ...nothing,
    addresses: [
      { address: '172.16.1.1', prefixLength: 24, interface: 'pg0' },
      { address: 'fd00::1', prefixLength: 64, interface: 'pg1' },
      { address: '127.0.0.1', prefixLength: 8, interface: 'lo' },
    ],
  });
  t.ok(bytes, 'lengths add up');
  t.same(ports, [
    { name: 'pg0', ifindex: 3, mac: '02:fe:00:00:00:01', mtu: 1500, flags: 1 },
    { name: 'pg1', ifindex: 4, mac: '02:fe:00:00:00:02', mtu: 9000, flags: 0 },
  ]);
  t.same(addresses, [
    { address: '172.16.1.1', port: 0, prefix: 24 },
    { address: 'fd00::1', port: 1, prefix: 64 },
    { address: '127.0.0.1', port: NO_PORT, prefix: 8 },
  ]);
  t.end();
});

t.test('a gateway is an adjacency: known, unknown, or known not to answer', (t) => {
  const { routes } = read({
    ...nothing,
    routes: [
      route('10.0.0.0', 24, hop('pg0', '172.16.1.2')),
      route('10.1.0.0', 24, hop('pg0', '172.16.1.3')),
      route('10.2.0.0', 24, hop('pg0', '172.16.1.4', { mtu: 1400 })),
    ],
    neighbours: [
      { address: '172.16.1.2', port: 'pg0', mac: '02:02:00:00:00:02', vlans: [] },
      { address: '172.16.1.3', port: 'pg0', mac: undefined, vlans: [] },
      { address: '172.16.1.4', port: 'pg1', mac: '02:02:00:00:00:04', vlans: [] }, // on another port
    ],
  });
  t.same(
    routes.map(({ to, kind, ways }) => [
      to,
      kind,
      ways[0]!.next_hop,
      ways[0]!.flags,
      ways[0]!.destination_mac,
      ways[0]!.mtu,
    ]),
    [
      ['10.0.0.0/24', routeKind.unicast, '172.16.1.2', adjacencyFlag.resolved, '02:02:00:00:00:02', 1500],
      ['10.1.0.0/24', routeKind.unicast, '172.16.1.3', adjacencyFlag.failed, undefined, 1500],
      ['10.2.0.0/24', routeKind.unicast, '172.16.1.4', 0, undefined, 1400],
    ],
  );
  t.equal(routes[0]!.ways[0]!.source_mac, '02:fe:00:00:00:01');
  t.end();
});

t.test('on link: the neighbours known so far are routes of full length, where that route leads', (t) => {
  const { routes, adjacencies } = read({
    ...nothing,
    routes: [
      route('172.16.1.0', 24, hop('pg0', undefined, { mtu: 1300 })),
      route('fd00::', 64, hop('pg1')),
      route('0.0.0.0', 0, hop('pg0', '172.16.1.9')),
    ],
    neighbours: [
      { address: '172.16.1.7', port: 'pg0', mac: '02:02:00:00:00:07', vlans: [] },
      { address: '172.16.1.8', port: 'pg1', mac: '02:02:00:00:00:08', vlans: [] }, // the route does not lead there
      { address: '192.0.2.1', port: 'pg0', mac: '02:02:00:00:00:09', vlans: [] }, // behind the gateway
      { address: 'fd00::7', port: 'pg1', mac: undefined, vlans: [] },
      { address: 'fe80::7', port: 'pg1', mac: '02:02:00:00:00:0a', vlans: [] },
    ],
  });
  t.same(
    routes.map(({ to, kind, ways }) => [to, kind, ways[0]!.next_hop, ways[0]!.mtu]),
    [
      ['172.16.1.0/24', routeKind.onLink, '0.0.0.0', 1300],
      ['fd00::/64', routeKind.onLink, '::', 9000],
      ['0.0.0.0/0', routeKind.unicast, '172.16.1.9', 1500],
      ['172.16.1.7/32', routeKind.unicast, '172.16.1.7', 1300],
      ['fd00::7/128', routeKind.unicast, 'fd00::7', 9000],
    ],
  );
  t.equal(adjacencies.length, 5);
  t.equal(routes[4]!.ways[0]!.flags, adjacencyFlag.failed);
  t.end();
});

t.test('several ways by weight; what is no port of ours is left out; nothing left is unreachable', (t) => {
  const { routes } = read({
    ...nothing,
    routes: [
      route(
        '10.0.0.0',
        8,
        hop('pg0', '172.16.1.2', { weight: 4 }),
        hop('pg1', '172.16.2.2', { weight: 2 }),
        hop('eth9', '1.1.1.1'),
      ),
      route('11.0.0.0', 8, hop('eth9', '1.1.1.1')),
      route('12.0.0.0', 8),
      route('10.0.0.0', 8, hop('pg1', '172.16.2.9')), // there already
    ],
  });
  t.same(
    routes.map(({ to, kind, ways }) => [to, kind, ...ways.map(({ next_hop: nextHop }) => nextHop)]),
    [
      ['10.0.0.0/8', routeKind.unicast, '172.16.1.2', '172.16.1.2', '172.16.2.2'],
      ['11.0.0.0/8', routeKind.unreachable],
      ['12.0.0.0/8', routeKind.unreachable],
    ],
  );
  t.same(sharesOf([0, 0]), [1, 1]);
  t.same(sharesOf([1, 256]), [1, 255]);
  t.same(sharesOf([1000, 2000]), [1, 2]);
  t.end();
});

t.test('VLANs: the tags, and the neighbour of that VLAN', (t) => {
  const vlans = [
    { type: 'dot1ad', id: 100 },
    { type: 'dot1q', id: 7 },
  ] as const;
  const { routes } = read({
    ...nothing,
    routes: [
      route('10.0.0.0', 8, hop('pg0', '172.16.1.2', { vlans })),
      route('172.16.1.0', 24, hop('pg0', undefined, { vlans })),
    ],
    neighbours: [
      { address: '172.16.1.2', port: 'pg0', mac: '02:02:00:00:00:01', vlans: [] },
      { address: '172.16.1.2', port: 'pg0', mac: '02:02:00:00:00:02', vlans },
    ],
  });
  t.match(routes[0]!.ways[0], {
    vlan_tags: 2,
    tag_type: [0x88a8, 0x8100],
    tag: [100, 7],
    destination_mac: '02:02:00:00:00:02',
  });
  t.same(
    routes.map(({ to }) => to),
    ['10.0.0.0/8', '172.16.1.0/24', '172.16.1.2/32'],
    'one route of the neighbour, of that VLAN',
  );
  t.end();
});

t.test('two addresses are of one prefix when their first bits are the same, at each length of both families', (t) => {
  const pair = fc.constantFrom(4, 16).chain((size) =>
    fc.record({
      one: fc.uint8Array({ minLength: size, maxLength: size }),
      // which bit is another one; behind the last: none
      flipped: fc.nat(8 * size),
      length: fc.nat(8 * size),
    }),
  );
  fc.assert(
    fc.property(pair, ({ one, flipped, length }) => {
      const other = one.slice();
      if (flipped < 8 * one.length) other[flipped >> 3]! ^= 0x80 >> (flipped & 7);
      const { routes } = read({
        ...nothing,
        routes: [one, other].map((bytes) => route(formatAddress(bytes), length, hop('pg0', '10.0.0.1'))),
      });
      return routes.length === (flipped < length ? 2 : 1);
    }),
    { numRuns: 2000 },
  );
  t.end();
});
