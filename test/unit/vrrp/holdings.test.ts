/** What a master must have, and how it comes to it. */
import t from 'tap';
import type { VrrpInstance } from '../../../src/config/vrrp/vrrp.js';
import { type Holding, holdingsOf, keyOf, type Places, planOf, textOf } from '../../../src/vrrp/holdings.js';
import { linkLocalOf, OwnNames, ownLinksOf, ownName, sysctlsBelow, sysctlsOfOwn } from '../../../src/vrrp/own-links.js';
import { configurationOf } from '../../helpers/configuration.js';

const configured = (lines: string, globals = '') =>
  configurationOf(
    `global_defs {\n${globals}\n}\nvrrp_instance V1 {\ninterface eth0\nvirtual_router_id 51\n${lines}\n}\n`,
  );
const instanceOf = (lines: string): VrrpInstance => configured(lines).vrrp.instances[0]!;
const plain: Places = { base: 'eth0', own: undefined, ownAbove: () => undefined };
const withOwn: Places = {
  base: 'eth0',
  own: 'vrrp.51',
  ownAbove: (name) => (name === 'eth1' ? 'vrrp1.51' : undefined),
};
const texts = (holdings: readonly Holding[]): readonly string[] => holdings.map(textOf);

const everything = `
virtual_ipaddress {
  10.0.0.1/24
  10.0.0.2/24 dev eth1
  10.0.0.3/24 dev eth0 no_track
  10.0.0.4/24 dev eth2
}
virtual_ipaddress_excluded {
  2001:db8::1/64
}
virtual_routes {
  10.1.0.0/16 via 10.0.0.9
  10.2.0.0/16
  blackhole 10.3.0.0/16 table 7
  10.4.0.0/16 dev eth1 no_track
}
virtual_rules {
  from 10.0.0.1 table 7 preference 5
}`;

t.test('in order: addresses, excluded ones, routes, rules; each where it belongs', (t) => {
  t.same(texts(holdingsOf(instanceOf(everything), plain)), [
    '10.0.0.1/24 on eth0',
    '10.0.0.2/24 on eth1',
    '10.0.0.3/24 on eth0',
    '10.0.0.4/24 on eth2',
    '2001:db8::1/64 on eth0',
    'route 10.1.0.0/16 by 10.0.0.9',
    'route 10.2.0.0/16 by eth0',
    'route 10.3.0.0/16 in table 7',
    'route 10.4.0.0/16 by eth1',
    'rule 5 from 10.0.0.1',
  ]);
  const own = holdingsOf(instanceOf(everything), withOwn);
  t.same(texts(own).slice(0, 5), [
    '10.0.0.1/24 on vrrp.51',
    '10.0.0.2/24 on vrrp1.51',
    '10.0.0.3/24 on eth0',
    '10.0.0.4/24 on eth2',
    '2001:db8::1/64 on vrrp.51',
  ]);
  t.same(
    own.filter(({ watched }) => !watched).map(textOf),
    ['10.0.0.3/24 on eth0', 'route 10.4.0.0/16 by eth1'],
    'no_track',
  );
  t.end();
});

const rows: readonly (readonly [what: string, held: string, desired: string, removed: readonly string[]])[] = [
  ['nothing was held', '', '10.0.0.1/24\n10.0.0.2/24', []],
  ['the same', '10.0.0.1/24', '10.0.0.1/24', []],
  [
    'another line of the file, and whether it is watched, are no difference',
    '10.0.0.1/24',
    '\n10.0.0.1/24 no_track',
    [],
  ],
  ['one goes', '10.0.0.1/24\n10.0.0.2/24\n10.0.0.3/24', '10.0.0.2/24', ['10.0.0.3/24 on eth0', '10.0.0.1/24 on eth0']],
  ['another length is another address', '10.0.0.1/24', '10.0.0.1/25', ['10.0.0.1/24 on eth0']],
  ['another interface', '10.0.0.1/24', '10.0.0.1/24 dev eth1', ['10.0.0.1/24 on eth0']],
  ['another label', '10.0.0.1/24 label a', '10.0.0.1/24 label b', ['10.0.0.1/24 on eth0']],
];
for (const [what, before, after, removed] of rows)
  t.test(`plan: ${what}`, (t) => {
    const of = (lines: string) =>
      lines === '' ? [] : holdingsOf(instanceOf(`virtual_ipaddress {\n${lines}\n}`), plain);
    const { remove, add } = planOf(of(after), of(before));
    t.same(texts(remove), removed);
    t.same(texts(add), texts(of(after)), 'all that is desired is asked for');
    t.same(texts(planOf(of(after), of(after)).remove), []);
    t.end();
  });

t.test('what is written twice is one thing', (t) => {
  const holdings = holdingsOf(
    instanceOf(
      'virtual_ipaddress {\n10.0.0.1/24\n}\nvirtual_rules {\nfrom 10.0.0.1 table 7 preference 5\nfrom 10.0.0.1 preference 5 table 7\n}',
    ),
    plain,
  );
  t.equal(holdings.length, 3);
  t.equal(planOf(holdings, []).add.length, 2);
  t.equal(keyOf(holdings[1]!), keyOf(holdings[2]!));
  t.end();
});

t.test('interfaces of one’s own', (t) => {
  const own = (lines: string, globals = '', names = new OwnNames()) => {
    const { vrrp, globals: read } = configured(lines, globals);
    return ownLinksOf(vrrp.instances[0]!, read.vrrp, names);
  };
  const vips = 'virtual_ipaddress {\n10.0.0.1/24\n}';
  t.same(own(vips), []);
  t.same(own(`use_vmac\n${vips}`), [
    {
      name: 'vrrp.51',
      kind: 'macvlan',
      mode: 'private',
      mac: Uint8Array.of(0, 0, 0x5e, 0, 1, 51),
      parent: 'eth0',
      speaksIp6: false,
      hasIp6: false,
      address: undefined,
      group: undefined,
    },
  ]);
  t.match(own('use_vmac\nvirtual_ipaddress {\nfe80::1/64\n}'), [
    { name: 'vrrp6.51', mac: Uint8Array.of(0, 0, 0x5e, 0, 2, 51), speaksIp6: true, hasIp6: true },
  ]);
  t.match(own('use_vmac\nvmac_xmit_base\nvirtual_ipaddress {\nfe80::1/64\n}'), [{ speaksIp6: false, hasIp6: true }]);
  t.match(own(`use_vmac\n${vips}\nvirtual_ipaddress_excluded {\n2001:db8::1\n}`), [{ hasIp6: true, speaksIp6: false }]);
  t.match(own(`use_vmac\n${vips}\nvirtual_ipaddress_excluded {\n2001:db8::1 dev eth1\n}`), [{ hasIp6: false }]);
  t.match(own(`use_vmac\n${vips}`, 'vmac_prefix lb'), [{ name: 'lb.51' }]);
  t.match(own(`use_ipvlan ipv 10.0.0.9/24\n${vips}`), [
    { name: 'ipv', kind: 'ipvlan', mode: 'bridge', mac: undefined, address: '10.0.0.9/24' },
  ]);
  t.match(
    own('use_vmac\nuse_vmac_addr\nvirtual_ipaddress {\n10.0.0.1/24\n10.1.0.1/24 dev eth1\n10.1.0.2/24 dev eth1\n}'),
    [
      { name: 'vrrp.51', parent: 'eth0' },
      { name: 'vrrp1.51', parent: 'eth1', mac: Uint8Array.of(0, 0, 0x5e, 0, 1, 51), kind: 'macvlan' },
    ],
  );
  t.end();
});

t.test('no two have one name, and each keeps its own', (t) => {
  const names = new OwnNames();
  const [one, other] = [
    instanceOf('use_vmac\nvirtual_ipaddress {\n10.0.0.1\n}'),
    instanceOf('use_vmac\nvirtual_ipaddress {\n10.0.0.2\n}'),
  ];
  const { vrrp } = configured('virtual_ipaddress {\n10.0.0.1\n}').globals;
  t.equal(ownName({ ...one, name: 'A' }, vrrp, names), 'vrrp.51');
  t.equal(ownName({ ...other, name: 'B' }, vrrp, names), 'vrrp1.51');
  t.equal(ownName({ ...one, name: 'A' }, vrrp, names), 'vrrp.51');
  names.forget('A');
  t.equal(ownName({ ...one, name: 'C' }, vrrp, names), 'vrrp.51');
  const all = Array.from({ length: 8 }, (_, i) => ownName({ ...one, name: `X${i}` }, vrrp, names));
  t.equal(new Set(all).size, 8);
  t.notOk(all.includes('vrrp6.51'), 'that is how an IPv6 one is called');
  t.end();
});

t.test('sysctls of section 10', (t) => {
  const [link] = ownLinksOf(
    instanceOf('use_vmac\nvirtual_ipaddress {\n10.0.0.1\n}'),
    configured('virtual_ipaddress {\n10.0.0.1\n}').globals.vrrp,
    new OwnNames(),
  );
  t.same(Object.fromEntries(sysctlsOfOwn(link!)), {
    'net/ipv4/conf/vrrp.51/arp_ignore': '1',
    'net/ipv4/conf/vrrp.51/accept_local': '1',
    'net/ipv4/conf/vrrp.51/rp_filter': '0',
    'net/ipv4/conf/vrrp.51/promote_secondaries': '1',
    'net/ipv6/conf/vrrp.51/disable_ipv6': '1',
  });
  t.same(Object.fromEntries(sysctlsBelow(link!)), {
    'net/ipv4/conf/eth0/arp_ignore': '1',
    'net/ipv4/conf/eth0/arp_filter': '1',
    'net/ipv4/conf/eth0/arp_announce': '2',
  });
  t.same(sysctlsBelow({ ...link!, kind: 'ipvlan' }), []);
  t.equal(
    Buffer.from(linkLocalOf(Uint8Array.of(0, 0x11, 0x22, 0x33, 0x44, 0x55))).toString('hex'),
    'fe80000000000000' + '021122fffe334455',
  );
  t.end();
});
