import t from 'tap';
import { Input } from '../../../src/lb/vpp/input.js';
import { emptyDraft, type NetworkDraft, networkOf } from '../../../src/replay/network-draft.js';
import { readTopology } from '../../../src/replay/topology.js';
import { applyTopologyLine, portName } from '../../../src/replay/vpp-topology.js';

const example = {
  interfaces: [
    { name: 'pg0', mac: '02:fe:00:00:00:01', mtu: 1500, addresses: ['172.16.1.1/24'] },
    { name: 'pg1', mac: '02:FE:00:00:00:02', mtu: 1500, addresses: ['172.16.2.1/24', 'fd01:2::1/64'] },
  ],
  routes: [{ to: '10.0.0.0/24', via: '172.16.2.2', dev: 'pg1' }],
  neighbours: [{ ip: '172.16.2.2', mac: '02:02:00:00:ff:02', dev: 'pg1' }],
};

const draftOf = (topology: unknown): NetworkDraft => {
  const draft = readTopology(JSON.stringify(topology));
  if ('wrong' in draft) throw new Error(draft.wrong);
  return draft;
};

const script = [
  'create packet-generator interface pg0',
  'create packet-generator interface pg1',
  'set interface mac address pg0 02:fe:00:00:00:01',
  'set interface mac address pg1 02:fe:00:00:00:02',
  'set interface ip address pg0 172.16.1.1/24',
  'set interface ip address pg1 172.16.2.1/24',
  'set interface ip address pg1 fd01:2::1/64',
  'set interface state pg0 up',
  'set interface state pg1 up',
  'set ip neighbor pg1 172.16.2.2 02:02:00:00:ff:02',
  'set interface mtu packet 1500 pg0',
  'set interface mtu packet 1500 pg1',
  'ip6 nd pg0 ra-suppress',
  'ip route add 10.0.0.0/24 via 172.16.2.2 pg1',
];

/** What a script makes, or the complaint of its first wrong line. */
function typed(lines: readonly string[]): NetworkDraft | string {
  let draft = emptyDraft;
  for (const line of lines) {
    const next = applyTopologyLine(draft, new Input(line));
    if (next === undefined) return `'${line}' is not about the network`;
    if (typeof next === 'string') return next;
    draft = next;
  }
  return draft;
}

t.test('T.json and a VPP script say the same', (t) => {
  t.strictSame(typed(script), draftOf(example));
  t.end();
});

t.test('addresses bring the routes to their networks along', (t) => {
  t.strictSame(
    networkOf(draftOf(example)).routes.map(({ prefix, prefixLength, nextHops }) => [
      `${prefix}/${prefixLength}`,
      nextHops[0]?.port,
      nextHops[0]?.gateway,
    ]),
    [
      ['172.16.1.0/24', 'pg0', undefined],
      ['172.16.2.0/24', 'pg1', undefined],
      ['fd01:2::/64', 'pg1', undefined],
      ['10.0.0.0/24', 'pg1', '172.16.2.2'],
    ],
  );
  t.end();
});

t.test('default routes, host routes, a gateway that says its interface, on-link', (t) => {
  const { routes } = draftOf({
    ...example,
    routes: [
      { to: 'default', via: '172.16.1.2' },
      { to: '10.9.9.9', dev: 'pg1', mtu: 1400 },
      { to: 'default', via: 'fd01:2::2' },
    ],
  });
  t.strictSame(routes, [
    { prefix: '0.0.0.0', prefixLength: 0, nextHops: [{ port: 'pg0', weight: 1, vlans: [], gateway: '172.16.1.2' }] },
    { prefix: '10.9.9.9', prefixLength: 32, nextHops: [{ port: 'pg1', weight: 1, vlans: [], mtu: 1400 }] },
    { prefix: '::', prefixLength: 0, nextHops: [{ port: 'pg1', weight: 1, vlans: [], gateway: 'fd01:2::2' }] },
  ]);
  t.end();
});

const [pg0, pg1] = example.interfaces;
const wrongs: readonly (readonly [unknown, string])[] = [
  [{}, 'interfaces: expected at least one interface, found nothing'],
  [[], 'topology: expected an object, found []'],
  [{ ...example, route: [] }, 'route: not known here; known are interfaces, routes, neighbours'],
  [
    { interfaces: [{ ...pg0, macs: 1 }] },
    'interfaces[0].macs: not known here; known are name, mac, mtu, addresses, up',
  ],
  [
    { interfaces: [{ ...pg0, name: 'a name' }] },
    'interfaces[0].name: expected a name of 1 to 15 characters without blanks and slashes, found "a name"',
  ],
  [
    { interfaces: [{ ...pg0, name: '..' }] },
    'interfaces[0].name: expected a name of 1 to 15 characters without blanks and slashes, found ".."',
  ],
  [{ interfaces: [pg0, pg0] }, 'interfaces[1].name: expected a name of its own, found "pg0"'],
  [
    { interfaces: [{ name: 'pg0' }] },
    'interfaces[0].mac: expected a MAC address such as 02:fe:00:00:00:01, found nothing',
  ],
  [{ interfaces: [{ ...pg0, mtu: 70_000 }] }, 'interfaces[0].mtu: expected a number from 68 to 65535, found 70000'],
  [
    { interfaces: [{ ...pg0, addresses: ['1.2.3.4'] }] },
    'interfaces[0].addresses[0]: expected an address with its prefix length such as 172.16.1.1/24, found "1.2.3.4"',
  ],
  [
    { interfaces: [pg0], routes: [{ to: '10.0.0.0/33', dev: 'pg0' }] },
    'routes[0].to: expected a network such as 10.0.0.0/24, an address, or \'default\', found "10.0.0.0/33"',
  ],
  [
    { interfaces: [pg0], routes: [{ to: '10.0.0.0/8', dev: 'pg9' }] },
    'routes[0].dev: expected the name of an interface (pg0), found "pg9"',
  ],
  [
    { interfaces: [pg0], routes: [{ to: '10.0.0.0/8', via: '1.1.1.1' }] },
    'routes[0].dev: expected the interface that 1.1.1.1 is reached by, found nothing',
  ],
  [
    { interfaces: [pg0], routes: [{ to: '10.0.0.0/8', via: 'fd01::1', dev: 'pg0' }] },
    'routes[0].via: expected an address of the family of 10.0.0.0, found "fd01::1"',
  ],
  [
    { interfaces: [pg1], neighbours: [{ ip: 'x', mac: '02:02:00:00:ff:02', dev: 'pg1' }] },
    'neighbours[0].ip: expected an IP address, found "x"',
  ],
  [
    { interfaces: [pg1], neighbours: [{ ip: '1.2.3.4', dev: 'pg1' }] },
    'neighbours[0].mac: expected a MAC address such as 02:fe:00:00:00:01, found nothing',
  ],
];
for (const [topology, wrong] of wrongs)
  t.test(wrong, (t) => {
    t.strictSame(readTopology(JSON.stringify(topology)), { wrong });
    t.end();
  });

t.test('no JSON', (t) => {
  t.match(readTopology('{'), { wrong: /^it is no JSON: / });
  t.end();
});

t.test('wrong lines of a script', (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['create packet-generator interface pg0', 'there is an interface pg0 already'],
    ['set interface mac address pg9 02:fe:00:00:00:01', "there is no interface 'pg9'"],
    ['set interface mac address pg0 02:fe', "'02:fe' is no MAC address"],
    ['set interface mtu packet 12 pg0', "'12' is no MTU (68 to 65535)"],
    ['set interface state pg0 sideways', "up or down, not 'sideways'"],
    ['set ip neighbor pg0 x 02:fe:00:00:00:01', "'x' is no IP address"],
    ['ip route add 10.0.0.0 via 1.2.3.4', "'10.0.0.0' is no network"],
    ['ip route add 11.0.0.0/8 via 1.2.3.4', "1.2.3.4 is in none of the interfaces' networks"],
    ['ip route add 11.0.0.0/8 via 172.16.2.2 pg1 weight 5', "'weight 5' is too much"],
    ['ip route del 11.0.0.0/8', 'there is no route to 11.0.0.0/8'],
  ];
  for (const [line, why] of rows) t.equal(typed([...script, line]), why, line);
  t.equal(applyTopologyLine(emptyDraft, new Input('lb vip 1.2.3.4/32')), undefined, 'not about the network');
  t.end();
});

t.test("a VPP site's devices, which nobody creates", (t) => {
  t.equal(portName('GigabitEthernet3/0/0'), 'GE3_0_0');
  t.equal(portName('pg0'), 'pg0');
  const draft = typed([
    'set interface state GigabitEthernet3/0/0 up',
    'set interface ip address GigabitEthernet3/0/0 10.1.0.1/24',
    'ip route add 0.0.0.0/0 via 10.1.0.2 GigabitEthernet3/0/0',
  ]);
  t.match(draft, { ports: [{ name: 'GE3_0_0', up: true, mtu: 9000 }], routes: [{ nextHops: [{ port: 'GE3_0_0' }] }] });
  t.end();
});

t.test('two lines for one network are two ways', (t) => {
  t.match(typed([...script, 'ip route add 10.0.0.0/24 via 172.16.1.2']), {
    routes: [{ nextHops: [{ gateway: '172.16.2.2' }, { gateway: '172.16.1.2', port: 'pg0' }] }],
  });
  t.end();
});
