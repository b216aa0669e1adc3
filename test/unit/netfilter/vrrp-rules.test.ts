import t from 'tap';
import { familiesOf, rulesetOf, type VrrpRules, vrrpTransaction } from '../../../src/netfilter/vrrp-rules.js';

const settings = { table: 'vips', priority: -1, counters: false };
const none: VrrpRules = { refused: [], virtual: [] };
const refused = (...addresses: readonly string[]): VrrpRules => ({
  ...none,
  refused: addresses.map((address) => ({ address, interface: 'eth0' })),
});
const kindsOf = (objects: readonly object[]): readonly string[] => objects.map((object) => Object.keys(object)[0]!);

t.test('nothing needs no table', (t) => {
  t.same(rulesetOf('ip', none, settings), []);
  t.same(familiesOf(none), new Set());
  t.same(vrrpTransaction(none, settings, new Set()), { nftables: [] });
  t.same(vrrpTransaction(none, settings, new Set(['ip6'])), {
    nftables: [
      { add: { table: { family: 'ip6', name: 'vips' } } },
      { delete: { table: { family: 'ip6', name: 'vips' } } },
    ],
  });
  t.end();
});

t.test('addresses that are not accepted, by family', (t) => {
  const rules = refused('10.0.0.1', '10.0.0.1', '2001:db8::1', 'fe80::1');
  t.same(familiesOf(rules), new Set(['ip', 'ip6']));
  const within = { family: 'ip', table: 'vips' };
  t.same(rulesetOf('ip', rules, { ...settings, counters: true }).slice(1, 4), [
    { set: { ...within, name: 'vips', type: 'ipv4_addr', elem: ['10.0.0.1'] } },
    { chain: { ...within, name: 'in', type: 'filter', hook: 'input', prio: -1, policy: 'accept' } },
    {
      rule: {
        ...within,
        chain: 'in',
        expr: [
          { match: { op: '==', left: { payload: { protocol: 'ip', field: 'daddr' } }, right: '@vips' } },
          { counter: null },
          { drop: null },
        ],
      },
    },
  ]);
  const ip6 = rulesetOf('ip6', rules, settings);
  t.same(kindsOf(ip6), ['table', 'set', 'set', 'chain', 'rule', 'rule', 'rule', 'chain', 'rule', 'rule', 'rule']);
  t.match(ip6[2], { set: { type: ['ipv6_addr', 'ifname'], elem: [{ concat: ['fe80::1', 'eth0'] }] } });
  t.match(
    JSON.stringify(ip6[4]),
    /nd-neighbor-solicit.*nd-neighbor-advert.*accept/,
    'who asks where it is comes first',
  );
  t.end();
});

t.test('what leaves a virtual interface for groups', (t) => {
  const rules: VrrpRules = { ...none, virtual: [{ name: 'vrrp.51', parent: 'eth0' }] };
  for (const family of ['ip', 'ip6'] as const) {
    const objects = rulesetOf(family, rules, settings);
    t.same(kindsOf(objects), ['table', 'map', 'chain', 'rule']);
    t.match(objects[1], { map: { type: 'iface_index', map: 'iface_index', elem: [['vrrp.51', 'eth0']] } });
    t.match(objects[2], { chain: { hook: 'postrouting' } });
  }
  t.match(JSON.stringify(rulesetOf('ip', rules, settings)[3]), /igmp.*"dup".*"drop"/);
  t.match(JSON.stringify(rulesetOf('ip6', rules, settings)[3]), /mld2-listener-report.*nd-router-solicit.*"dup"/);
  t.end();
});
