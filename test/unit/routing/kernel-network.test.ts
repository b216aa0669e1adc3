import { ip } from '../../helpers/own-namespace.js';
import t, { type Test } from 'tap';
import { openNetlink } from '../../../src/addon/netlink.js';
import { NETLINK_ROUTE } from '../../../src/links/uapi.js';
import type { NetworkFacts } from '../../../src/routing/facts.js';
import { KernelNetwork, networkGroups } from '../../../src/routing/kernel-network.js';
import { NeighbourKeeper } from '../../../src/routing/neighbour-keeper.js';
import { networkOf } from '../../../src/routing/network-of.js';
import { NetworkWatcher } from '../../../src/routing/network-watcher.js';
import { systemClock } from '../../../src/system/clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const other = `lvsd-routing-${process.pid}`;
ip(`netns add ${other}`);
t.teardown(() => ip(`netns del ${other}`));
ip(`link add c0 type veth peer name c1 netns ${other}`);
ip('link add s0 type veth peer name s1');
/** Where packets to servers leave: with two tags above s0, where the kernel has VLANs, else s0 itself. */
const inner = hasVlans() ? 's0.10.20' : 's0';
const vlans =
  inner === 's0'
    ? []
    : [
        { type: 'dot1ad', id: 10 },
        { type: 'dot1q', id: 20 },
      ];
for (const name of new Set(['c0', 's0', 's1', inner])) ip(`link set ${name} up`);
ip(`-n ${other} link set c1 up`);
ip(`-n ${other} address add 192.0.2.2/24 dev c1`);
ip(`-n ${other} address add 2001:db8::2/64 dev c1 nodad`);
ip('address add 192.0.2.1/24 dev c0');
ip('address add 2001:db8::1/64 dev c0 nodad');
ip(`address add 10.20.0.1/24 dev ${inner}`);

function hasVlans(): boolean {
  try {
    ip('link add link s0 name s0.10 type vlan proto 802.1ad id 10');
    ip('link add link s0.10 name s0.10.20 type vlan id 20');
    ip('link set s0.10 up');
    return true;
  } catch {
    return false;
  }
}

const openKernel = (): KernelNetwork =>
  new KernelNetwork(openNetlink(NETLINK_ROUTE), openNetlink(NETLINK_ROUTE, { groups: networkGroups }), systemClock);

async function watched(t: Test) {
  const source = openKernel();
  const log = new MemoryLog();
  const states: NetworkFacts[] = [];
  const watcher = new NetworkWatcher({ source, clock: systemClock, log, onFacts: (facts) => states.push(facts) });
  t.teardown(() => {
    watcher.close();
    source.close();
  });
  await watcher.open();
  const until = async (what: string, is: (facts: NetworkFacts) => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !is(watcher.facts); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    t.ok(is(watcher.facts), what);
  };
  return { watcher, source, log, states, until };
}

const hopsTo = (facts: NetworkFacts, prefix: string) =>
  networkOf(facts, ['c0', 's0']).routes.find((one) => one.prefix === prefix)?.nextHops;

t.test('routes of all kinds, as ip(8) made them', async (t) => {
  ip('route add default via 192.0.2.2');
  ip(`route add 10.1.0.0/16 mtu 1400 nexthop via 192.0.2.2 weight 2 nexthop via 10.20.0.9 dev ${inner} weight 1`);
  ip('route add blackhole 10.66.0.0/16');
  ip('route add 10.67.0.0/16 via inet6 2001:db8::2 dev c0');
  ip('nexthop add id 7 via 192.0.2.3 dev c0');
  ip('route add 10.68.0.0/16 nhid 7');
  ip('-6 route add 2001:db8:1::/48 nexthop via 2001:db8::2 dev c0 nexthop via 2001:db8::3 dev c0');
  ip('route add 10.69.0.0/16 dev lo');
  ip('route add 10.70.0.0/16 via 192.0.2.2 table 77');
  t.teardown(() => {
    for (const gone of ['10.1.0.0/16', '10.66.0.0/16', '10.67.0.0/16', '10.68.0.0/16', '10.69.0.0/16', 'default'])
      ip(`route del ${gone}`);
    ip('-6 route del 2001:db8:1::/48');
    ip('nexthop del id 7');
  });
  const { watcher } = await watched(t);
  const hops = (prefix: string) => hopsTo(watcher.facts, prefix);
  const c0 = { port: 'c0', weight: 1, vlans: [], gateway: '192.0.2.2' };
  t.same(hops('0.0.0.0'), [c0]);
  t.same(hops('10.1.0.0'), [
    { ...c0, weight: 2, mtu: 1400 },
    { port: 's0', weight: 1, vlans, gateway: '10.20.0.9', mtu: 1400 },
  ]);
  t.same(hops('10.66.0.0'), []);
  t.same(hops('10.67.0.0'), [{ ...c0, gateway: '2001:db8::2' }]);
  t.same(hops('10.68.0.0'), [{ ...c0, gateway: '192.0.2.3' }], 'by a nexthop object');
  t.same(hops('10.69.0.0'), [], 'lo is no port');
  t.equal(hops('10.70.0.0'), undefined, 'a table that is asked by rule only');
  t.same(
    hops('2001:db8:1::')!
      .map((one) => one.gateway)
      .sort(),
    ['2001:db8::2', '2001:db8::3'],
  );
  t.same(hops('192.0.2.0'), [{ port: 'c0', weight: 1, vlans: [] }], 'on link');
  t.same(hops('192.0.2.1'), [], 'our own address');
  t.same(hops('10.20.0.0')![0]!.vlans, vlans);
  const { addresses, ports } = networkOf(watcher.facts, ['c0', 's0']);
  t.match(
    addresses.find((one) => one.address === '10.20.0.1'),
    { interface: 's0', prefixLength: 24 },
  );
  t.match(ports[0], { name: 'c0', up: true, mtu: 1500, mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/ });
});

t.test('changes are seen: routes, addresses, links, neighbours', async (t) => {
  const { until } = await watched(t);
  ip('route add 10.3.0.0/16 via 192.0.2.2');
  await until('a route came', (facts) => hopsTo(facts, '10.3.0.0')?.length === 1);
  ip('route replace 10.3.0.0/16 via 192.0.2.3');
  await until('it changed', (facts) => hopsTo(facts, '10.3.0.0')?.[0]?.gateway === '192.0.2.3');
  ip('address add 203.0.113.1/32 dev c0');
  await until('an address came', (facts) => facts.addresses.some(({ address }) => address === '203.0.113.1'));
  ip('neighbour add 192.0.2.9 lladdr 02:00:00:00:00:99 dev c0');
  const mac = (facts: NetworkFacts, to: string) =>
    networkOf(facts, ['c0']).neighbours.find((one) => one.address === to)?.mac;
  await until('a neighbour came', (facts) => mac(facts, '192.0.2.9') === '02:00:00:00:00:99');
  ip('neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:98 dev c0');
  await until('it moved', (facts) => mac(facts, '192.0.2.9') === '02:00:00:00:00:98');
  ip('neighbour del 192.0.2.9 dev c0');
  await until('it went', (facts) => mac(facts, '192.0.2.9') === undefined);
  ip('link add n0 type veth peer name n1');
  await until('a link came', (facts) => facts.links.some(({ name }) => name === 'n0'));
  ip('link del n0');
  await until('it went', (facts) => !facts.links.some(({ name }) => name === 'n0'));
  ip('route add 10.4.0.0/16 via 10.20.0.9');
  await until('a route by the VLAN', (facts) => hopsTo(facts, '10.4.0.0')?.length === 1);
  ip(`link set ${inner} down`);
  await until('it went with its link, without a word', (facts) => hopsTo(facts, '10.4.0.0') === undefined);
  ip(`link set ${inner} up`);
  ip('link set s1 down');
  await until('no carrier', (facts) => !networkOf(facts, ['s0']).ports[0]!.up);
  ip('link set s1 up');
  ip('address del 203.0.113.1/32 dev c0');
  ip('route del 10.3.0.0/16');
});

t.test('many changes are few readings', async (t) => {
  const { states, until } = await watched(t);
  for (let i = 0; i < 100; i++) ip(`route add 10.5.${i}.0/24 via 192.0.2.2`);
  await until(
    'all are there',
    (facts) => facts.routes.filter(({ prefix }) => prefix.startsWith('10.5.')).length === 100,
  );
  t.ok(states.length < 50, `${states.length} readings`);
  ip('route flush root 10.5.0.0/16');
});

t.test('the kernel asks whom it is told to, and tells who does not answer', async (t) => {
  const { watcher, source, until, log } = await watched(t);
  const index = watcher.facts.links.find(({ name }) => name === 'c0')!.index;
  const keeper = new NeighbourKeeper({
    use: (at, address) => source.useNeighbour(at, address),
    nameOf: () => 'c0',
    clock: systemClock,
    log,
  });
  t.teardown(() => keeper.close());
  keeper.keep([
    { index, address: '192.0.2.2' },
    { index, address: '192.0.2.77' },
  ]);
  keeper.wanted({ index, address: '2001:db8::2' });
  const known = (facts: NetworkFacts, address: string) =>
    networkOf(facts, ['c0']).neighbours.find((one) => one.address === address);
  await until('IPv4 answers', (facts) => known(facts, '192.0.2.2')?.mac !== undefined);
  await until('IPv6 answers', (facts) => known(facts, '2001:db8::2')?.mac !== undefined);
  await until(
    'nobody there',
    (facts) => 'mac' in (known(facts, '192.0.2.77') ?? {}) && known(facts, '192.0.2.77')!.mac === undefined,
  );
  keeper.heard(watcher.facts.neighbours);
  keeper.heard(watcher.facts.neighbours);
  t.same(keeper.silent, ['192.0.2.77']);
  t.equal(log.named('routing.neighbour-silent').length, 1, 'told once');
  t.match(log.named('routing.neighbour-silent')[0], {
    neighbour: '192.0.2.77',
    interface: 'c0',
    reason: /does not answer on c0/,
  });
  ip(`-n ${other} address add 192.0.2.77/24 dev c1`);
  await source.useNeighbour(index, '192.0.2.77');
  await until('it answers now', (facts) => known(facts, '192.0.2.77')?.mac !== undefined);
  keeper.heard(watcher.facts.neighbours);
  t.same(keeper.silent, []);
  t.equal(log.named('routing.neighbour-back').length, 1);
});
