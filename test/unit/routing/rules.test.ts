import * as fc from 'fast-check';
import t from 'tap';
import type { Link, RoutedPrefix } from '../../../src/links/rows.js';
import { neighbourState, routeTable, routeType } from '../../../src/links/uapi.js';
import { formatAddress } from '../../../src/model/address.js';
import { defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import { defaultServiceSettings } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { choosePorts } from '../../../src/routing/choose-ports.js';
import { effectiveRoutes, type NetworkFacts } from '../../../src/routing/facts.js';
import { devicesOf, networkOf } from '../../../src/routing/network-of.js';
import { askingInterface, nextHopsInUse } from '../../../src/routing/next-hops.js';
import { MOST_PORTS, PortSlots } from '../../../src/routing/port-slots.js';
import { PrefixIndex } from '../../../src/routing/prefix-index.js';

const link = (index: number, name: string, more: Partial<Link> = {}): Link => ({
  index,
  name,
  kind: '',
  up: true,
  running: true,
  loopback: false,
  resolvesNeighbours: true,
  mtu: 1500,
  macAddress: `02:00:00:00:00:0${index}`,
  ...more,
});
const address = (index: number, text: string) => {
  const [address = '', length = '32'] = text.split('/');
  return {
    index,
    address,
    prefixLength: Number(length),
    scope: 'global',
    nodad: false,
    noPrefixRoute: false,
    tentative: false,
    dadFailed: false,
  } as const;
};
const route = (to: string, ways: RoutedPrefix['ways'], more: Partial<RoutedPrefix> = {}): RoutedPrefix => {
  const [prefix = '', length = '0'] = to.split('/');
  return {
    prefix,
    prefixLength: Number(length),
    table: routeTable.main,
    priority: 0,
    type: routeType.unicast,
    ways,
    ...more,
  };
};
const via = (index: number, gateway?: string, weight = 1) => ({
  index,
  weight,
  ...(gateway === undefined ? {} : { gateway }),
});

/** eth0 to clients; eth1 to servers, with VLANs 10 and, in it, 20 above it; br0 over eth2; dum0. */
const facts: NetworkFacts = {
  links: [
    link(1, 'lo', { loopback: true, macAddress: '00:00:00:00:00:00', resolvesNeighbours: false }),
    link(2, 'eth0'),
    link(3, 'eth1', { mtu: 9000 }),
    link(4, 'eth1.10', { kind: 'vlan', vlan: { parent: 3, type: 'dot1ad', id: 10 }, mtu: 9000 }),
    link(5, 'eth1.10.20', { kind: 'vlan', vlan: { parent: 4, type: 'dot1q', id: 20 }, mtu: 1496 }),
    link(6, 'br0', { kind: 'bridge' }),
    link(7, 'eth2', { master: 6 }),
    link(8, 'dum0', { kind: 'dummy', resolvesNeighbours: false }),
    link(9, 'tun0', { kind: 'tun', macAddress: '' }),
  ],
  addresses: [
    address(2, '192.0.2.10/24'),
    address(5, '10.20.0.1/24'),
    address(2, '198.51.100.1/32'),
    address(1, '127.0.0.1/8'),
  ],
  routes: [
    route('0.0.0.0/0', [via(2, '192.0.2.1')]),
    route('192.0.2.0/24', [via(2)]),
    route('10.1.0.0/16', [via(3, '10.9.0.1', 3), via(8, '10.9.0.2'), via(4, '10.9.1.1')], { mtu: 1400 }),
    route('10.20.0.0/24', [via(5)]),
    route('10.66.0.0/16', [], { type: routeType.blackhole }),
    route('10.77.0.0/16', [via(8)]),
    route('192.0.2.10/32', [via(2)], { table: routeTable.local, type: routeType.local }),
    route('192.0.2.255/32', [via(2)], { table: routeTable.local, type: routeType.broadcast }),
    route('172.16.0.0/12', [via(3, '10.9.0.9')], { table: routeTable.default }),
  ],
  neighbours: [
    { index: 2, address: '192.0.2.1', macAddress: '02:aa:00:00:00:01', state: neighbourState.stale },
    { index: 5, address: '10.20.0.7', macAddress: '02:aa:00:00:00:07', state: neighbourState.reachable },
    { index: 5, address: '10.20.0.8', macAddress: '', state: neighbourState.failed },
    { index: 5, address: '10.20.0.9', macAddress: '', state: neighbourState.incomplete },
    { index: 2, address: '224.0.0.22', macAddress: '01:00:5e:00:00:16', state: neighbourState.noArp },
    { index: 8, address: '10.77.0.1', macAddress: '02:aa:00:00:00:09', state: neighbourState.permanent },
  ],
};

function tableOf(vip: string, servers: readonly string[], interfaces: readonly string[] = []): Table {
  const key = { by: 'address', protocol: 'tcp', address: vip, port: 80 } as const;
  const settings = { ...defaultServiceSettings('ip4'), engine: { ...defaultEngineSettings, interfaces } };
  const destinations = new Map(
    servers.map((one) => [one, { key: { address: one, port: 80 }, settings: defaultDestinationSettings }]),
  );
  return new Map([[vip, { key, settings, destinations }]]);
}

t.test('routes lead to ports with the tags of what lies between', (t) => {
  const network = networkOf(facts, ['eth0', 'eth1']);
  const at = (prefix: string) => network.routes.find((one) => one.prefix === prefix);
  t.same(at('0.0.0.0')!.nextHops, [{ port: 'eth0', weight: 1, vlans: [], gateway: '192.0.2.1' }]);
  t.same(
    at('10.1.0.0')!.nextHops,
    [
      { port: 'eth1', weight: 3, vlans: [], gateway: '10.9.0.1', mtu: 1400 },
      { port: 'eth1', weight: 1, vlans: [{ type: 'dot1ad', id: 10 }], gateway: '10.9.1.1', mtu: 1400 },
    ],
    'the way through a device that is no port is left out',
  );
  const tags = [
    { type: 'dot1ad', id: 10 },
    { type: 'dot1q', id: 20 },
  ];
  t.same(at('10.20.0.0')!.nextHops, [{ port: 'eth1', weight: 1, vlans: tags, mtu: 1496 }], 'outermost first');
  for (const prefix of ['10.66.0.0', '10.77.0.0', '192.0.2.10']) t.same(at(prefix)!.nextHops, [], prefix);
  t.equal(at('192.0.2.255'), undefined);
  t.same(at('172.16.0.0'), undefined, 'table default is not asked where main has a default route');
  t.end();
});

t.test('ports, addresses and neighbours', (t) => {
  const network = networkOf(facts, ['eth0', '', 'eth1', 'gone']);
  t.same(
    network.ports.map(({ name, up, mtu, ifindex }) => [name, up, mtu, ifindex]),
    [
      ['eth0', true, 1500, 2],
      ['', false, 1500, 0],
      ['eth1', true, 9000, 3],
      ['gone', false, 1500, 0],
    ],
  );
  t.same(
    network.addresses.map((one) => [one.address, one.interface]),
    [
      ['192.0.2.10', 'eth0'],
      ['10.20.0.1', 'eth1'],
      ['198.51.100.1', 'eth0'],
      ['127.0.0.1', 'lo'],
    ],
  );
  t.same(
    network.neighbours.map((one) => [one.address, one.port, one.mac, one.vlans.length]),
    [
      ['192.0.2.1', 'eth0', '02:aa:00:00:00:01', 0],
      ['10.20.0.7', 'eth1', '02:aa:00:00:00:07', 2],
      ['10.20.0.8', 'eth1', undefined, 2],
    ],
  );
  const down = networkOf({ ...facts, links: facts.links.map((one) => ({ ...one, running: one.name !== 'eth0' })) }, [
    'eth0',
  ]);
  t.equal(down.ports[0]!.up, false, 'no carrier');
  t.end();
});

t.test('a VLAN interface may be a port itself; three tags are too many; a loop ends', (t) => {
  const own = devicesOf(facts.links, ['eth1.10']);
  t.same(own.get(4), { port: 'eth1.10', vlans: [], mtu: 9000 });
  t.same(own.get(5)!.vlans, [{ type: 'dot1q', id: 20 }]);
  t.equal(own.get(3), undefined);
  const third = link(10, 'deep', { vlan: { parent: 5, type: 'dot1q', id: 30 } });
  t.equal(devicesOf([...facts.links, third], ['eth1']).get(10), undefined);
  t.equal(devicesOf([link(1, 'a', { vlan: { parent: 1, type: 'dot1q', id: 1 } })], ['b']).size, 0);
  t.end();
});

t.test('tables in the kernel’s order, metrics within one', (t) => {
  const routes = effectiveRoutes([
    route('10.0.0.0/8', [via(1)], { priority: 100 }),
    route('10.0.0.0/8', [via(2)], { priority: 50 }),
    route('10.0.0.0/8', [via(3)], { priority: 50 }),
    route('10.1.0.0/16', [via(4)], { table: routeTable.default }),
    route('11.0.0.0/8', [via(5)], { table: routeTable.default }),
    route('11.0.0.0/8', [], { type: routeType.throw }),
    route('10.2.0.0/16', [via(6)], { table: 77 }),
    route('10.3.0.0/16', [via(7)], { table: routeTable.local }),
    route('10.3.1.0/24', [via(8)]),
  ]);
  const index = (to: string) => routes.find(to)?.ways[0]?.index;
  t.same(['10.0.0.1', '10.1.0.1', '11.0.0.1', '10.2.0.1', '10.3.1.1', '12.0.0.1'].map(index), [
    2,
    2,
    5,
    2,
    7,
    undefined,
  ]);
  t.end();
});

t.test('the index finds what a walk over all prefixes finds', (t) => {
  const bits = fc.constantFrom(0, 1, 7, 8, 9, 15, 16, 24, 31, 32);
  const four = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => bytes.map((byte) => byte & 0x81));
  const entry = fc.tuple(four, bits);
  const inPrefix = (prefix: Uint8Array, length: number, to: Uint8Array): boolean => {
    for (let i = 0; i < length; i++) {
      const bit = (bytes: Uint8Array): number => (bytes[i >> 3]! >> (7 - (i & 7))) & 1;
      if (bit(prefix) !== bit(to)) return false;
    }
    return true;
  };
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), four, (entries, to) => {
      const index = new PrefixIndex<number>();
      for (const [prefix, length] of entries) index.set(formatAddress(prefix), length, length);
      const longest = entries.filter(([prefix, length]) => inPrefix(prefix, length, to)).map(([, length]) => length);
      t.equal(index.find(formatAddress(to)), longest.length === 0 ? undefined : Math.max(...longest));
      const short = longest.filter((length) => length <= 16);
      t.equal(index.find(formatAddress(to), 16), short.length === 0 ? undefined : Math.max(...short));
    }),
    { numRuns: 300 },
  );
  const six = new PrefixIndex<string>();
  six.set('2001:db8::', 32, 'net');
  six.set('::', 0, 'all');
  t.same([six.find('2001:db8::1'), six.find('2001:db9::1'), six.find('10.0.0.1')], ['net', 'all', undefined]);
  t.end();
});

t.test('next hops: gateways behind ports, and servers on a link', (t) => {
  const routes = effectiveRoutes(facts.routes);
  const devices = devicesOf(facts.links, ['eth0', 'eth1']);
  const hops = nextHopsInUse(
    routes,
    devices,
    tableOf('198.51.100.1', ['10.20.0.7', '10.1.0.1', '10.77.0.1', '10.66.0.1']),
  );
  t.same(hops.map(({ index, address }) => `${index} ${address}`).sort(), [
    '2 192.0.2.1',
    '3 10.9.0.1',
    '4 10.9.1.1',
    '5 10.20.0.7',
  ]);
  const ask = (to: string, port: string) => askingInterface(facts, routes, devices, to, port);
  t.equal(ask('10.20.0.9', 'eth1'), 5, 'on the VLAN that leads to it');
  t.equal(ask('10.9.1.1', 'eth1'), 4, 'a gateway that no on-link route has');
  t.equal(ask('192.0.2.77', 'eth0'), 2);
  t.equal(ask('203.0.113.9', 'eth1'), 3, 'nobody knows: on the port itself');
  t.equal(ask('10.20.0.9', 'nope'), undefined);
  t.end();
});

t.test('ports are what leads to clients and servers', (t) => {
  const vip = '203.0.113.1';
  t.same(choosePorts(facts, tableOf(vip, [])), ['eth0', 'eth1'], 'networks of ours; a VLAN is its port');
  const bare = { ...facts, addresses: [] };
  t.same(choosePorts(bare, tableOf(vip, [])), ['eth0'], 'the default route');
  t.same(choosePorts(bare, tableOf(vip, ['10.20.0.7'])), ['eth0', 'eth1'], 'a server on a VLAN');
  t.same(choosePorts(bare, tableOf(vip, ['10.77.0.1', '127.0.0.2', '10.66.0.1'])), ['eth0'], 'dummy and lo are none');
  t.same(
    choosePorts(bare, tableOf(vip, [], ['br0', 'eth2', 'tun0'])),
    ['eth0', 'br0'],
    'not what a bridge has, nor a tun',
  );
  const linkLocal = { ...bare, addresses: [{ ...address(3, 'fe80::1/64'), scope: 'link' as const }] };
  t.same(choosePorts(linkLocal, tableOf(vip, [])), ['eth0'], 'everything has a link-local address');
  const down = { ...bare, links: facts.links.map((one) => ({ ...one, up: one.name !== 'eth0' })) };
  t.same(choosePorts(down, tableOf(vip, [])), []);
  t.end();
});

t.test('a port keeps its index, and a free one is given to the next', (t) => {
  const slots = new PortSlots();
  slots.take([
    { index: 2, name: 'c' },
    { index: 0, name: 'a' },
  ]);
  t.same(slots.names, ['a', '', 'c']);
  t.same(slots.assign(['c', 'd', 'e']), []);
  t.same(slots.names, ['d', 'e', 'c']);
  slots.assign([]);
  t.same(slots.names, ['', '', '']);
  const many = Array.from({ length: MOST_PORTS + 2 }, (_, i) => `p${i}`);
  t.same(slots.assign(many), [`p${MOST_PORTS}`, `p${MOST_PORTS + 1}`]);
  t.end();
});
