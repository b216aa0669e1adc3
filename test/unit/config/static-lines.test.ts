/** Lines as ip(8) writes them: addresses, routes and rules. */
import fc from 'fast-check';
import t from 'tap';
import { configurationOf } from '../../helpers/configuration.js';
import { readConfiguration } from '../../../src/config/read.js';
import { says } from './says.js';

const inBlock = (block: string, ...lines: readonly string[]): string => [`${block} {`, ...lines, '}'].join('\n');
const complaints = (block: string, line: string): readonly string[] => says(inBlock(block, line));

const refused: readonly [block: string, line: string, says: readonly string[]][] = [
  [
    'static_ipaddress',
    '10.0.0.300/24',
    ["2:1: '10.0.0.300/24' is no address of static_ipaddress, expected ADDRESS or ADDRESS/LENGTH"],
  ],
  [
    'static_ipaddress',
    '10.0.0.3/33',
    ["2:1: '10.0.0.3/33' is no address of static_ipaddress, expected a prefix length from 0 to 32"],
  ],
  [
    'static_ipaddress',
    '10.0.0.3 dv eth0',
    ["2:10: 'dv' is no word of static_ipaddress; did you mean 'dev'?", "2:13: 'eth0' is no word of static_ipaddress"],
  ],
  [
    'static_ipaddress',
    '10.0.0.3 dev',
    ["2:10: 'dev' lacks a value, expected the name of an interface (at most 15 characters)"],
  ],
  ['static_ipaddress', 'dev eth0', ['2:1: a line of static_ipaddress without an address, expected ADDRESS[/LENGTH]']],
  ['static_ipaddress', '10.0.0.3 dev eth0 dev eth1', ["2:19: 'dev' is given twice, expected it once"]],
  ['static_ipaddress', '10.0.0.3 home', ["2:10: 'home' is for IPv6 addresses, expected no such word"]],
  ['static_ipaddress', '10.0.0.3 use_vmac', ["2:10: 'use_vmac' is no word of static_ipaddress"]],
  ['static_ipaddress', '10.0.0.3 track_group G', ["2:1: 'G' is no track_group of this file"]],
  ['static_routes', 'via 10.0.0.1', ["2:1: a route without a destination, expected '[to] PREFIX' or 'default'"]],
  ['static_routes', '10.1.0.0/16 via 10.0.0', ["2:17: 'via' lacks its gateway, expected an address"]],
  [
    'static_routes',
    '10.1.0.0/16 src fd00::1',
    ["2:1: fd00::1 is not of the route's address family, expected IPv4 addresses"],
  ],
  ['static_routes', '10.1.0.0/16 gw 10.0.0.1', ["2:13: warning: 'gw' is an old word, expected 'via'"]],
  [
    'static_routes',
    '10.1.0.0/16 via 10.0.0.1 or 10.0.0.2',
    ["2:26: warning: 'or' is an old word, expected 'nexthop via ADDRESS nexthop via ADDRESS'"],
  ],
  ['static_routes', '10.1.0.0/16 nexthop 10.0.0.1', ["2:21: a next hop has no destination, expected 'via ADDRESS'"]],
  ['static_routes', '10.1.0.0/16 encap ipip', ["2:19: 'encap' lacks its kind, expected ip, ip6, mpls or ila"]],
  [
    'static_rules',
    'from 10.0.0.0/8 table 1',
    ["2:1: warning: a rule without a preference: the kernel puts it before the others, expected 'preference N'"],
  ],
  [
    'static_rules',
    'from 10.0.0.0/8 to fd00::/8 table 1 order 5',
    ["2:20: fd00:: is not of the rule's address family, expected an IPv4 prefix"],
  ],
  [
    'static_rules',
    'from 10.0.0.0/8 table 1 goto 5 order 5',
    [
      "2:25: 'goto' is a second action of the rule, expected one of table, goto, nop, l3mdev, blackhole, unreachable and prohibit",
    ],
  ],
  [
    'static_rules',
    'from 10.0.0./8 order 5',
    ["2:6: '10.0.0./8' is no value of from, expected ADDRESS or ADDRESS/LENGTH"],
  ],
  ['interface_up_down_delays', 'eth0 300', ["2:6: '300' is no delay, expected a whole number from 0 to 255"]],
  ['interface_up_down_delays', 'eth0', ['2:5: delay is missing, expected a whole number from 0 to 255']],
];

for (const [block, line, expected] of refused)
  t.test(`${block}: ${line}`, (t) => {
    t.strictSame(complaints(block, line), expected);
    t.end();
  });

const statics = (...parts: readonly string[]) => configurationOf(parts.join('\n')).statics;
const { position: _position, ...address } = statics(
  inBlock('static_ipaddress', 'dev eth0 192.0.2.5/24 label eth0:1 brd + scope link preferred_lft 20 no_track'),
).addresses[0]!;

t.test('an address, its words in any order', (t) => {
  t.strictSame(address, {
    address: '192.0.2.5',
    length: 24,
    interface: 'eth0',
    scope: 'link',
    broadcast: '+',
    label: 'eth0:1',
    flags: [],
    preferredSeconds: 20,
    tracked: false,
    ownVmac: false,
  });
  t.match(statics(inBlock('static_ipaddress', '2001:DB8::5 -nodad home')).addresses[0], {
    address: '2001:db8::5',
    length: 128,
    interface: undefined,
    flags: ['home', '-nodad'],
    tracked: true,
  });
  t.end();
});

t.test('routes', (t) => {
  const { routes } = statics(
    inBlock(
      'static_routes',
      'src 10.0.0.5 to 10.1.0.0/16 via inet 10.0.0.1 dev eth0 table 100 metric 7 mtu lock 1400 rtt 20ms tos 0x10 onlink',
      'blackhole 10.9.0.0/24',
      'default nexthop via 10.0.0.1 weight 2 nexthop dev eth1 onlink',
      'default6 via fe80::1 dev eth0 pref high',
      '10.2.0.0/16 encap ip id 5 dst 10.0.0.9 ttl 9 dev tun0',
      '10.3.0.0/16 via 10.0.0.1 or 10.0.0.2',
    ),
  );
  t.match(routes[0], {
    family: 'ip4',
    kind: 'unicast',
    destination: '10.1.0.0/16',
    via: '10.0.0.1',
    interface: 'eth0',
    source: '10.0.0.5',
    table: '100',
    metric: 7,
    tos: 16,
    onlink: true,
    metrics: { mtu: { value: 1400, locked: true }, rtt: { value: 20, locked: false } },
    nextHops: [],
    place: 'prepend',
  });
  t.match(routes[1], { kind: 'blackhole', destination: '10.9.0.0/24' });
  t.match(routes[2], {
    destination: 'default',
    nextHops: [
      { via: '10.0.0.1', weight: 2, onlink: false },
      { interface: 'eth1', onlink: true },
    ],
  });
  t.match(routes[3], { family: 'ip6', destination: 'default', preference: 'high' });
  t.match(routes[4], { encap: { kind: 'ip', options: { id: '5', dst: '10.0.0.9', ttl: '9' } }, interface: 'tun0' });
  t.match(routes[5], { nextHops: [{ via: '10.0.0.1' }, { via: '10.0.0.2' }] });
  t.equal(routes[5]?.via, undefined, 'either, or');
  t.end();
});

t.test('rules', (t) => {
  const { rules } = statics(
    inBlock(
      'static_rules',
      'not from 10.0.0.0/8 to 10.1.0.1 fwmark 0x10/0xf0 iif eth0 lookup 100 order 5 uidrange 1-9 sport 80-90 dport 53',
      'from all blackhole preference 6',
      'inet6 l3mdev preference 7',
      'from default goto 9 priority 8',
    ),
  );
  t.match(rules[0], {
    family: 'ip4',
    preference: 5,
    not: true,
    from: '10.0.0.0/8',
    to: '10.1.0.1',
    fwmark: '0x10/0xf0',
    inInterface: 'eth0',
    uids: { from: 1, to: 9 },
    sourcePorts: { from: 80, to: 90 },
    destinationPorts: { from: 53, to: 53 },
    action: { do: 'lookup', table: '100' },
  });
  t.match(rules[1], { action: { do: 'blackhole' }, preference: 6 });
  t.equal(rules[1]?.from, undefined, 'all is no selector');
  t.match(rules[2], { family: 'ip6', action: { do: 'l3mdev' } });
  t.match(rules[3], { action: { do: 'goto', preference: 9 } });
  t.end();
});

t.test('any words make complaints, never exceptions', (t) => {
  const word = fc.oneof(
    fc.constantFrom(
      ...'to via inet dev eth0 src nexthop weight 3 encap ip mpls id 5 as mtu lock 10.0.0.1 fd00::/8 default or gw from table'.split(
        ' ',
      ),
      ...'not fwmark uidrange 1-2 blackhole goto nop label brd + peer track_group __proto__ constructor'.split(' '),
    ),
    fc.stringMatching(/^[^\s{}"#!$@~]{1,12}$/),
  );
  const line = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '));
  const block = fc.constantFrom('static_ipaddress', 'static_routes', 'static_rules', 'interface_up_down_delays');
  fc.assert(
    fc.property(block, line, (name, text) => {
      const { configuration, diagnostics } = readConfiguration({ file: 'f', text: inBlock(name, text) });
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      return (configuration === undefined) === errors.length > 0 && errors.every(({ position }) => position.line === 2);
    }),
  );
  t.end();
});
