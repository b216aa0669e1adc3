/** Routes and rules of a master, and static ones, in a real kernel. */
import '../helpers/own-machine.js';
import t from 'tap';
import { addressTexts, cable, HolderWorld, instanceText, ip, until } from './holder-world.js';

cable();
const world = await HolderWorld.open();
t.teardown(() => world.network.close());

type Row = Readonly<Record<string, unknown>>;
const routes = (table: string, family = ''): readonly Row[] =>
  JSON.parse(ip(`${family}-j -d route show table ${table}`).trim() || '[]') as Row[];
const rules = (family = ''): readonly Row[] => JSON.parse(ip(`${family}-j -d rule show`)) as Row[];
const route = (table: string, dst: string, family = ''): Row | undefined =>
  routes(table, family).find((row) => row['dst'] === dst);

const virtualRoutes = `virtual_routes {
  default via 10.77.0.254 metric 50
  10.1.0.0/16 via 10.77.0.254 dev eth0 src 10.77.0.50 table 100 mtu lock 1400 rtt 300ms rto_min 50ms congctl cubic tos 0x10 realms 3/4
  10.2.0.0/16 dev eth1 scope link table 100 protocol 99 hoplimit 33 quickack 1 features ecn
  10.3.0.7/16 table 100
  blackhole 10.4.0.0/16 table 100
  unreachable 10.5.0.0/16 table 100
  prohibit 10.6.0.0/16 table 100
  throw 10.7.0.0/16 table 100
  10.8.0.0/16 table 100 nexthop via 10.77.0.253 dev eth0 weight 2 nexthop via 10.78.0.253 dev eth1 weight 1 onlink
  10.9.0.0/16 via 192.0.2.1 dev eth1 onlink table 100
  10.10.0.0/16 dev eth0 table 100 no_track
  10.11.0.0/16 via inet6 2001:db8::9 dev eth0 table 100
  local 10.12.0.0/24 dev lo
  2001:db8:1::/48 via 2001:db8::254 dev eth0 pref high metric 77 table 100 expires 600
  2001:db8:2::/48 dev eth1 table 100 from 2001:db8:9::/64
  blackhole 2001:db8:3::/48 table 100
  2001:db8:4::/48 table 100 nexthop via 2001:db8::1 dev eth0 nexthop via 2001:db8::2 dev eth0
}
virtual_ipaddress_excluded {
  2001:db8::50/64
}`;
const virtualRules = `virtual_rules {
  from 10.77.0.50 table 100 preference 100
  to 10.9.0.0/16 from 10.77.0.0/24 lookup 100 preference 101 tos 0x10 iif eth0
  not fwmark 0x10/0xf0 table main preference 102 oif eth1
  uidrange 100-200 ipproto tcp sport 1000-2000 dport 80 table 100 preference 103 suppress_prefixlength 8
  goto 200 preference 104 from 10.200.0.0/16
  blackhole preference 105 from 10.201.0.0/16 protocol static
  unreachable preference 106 from 10.202.0.0/16 realms 5/6
  nop preference 107
  from 10.203.0.0/16 tunnel-id 77 table 100 preference 108 suppress_ifgroup default
  inet6 from 2001:db8::50 table 100 preference 109
}`;
const text = instanceText(['10.77.0.50/24'], [virtualRoutes, virtualRules]);

t.test('routes with all their words', async (t) => {
  const router = world.router(text);
  await router.prepare(false);
  await router.hold();
  t.same(
    world.log.events.filter(({ event }) => event === 'vrrp.not-held').map(({ reason }) => reason),
    [],
  );
  t.match(route('main', 'default'), { gateway: '10.77.0.254', metric: 50, protocol: 'keepalived' });
  t.match(route('100', '10.1.0.0/16'), {
    gateway: '10.77.0.254',
    dev: 'eth0',
    prefsrc: '10.77.0.50',
    tos: '0x10',
  });
  t.match(ip('-d route show table 100 10.1.0.0/16'), /realms? 3\/4/);
  const metrics = ip('-d route show table 100 10.1.0.0/16');
  t.match(metrics, /mtu lock 1400/);
  t.match(metrics, /rtt 300ms rto_min lock 50ms|rto_min (lock )?50ms/);
  t.match(metrics, /rtt 300ms/);
  t.match(metrics, /congctl cubic/);
  t.match(route('100', '10.2.0.0/16'), { dev: 'eth1', scope: 'link', protocol: 'openr' });
  t.match(ip('-d route show table 100 10.2.0.0/16'), /hoplimit 33 features ecn quickack 1|quickack 1/);
  t.match(route('100', '10.3.0.0/16'), { dev: 'eth0', scope: 'link' }, 'without a word of where: the instance’s');
  for (const [kind, octet] of [
    ['blackhole', 4],
    ['unreachable', 5],
    ['prohibit', 6],
    ['throw', 7],
  ] as const)
    t.match(route('100', `10.${octet}.0.0/16`), { type: kind });
  t.match(route('100', '10.8.0.0/16')?.['nexthops'], [
    { gateway: '10.77.0.253', dev: 'eth0', weight: 2 },
    { gateway: '10.78.0.253', dev: 'eth1', weight: 1, flags: ['onlink'] },
  ]);
  t.match(route('100', '10.9.0.0/16'), { gateway: '192.0.2.1', flags: ['onlink'] });
  t.match(route('100', '10.11.0.0/16'), { via: { family: 'inet6', host: '2001:db8::9' } });
  t.match(route('local', '10.12.0.0/24'), { type: 'local', scope: 'host' });
  t.match(route('100', '2001:db8:1::/48', '-6 '), { gateway: '2001:db8::254', metric: 77, pref: 'high' });
  t.match(ip('-6 -d route show table 100 2001:db8:1::/48'), /expires (600|5\d\d)sec/);
  t.match(ip('-6 -d route show table 100'), /2001:db8:2::\/48 from 2001:db8:9::\/64 dev eth1/);
  t.match(route('100', '2001:db8:3::/48', '-6 '), { type: 'blackhole' });
  t.equal((route('100', '2001:db8:4::/48', '-6 ')?.['nexthops'] as unknown[]).length, 2);
  await router.release();
  t.same(routes('100'), []);
  t.same(routes('100', '-6 '), []);
  t.equal(route('main', 'default'), undefined);
  t.equal(route('local', '10.12.0.0/24'), undefined);
  t.same(world.lost, []);
  await router.dismantle();
});

t.test('rules with all their words', async (t) => {
  const before = [rules(), rules('-6 ')];
  const router = world.router(text);
  await router.prepare(false);
  await router.hold();
  const by = new Map(rules().map((row) => [row['priority'], row]));
  t.match(by.get(100), { src: '10.77.0.50', table: '100', protocol: 'keepalived' });
  t.match(by.get(101), { dst: '10.9.0.0', dstlen: 16, src: '10.77.0.0', srclen: 24, tos: '0x10', iif: 'eth0' });
  t.match(by.get(102), { not: null, fwmark: '0x10', fwmask: '0xf0', table: 'main', oif: 'eth1' });
  t.match(by.get(103), { uid_start: 100, uid_end: 200, ipproto: 'tcp', sport_start: 1000, sport_end: 2000, dport: 80 });
  t.match(by.get(103), { suppress_prefixlen: 8 });
  const shown = ip('-d rule show');
  t.match(shown, /104:\s+from 10.200.0.0\/16 goto 200/);
  t.match(by.get(105), { action: 'blackhole', protocol: 'static' });
  t.match(by.get(106), { action: 'unreachable' });
  t.match(shown, /106:.* realms 5\/6/);
  t.match(shown, /107:\s+from all nop/);
  t.match(shown, /108:.* tun_id 77 .*suppress_ifgroup (default|0)/);
  t.match(
    rules('-6 ').find((row) => row['priority'] === 109),
    { src: '2001:db8::50', table: '100' },
  );
  await router.release();
  t.same([rules(), rules('-6 ')], before);
  await router.dismantle();
});

t.test('what is there already is taken, and what is left over goes', async (t) => {
  const words = instanceText(
    ['10.77.0.50/24'],
    [
      'virtual_routes {\n10.1.0.0/16 via 10.77.0.254\n2001:db8:1::/48 dev eth0\n}\nvirtual_rules {\nfrom 10.1.0.0/16 table 100 preference 300\n}',
    ],
  );
  const router = world.router(words);
  await router.prepare(false);
  await router.hold();
  await router.hold();
  t.same(
    world.log.events.filter(({ event }) => event === 'vrrp.not-held'),
    [],
  );
  const next = await HolderWorld.open();
  t.teardown(() => next.network.close());
  const adopted = next.router(words);
  await adopted.prepare(true);
  t.ok(route('main', '10.1.0.0/16'));
  await adopted.release();
  t.notOk(route('main', '10.1.0.0/16'), 'adopted ones are given up');
  t.notOk(rules().some((row) => row['priority'] === 300));
  await router.hold();
  await adopted.prepare(false);
  t.notOk(route('main', '10.1.0.0/16'), 'left ones are removed');
  t.notOk(route('main', '2001:db8:1::/48', '-6 '));
  t.notOk(rules().some((row) => row['priority'] === 300));
  await router.dismantle();
});

t.test('what somebody else removes is told', async (t) => {
  const router = world.router(text);
  const others: readonly (readonly [string, string, RegExp])[] = [
    ['a route', 'route del 10.9.0.0/16 table 100', /route 10.9.0.0\/16/],
    ['a route of IPv6', '-6 route del blackhole 2001:db8:3::/48 table 100', /route 2001:db8:3::\/48/],
    ['a rule', 'rule del preference 105', /rule 105/],
    ['a rule of IPv6', '-6 rule del preference 109', /rule 109/],
  ];
  await router.prepare(false);
  for (const [what, words, told] of others) {
    await router.hold();
    world.lost.length = 0;
    ip(words);
    await until(`${what} is missed`, () => world.lost.length > 0);
    t.match(world.lost[0]?.[1], told);
    t.equal(world.lost.length, 1);
  }
  await router.hold();
  world.lost.length = 0;
  ip('route del 10.10.0.0/16 table 100');
  ip('route add 10.10.1.0/24 dev eth0 table 100');
  ip('route del 10.10.1.0/24 dev eth0 table 100');
  ip('link set eth1 down');
  await until('what went with its link is missed', () => world.lost.some(([, what]) => what.includes('10.2.0.0')));
  t.notOk(
    world.lost.some(([, what]) => what.includes('10.10.')),
    'what is not watched is not',
  );
  ip('link set eth1 up');
  await until('eth1 runs', () => world.network.link('eth1')?.running === true);
  await router.release();
  await router.dismantle();
});

t.test('a name that means nothing', async (t) => {
  world.log.events.length = 0;
  const router = world.router(
    instanceText(['10.77.0.50/24'], ['virtual_routes {\n10.1.0.0/16 dev eth0 table nosuch\n}']),
  );
  await router.prepare(false);
  t.equal((await router.hold()).length, 1);
  t.match(world.log.events, [{ event: 'vrrp.not-held', reason: /no table is named nosuch/ }]);
  await router.dismantle();
  t.same(addressTexts('eth0'), ['10.77.0.1/24']);
});
