/** Lines of routes and rules as the kernel takes them: what it told after ip(8) did the same is found to be just that. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { Statics } from '../../../src/config/static/statics.js';
import { addOf, entryOf, type Meanings, removeOf } from '../../../src/daemon/vrrp-entries.js';
import { readAddress } from '../../../src/links/address-attrs.js';
import { isRoute, isRule } from '../../../src/links/matches.js';
import { Names } from '../../../src/links/names.js';
import { readRoute } from '../../../src/links/route-attrs.js';
import { readRule } from '../../../src/links/rule-attrs.js';
import { formatAddress } from '../../../src/model/address.js';
import { Growing, memory } from '../../../src/netlink/bytes.js';
import { splitMessages } from '../../../src/netlink/message.js';
import { addressHolding, routeHolding, ruleHolding } from '../../../src/vrrp/holdings.js';
import { configurationOf } from '../../helpers/configuration.js';

const meanings: Meanings = {
  indexOf: (name) =>
    new Map([
      ['lo', 1],
      ['eth1', 2],
      ['eth0', 3],
    ]).get(name),
  vrfTableOf: (name) => (name === 'blue' ? 77 : undefined),
  names: new Names({ table: ['100 hundred\n'], realm: ['3 three\n'] }),
};

const statics = (block: string, lines: readonly string[]): Statics =>
  configurationOf(`static_${block} {\n${lines.join('\n')}\n}`).statics;

/** Payloads of recorded messages. */
function recorded(name: string): Uint8Array[] {
  const text = readFileSync(new URL(`../../../../test/golden/links/${name}.hex`, import.meta.url), 'utf8');
  const bytes = Uint8Array.from(Buffer.from(text.replace(/#.*$/gm, '').replace(/\s/g, ''), 'hex'));
  const all: Uint8Array[] = [];
  splitMessages(memory(bytes), 0, bytes.length, ({ at, end }) => all.push(bytes.slice(at, end)));
  return all;
}

/** The same in the file's words, in the order of the recording. */
const routeLines = [
  'default via 10.77.0.254 dev eth0 metric 50',
  '10.1.0.0/16 via 10.77.0.254 dev eth0 src 10.77.0.50 table hundred mtu lock 1400 rtt 300 rto_min 50 congctl cubic tos 0x10 realms three/4',
  '10.2.0.0/16 dev eth1 scope link table 100 protocol 99 hoplimit 33 quickack 1 features ecn',
  'blackhole 10.4.0.0/16 table 100',
  '10.8.0.0/16 table 100 nexthop via 10.77.0.253 dev eth0 weight 2 nexthop via 10.77.0.252 dev eth1 weight 1 onlink',
  '10.11.0.0/16 via inet6 2001:db8::9 dev eth0 table 100',
  '2001:db8:1::/48 via 2001:db8::254 dev eth0 pref high metric 77 table 100',
  '2001:db8:2::/48 dev eth1 table 100 from 2001:db8:9::/64',
];
const ruleLines = [
  'from 10.77.0.50 table 100 preference 100',
  'to 10.9.0.0/16 from 10.77.0.0/24 lookup 100 preference 101 tos 0x10 iif eth0',
  'not fwmark 0x10/0xf0 table main preference 102 oif eth1',
  'uidrange 100-200 ipproto tcp sport 1000-2000 dport 80 table 100 preference 103 suppress_prefixlength 8',
  'goto 200 preference 104 from 10.200.0.0/16',
  'blackhole preference 105 from 10.201.0.0/16 protocol static',
  'tunnel-id 77 from 10.203.0.0/16 table 100 preference 108 realms 5/6',
  'inet6 from 2001:db8::50 table 100 preference 109',
];

const payload = (write: (to: Growing) => void): Uint8Array => {
  const to = new Growing();
  write(to);
  return to.written().slice();
};

t.test('each line is the route that the kernel tells, and no other', (t) => {
  const seen = recorded('routes').map((bytes) => readRoute(memory(bytes), 0, bytes.length));
  t.equal(seen.length, routeLines.length);
  const { routes } = statics('routes', routeLines);
  t.equal(routes.length, routeLines.length);
  routes.forEach((line, i) => {
    const entry = entryOf(routeHolding(line, undefined), meanings);
    if (entry.is !== 'route') throw new Error(entry.is);
    seen.forEach((route, j) => t.equal(isRoute(entry.message, route), i === j, `${routeLines[i]} and message ${j}`));
    const written = payload(addOf(entry).write);
    const ours = readRoute(memory(written), 0, written.length);
    const told = seen[i]!;
    t.same(
      [ours.protocol, ours.scope, ours.type, ours.tos, ours.attributes.metrics, ours.attributes.flow],
      [told.protocol, told.scope, told.type, told.tos, told.attributes.metrics, told.attributes.flow],
      routeLines[i]!,
    );
    t.same(payload(removeOf(entry).write), written);
  });
  t.end();
});

t.test('each line is the rule that the kernel tells, and no other', (t) => {
  const seen = recorded('rules').map((bytes) => readRule(memory(bytes), 0, bytes.length));
  t.equal(seen.length, ruleLines.length);
  const { rules } = statics('rules', ruleLines);
  rules.forEach((line, i) => {
    const entry = entryOf(ruleHolding(line), meanings);
    if (entry.is !== 'rule') throw new Error(entry.is);
    seen.forEach((rule, j) => t.equal(isRule(entry.message, rule), i === j, `${ruleLines[i]} and message ${j}`));
    const written = payload(addOf(entry).write);
    t.ok(isRule(readRule(memory(written), 0, written.length), seen[i]!), 'read back it is the same');
  });
  t.end();
});

const addressRows: readonly (readonly [line: string, expected: Record<string, unknown>])[] = [
  ['192.0.2.1/24', { prefixLength: 24, flags: 0, scope: 0, address: '192.0.2.1', lifetimes: undefined }],
  ['192.0.2.1', { prefixLength: 32 }],
  ['192.0.2.1/20 brd +', { broadcast: '192.0.15.255' }],
  ['192.0.2.1/20 brd -', { broadcast: '192.0.0.0' }],
  ['192.0.2.1/24 brd 192.0.2.99', { broadcast: '192.0.2.99' }],
  ['192.0.2.1 peer 192.0.2.2/30', { prefixLength: 30, address: '192.0.2.2', local: '192.0.2.1' }],
  ['192.0.2.1 peer 192.0.2.2', { prefixLength: 32, address: '192.0.2.2' }],
  ['192.0.2.1/24 scope host label eth0:1 noprefixroute', { scope: 254, label: 'eth0:1', flags: 0x200 }],
  ['192.0.2.1/24 scope 200 autojoin', { scope: 200, flags: 0x400 }],
  ['192.0.2.1/24 preferred_lft 60', { lifetimes: { preferred: 60, valid: 0xffff_ffff } }],
  ['2001:db8::1/64', { flags: 0x02, lifetimes: undefined }],
  ['2001:db8::1/64 -nodad', { flags: 0 }],
  ['2001:db8::1/64 home mngtmpaddr', { flags: 0x112 }],
  ['2001:db8::1', { prefixLength: 128, flags: 0x02, lifetimes: { preferred: 0, valid: 0xffff_ffff } }],
  ['2001:db8::1 preferred_lft forever', { prefixLength: 128, lifetimes: undefined }],
];

for (const [line, expected] of addressRows)
  t.test(`an address: ${line}`, (t) => {
    const [read] = statics('ipaddress', [`${line} dev eth0`]).addresses;
    const [holding] = addressHolding(read!, 'eth0');
    const bytes = payload(addOf(entryOf(holding!, meanings)).write);
    const { attributes, ...header } = readAddress(memory(bytes), 0, bytes.length);
    const { local, address, broadcast, label, lifetimes, protocol } = attributes;
    const text = (part: Uint8Array | undefined) => part && formatAddress(part);
    const said: Record<string, unknown> = {
      ...header,
      label,
      lifetimes,
      local: text(local),
      address: text(address),
      broadcast: text(broadcast),
    };
    for (const [name, value] of Object.entries(expected)) t.same(said[name], value, name);
    t.equal(header.index, 3);
    t.equal(protocol, 18, 'it says who made it');
    t.end();
  });

const wrong: readonly (readonly [block: string, line: string, code: string, words: RegExp])[] = [
  ['routes', '10.0.0.0/8 dev nosuch0', 'LINK_MISSING', /nosuch0/],
  ['routes', '10.0.0.0/8 dev eth0 table nosuch', 'LINK_REFUSED', /no table is named nosuch/],
  ['routes', '10.0.0.0/8 dev eth0 realms nosuch', 'LINK_REFUSED', /no realm is named nosuch/],
  ['routes', '10.0.0.0/8 dev eth0 vrf green', 'LINK_REFUSED', /green is no VRF/],
  ['routes', '10.0.0.0/8 nexthop via 10.0.0.1 dev nosuch0', 'LINK_MISSING', /nosuch0/],
  ['rules', 'table nosuch preference 1', 'LINK_REFUSED', /no table is named nosuch/],
  ['rules', 'ipproto nosuch table 1 preference 1', 'LINK_REFUSED', /no IP protocol is named nosuch/],
];
for (const [block, line, code, message] of wrong)
  t.test(`refused: ${line}`, (t) => {
    const { routes, rules } = statics(block, [line]);
    const [holding] = [...routes.map((one) => routeHolding(one, undefined)), ...rules.map(ruleHolding)];
    t.throws(() => entryOf(holding!, meanings), { code, message });
    t.end();
  });

t.test('what cannot be tried on every kernel: VRFs and headers in front', (t) => {
  const of = (line: string) => {
    const [route] = statics('routes', [line]).routes;
    const entry = entryOf(routeHolding(route!, undefined), meanings);
    return entry.message.attributes as { table?: number; encapsulation?: number; encapsulationData?: Uint8Array };
  };
  const hex = (line: string) => Buffer.from(of(line).encapsulationData!).toString('hex');
  t.equal(of('10.0.0.0/8 dev eth0 vrf blue').table, 77);
  // LWTUNNEL_IP_ID (be64), LWTUNNEL_IP_DST, LWTUNNEL_IP_TTL
  t.equal(of('10.0.0.0/8 encap ip id 5 dst 192.0.2.9 ttl 9 dev eth0').encapsulation, 2);
  t.equal(
    hex('10.0.0.0/8 encap ip id 5 dst 192.0.2.9 ttl 9 dev eth0'),
    '0c000100' + '0000000000000005' + '08000200' + 'c0000209' + '05000400' + '09000000',
  );
  t.equal(of('10.0.0.0/8 encap mpls 100/200 via 10.0.0.1').encapsulation, 1);
  t.equal(
    hex('10.0.0.0/8 encap mpls 100/200 via 10.0.0.1'),
    '0c000100' + '00064000' + '000c8100',
    'RFC 3032: the last one says so',
  );
  t.equal(hex('2001:db8::/32 encap ila 2001:db8:0:1 dev eth0'), '0c000100' + '20010db800000001');
  t.end();
});
