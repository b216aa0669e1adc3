import * as fc from 'fast-check';
import t from 'tap';
import {
  canonicalMac,
  disjointPorts,
  disjointPrefixes,
  type FwmarkRule,
  parsePrefix,
} from '../../../src/netfilter/fwmark-rule.js';
import { type Json, type JsonObject, replacement, ruleset } from '../../../src/netfilter/ruleset.js';
import { sameRuleset } from '../../../src/netfilter/same.js';

const table = { family: 'inet', name: 'lvsd' } as const;

const web: FwmarkRule = {
  name: 'web',
  mark: 7,
  vips: ['10.0.0.1', '10.1.0.0/24', '2001:db8::1'],
  protocols: ['tcp', 'udp'],
  ports: [
    { from: 8000, to: 8080 },
    { from: 80, to: 80 },
  ],
  notFrom: ['02-00-00-00-00-0A'],
};

/** What nft 1.0.6 on Linux 6.1 listed after it was given `web`, recorded. */
const listed: Json = {
  nftables: [
    { metainfo: { version: '1.0.6', release_name: 'Lester Gooch #5', json_schema_version: 1 } },
    { table: { family: 'inet', name: 'lvsd', handle: 2 } },
    {
      set: {
        family: 'inet',
        name: 'vips_0_ip4',
        table: 'lvsd',
        type: 'ipv4_addr',
        handle: 2,
        flags: ['interval'],
        elem: ['10.0.0.1', { prefix: { addr: '10.1.0.0', len: 24 } }],
      },
    },
    {
      set: {
        family: 'inet',
        name: 'vips_0_ip6',
        table: 'lvsd',
        type: 'ipv6_addr',
        handle: 3,
        flags: ['interval'],
        elem: ['2001:db8::1'],
      },
    },
    {
      chain: {
        family: 'inet',
        table: 'lvsd',
        name: 'prerouting',
        handle: 1,
        type: 'filter',
        hook: 'prerouting',
        prio: -150,
        policy: 'accept',
      },
    },
    rule('ip', 5),
    rule('ip6', 6),
  ],
};

function rule(protocol: 'ip' | 'ip6', handle: number): Json {
  return {
    rule: {
      family: 'inet',
      table: 'lvsd',
      chain: 'prerouting',
      handle,
      comment: 'web',
      expr: [
        { match: { op: '!=', left: { payload: { protocol: 'ether', field: 'saddr' } }, right: '02:00:00:00:00:0a' } },
        {
          match: {
            op: '==',
            left: { payload: { protocol, field: 'daddr' } },
            right: protocol === 'ip' ? '@vips_0_ip4' : '@vips_0_ip6',
          },
        },
        { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: { set: ['tcp', 'udp'] } } },
        {
          match: {
            op: '==',
            left: { payload: { protocol: 'th', field: 'dport' } },
            right: { set: [80, { range: [8000, 8080] }] },
          },
        },
        { mangle: { key: { meta: { key: 'mark' } }, value: 7 } },
      ],
    },
  };
}

t.test('what nft lists is what was wanted', (t) => {
  t.ok(sameRuleset(ruleset([web], table), listed));
  t.end();
});

const different: readonly [name: string, rule: FwmarkRule][] = [
  ['another mark', { ...web, mark: 8 }],
  ['a VIP less', { ...web, vips: ['10.0.0.1', '2001:db8::1'] }],
  ['another port', { ...web, ports: [{ from: 80, to: 81 }] }],
  ['any port', { ...web, ports: [] }],
  ['another MAC', { ...web, notFrom: ['02:00:00:00:00:0b'] }],
  ['an interface', { ...web, interfaces: ['eth0'] }],
  ['another name', { ...web, name: 'mail' }],
];

for (const [name, changed] of different)
  t.test(`not the same: ${name}`, (t) => {
    t.notOk(sameRuleset(ruleset([changed], table), listed));
    t.end();
  });

t.test('rules that somebody added to our table, or whose order changed, are seen', (t) => {
  const wanted = ruleset([web], table);
  const objects = listed['nftables'] as readonly Json[];
  t.notOk(sameRuleset(wanted, { nftables: [...objects, rule('ip', 9)] }));
  t.notOk(sameRuleset(wanted, { nftables: [...objects.slice(0, -2), rule('ip6', 5), rule('ip', 6)] }));
  t.end();
});

t.test('other versions of nft write lists of one as plain values and sets in any order', (t) => {
  const text = JSON.stringify(listed)
    .replaceAll('["interval"]', '"interval"')
    .replaceAll('["tcp","udp"]', '["udp","tcp"]');
  t.ok(sameRuleset(ruleset([web], table), JSON.parse(text) as Json));
  t.end();
});

t.test('a text that is no listing is not the same', (t) => {
  for (const json of [null, 3, 'x', [], {}, { nftables: 7 }]) t.notOk(sameRuleset(ruleset([web], table), json));
  t.end();
});

t.test('the table is replaced in one transaction', (t) => {
  const { nftables } = replacement(ruleset([web], table), table) as { nftables: JsonObject[] };
  t.strictSame(nftables.slice(0, 3), [
    { add: { table: { family: 'inet', name: 'lvsd' } } },
    { delete: { table: { family: 'inet', name: 'lvsd' } } },
    { add: { table: { family: 'inet', name: 'lvsd' } } },
  ]);
  t.strictSame(
    nftables.slice(3).map((object) => Object.keys(object)),
    new Array(5).fill(['add']),
  );
  t.end();
});

t.test('ports without a protocol mean those that have ports', (t) => {
  const [, , , only] = ruleset([{ name: 'x', mark: 1, vips: ['10.0.0.1'], ports: [{ from: 53, to: 53 }] }], table);
  t.match(JSON.stringify(only), '{"set":["tcp","udp","sctp"]}');
  t.match(JSON.stringify(only), '"right":53');
  t.end();
});

t.test('a rule that is none is a mistake of ours', (t) => {
  t.throws(() => ruleset([{ ...web, mark: 0 }], table), TypeError);
  t.throws(() => ruleset([{ ...web, vips: ['10.0.0.1/33'] }], table), TypeError);
  t.throws(() => ruleset([{ ...web, notFrom: ['02:00'] }], table), TypeError);
  t.end();
});

const prefixes = [
  ['192.0.2.1', '192.0.2.1', 32],
  ['192.0.2.77/24', '192.0.2.0', 24],
  ['192.0.2.77/25', '192.0.2.0', 25],
  ['192.0.2.200/25', '192.0.2.128', 25],
  ['1.2.3.4/0', '0.0.0.0', 0],
  ['2001:DB8::1/33', '2001:db8::', 33],
  ['2001:db8:8000::1/33', '2001:db8:8000::', 33],
] as const;

for (const [text, address, length] of prefixes)
  t.test(`prefix ${text}`, (t) => {
    t.match(parsePrefix(text), { address, length });
    t.end();
  });

t.test('no prefix', (t) => {
  for (const text of ['', '/', '10.0.0.1/', '10.0.0.1/33', '10.0.0.1/-1', '10.0.0.1/1/1', '::/129', 'x'])
    t.equal(parsePrefix(text), undefined, text);
  t.end();
});

t.test('prefixes within others go, ports that touch are joined', (t) => {
  const list = ['10.0.0.0/8', '10.1.2.3', '10.1.0.0/16', '11.0.0.1', '11.0.0.1', '::/0', '2001:db8::1'];
  t.strictSame(
    disjointPrefixes(list.map((text) => parsePrefix(text)!)).map(({ address, length }) => `${address}/${length}`),
    ['::/0', '10.0.0.0/8', '11.0.0.1/32'],
  );
  const port = fc.integer({ min: 1, max: 60 });
  const range = fc.tuple(port, port).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
  const members = (ranges: readonly { from: number; to: number }[]): number[] =>
    Array.from({ length: 62 }, (_, n) => n).filter((n) => ranges.some(({ from, to }) => from <= n && n <= to));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
      const joined = disjointPorts(ranges);
      t.strictSame(members(joined), members(ranges));
      joined.forEach(({ from }, i) => i > 0 && t.ok(from > joined[i - 1]!.to + 1));
    }),
  );
  t.end();
});

t.test('MAC addresses', (t) => {
  t.equal(canonicalMac('02:AB:00:00:00:0f'), '02:ab:00:00:00:0f');
  for (const text of ['', '02:00:00:00:00', '02:00:00:00:00:0g', '020000000001'])
    t.equal(canonicalMac(text), undefined);
  t.end();
});
