/** Addresses of a master in a real kernel: had, given up, taken over, missed. */
import '../helpers/own-machine.js';
import t from 'tap';
import { addressesOn, addressTexts, cable, HolderWorld, instanceText, ip, until } from './holder-world.js';

cable();
const world = await HolderWorld.open();
t.teardown(() => world.network.close());
const { network } = world;

const lines = [
  '10.77.0.50/24 label eth0:vip brd +',
  '10.77.0.51/32 scope link',
  '10.77.1.1/24 dev eth1 no_track',
  '10.99.0.1 peer 10.99.0.2/30',
];
const excluded =
  'virtual_ipaddress_excluded {\n2001:db8::50/64\n2001:db8::51\n2001:db8::52/64 -nodad preferred_lft 300\n}';

t.test('interfaces are known as they are', async (t) => {
  await until('both run', () => ['eth0', 'eth1'].every((name) => network.link(name)?.running === true));
  t.match(network.link('eth0'), { name: 'eth0', mtu: 1500, running: true });
  t.equal(network.link('eth0')!.mac.length, 6);
  t.match(network.link('eth0')!.addresses[0], {
    address: '10.77.0.1',
    prefixLength: 24,
    scope: 'global',
    usable: true,
  });
  t.equal(network.linkWith('10.78.0.1')?.name, 'eth1');
  t.equal(network.linkWith('10.78.0.2'), undefined);
  t.equal(network.link('nosuch0'), undefined);
  ip('link set eth1 mtu 1400');
  await until('the MTU is known', () => network.link('eth1')?.mtu === 1400);
  ip('-n client link set c1 down');
  await until('the carrier is missed', () => network.link('eth1')?.running === false);
  ip('-n client link set c1 up');
  await until('the carrier is back', () => network.link('eth1')?.running === true);
  ip('link add eth9 type bridge');
  await until('the new one is known', () => network.link('eth9')?.running === false);
  ip('link set eth9 name eth8');
  await until('the new name is known', () => network.link('eth8') !== undefined && network.link('eth9') === undefined);
  ip('link del eth8');
  await until('it is gone', () => network.link('eth8') === undefined);
});

t.test('addresses with all their words', async (t) => {
  const router = world.router(instanceText(lines, [excluded]));
  await router.prepare(false);
  t.equal(router.areHere(), false);
  const held = await router.hold();
  t.same(
    held.map(({ address, interface: name, elsewhere }) => [address, name, elsewhere]),
    [
      ['10.77.0.50', 'eth0', undefined],
      ['10.77.0.51', 'eth0', undefined],
      ['10.77.1.1', 'eth1', 'other'],
      ['10.99.0.1', 'eth0', undefined],
      ['2001:db8::50', 'eth0', undefined],
      ['2001:db8::51', 'eth0', undefined],
      ['2001:db8::52', 'eth0', undefined],
    ],
  );
  t.same(held[0]!.mac, network.link('eth0')!.mac);
  t.equal(held[0]!.index, network.link('eth0')!.index);
  t.equal(router.areHere(), true);
  const seen = new Map(addressesOn('eth0').map((one) => [one.local, one]));
  t.match(seen.get('10.77.0.50'), { prefixlen: 24, label: 'eth0:vip', broadcast: '10.77.0.255', scope: 'global' });
  t.match(seen.get('10.77.0.51'), { prefixlen: 32, scope: 'link' });
  t.match(seen.get('10.99.0.1'), { address: '10.99.0.2', prefixlen: 30 });
  t.match(seen.get('2001:db8::50'), { prefixlen: 64, nodad: true });
  t.match(seen.get('2001:db8::51'), { prefixlen: 128, nodad: true, preferred_life_time: 0, deprecated: true });
  t.notOk(seen.get('2001:db8::52')?.nodad);
  t.match(addressTexts('eth1'), ['10.78.0.1/24', '10.77.1.1/24']);
  await router.release();
  t.same(addressTexts('eth0'), ['10.77.0.1/24']);
  t.same(addressTexts('eth1'), ['10.78.0.1/24']);
  t.same(world.lost, []);
  await router.dismantle();
});

t.test('what somebody else removes is told, and put back by the next wish', async (t) => {
  const router = world.router(instanceText(lines));
  await router.prepare(false);
  await router.hold();
  world.lost.length = 0;
  ip('addr del 10.77.1.1/24 dev eth1');
  ip('addr del 10.77.0.51/32 dev eth0');
  await until('it is told', () => world.lost.length > 0);
  t.same(world.lost, [['V1', '10.77.0.51/32 on eth0']], 'what is not watched is not missed');
  await router.hold();
  t.match(addressTexts('eth0'), /10.77.0.51\/32/);
  world.lost.length = 0;
  await router.release();
  await router.dismantle();
  t.same(world.lost, []);
});

t.test('what a process before us left: removed, or kept and ours', async (t) => {
  const [before, text] = [await HolderWorld.open(), instanceText(['10.77.0.50/24', '10.77.0.51/24'])];
  const old = before.router(text);
  await old.prepare(false);
  await old.hold();
  await before.network.close();
  const router = world.router(text);
  await until('they are known', () => router.areHere());
  await router.prepare(true);
  t.same(addressTexts('eth0'), ['10.77.0.1/24', '10.77.0.50/24', '10.77.0.51/24']);
  await router.hold();
  await router.release();
  t.same(addressTexts('eth0'), ['10.77.0.1/24'], 'kept ones are ours');
  await router.hold();
  const next = await HolderWorld.open();
  await next.router(text).prepare(false);
  t.same(addressTexts('eth0'), ['10.77.0.1/24'], 'left ones are removed');
  await next.network.close();
  await router.dismantle();
});

t.test('an address that somebody else has put there stays', async (t) => {
  const router = world.router(instanceText(['10.77.0.50/24', '10.77.0.51/24']));
  await router.prepare(false);
  ip('addr add 10.77.0.50/24 dev eth0');
  t.equal((await router.hold()).length, 2);
  await router.release();
  t.same(addressTexts('eth0'), ['10.77.0.1/24', '10.77.0.50/24']);
  const owner = world.router(instanceText(['10.77.0.50/24'], ['priority 255']));
  await owner.prepare(false);
  t.same(addressTexts('eth0'), ['10.77.0.1/24', '10.77.0.50/24'], 'of an owner it is the real one');
  const backup = world.router(instanceText(['10.77.0.50/24']));
  await backup.prepare(false);
  t.same(addressTexts('eth0'), ['10.77.0.1/24'], 'of all others it is left over');
  await backup.dismantle();
});

t.test('a reload changes what differs', async (t) => {
  const first = world.router(instanceText(['10.77.0.50/24', '10.77.0.51/24', '10.77.0.52/24 label eth0:a']));
  await first.prepare(false);
  await first.hold();
  const again = world.router(instanceText(['10.77.0.51/24', '10.77.0.52/24 label eth0:b', '10.77.0.53/24']));
  t.equal(again, first);
  await again.prepare(true);
  await again.hold();
  t.same(
    addressesOn('eth0')
      .filter(({ family }) => family === 'inet')
      .map(({ local, label }) => [local, label]),
    [
      ['10.77.0.1', 'eth0'],
      ['10.77.0.51', 'eth0'],
      ['10.77.0.52', 'eth0:b'],
      ['10.77.0.53', 'eth0'],
    ],
  );
  t.same(world.lost, []);
  await again.dismantle();
  t.same(addressTexts('eth0'), ['10.77.0.1/24']);
});

t.test('promote_secondaries: the others of a network outlive its first one', async (t) => {
  ip('addr flush dev eth1');
  const path = '/proc/sys/net/ipv4/conf/eth1/promote_secondaries';
  const { readFileSync } = await import('node:fs');
  const before = readFileSync(path, 'utf8');
  const router = world.router(
    instanceText(['10.80.0.1/24 dev eth1', '10.80.0.2/24 dev eth1'], ['promote_secondaries']),
  );
  await router.prepare(false);
  t.equal(readFileSync(path, 'utf8'), '1\n');
  await router.hold();
  world.lost.length = 0;
  ip('addr del 10.80.0.1/24 dev eth1');
  await until('it is told', () => world.lost.length > 0);
  t.same(world.lost, [['V1', '10.80.0.1/24 on eth1']]);
  t.same(
    network
      .link('eth1')
      ?.addresses.map(({ address }) => address)
      .slice(0, 1),
    ['10.80.0.2'],
  );
  await router.dismantle();
  t.equal(readFileSync(path, 'utf8'), before);
  ip('addr add 10.78.0.1/24 dev eth1');
});

t.test('an interface that is not there', async (t) => {
  const router = world.router(instanceText(['10.77.0.50/24', '10.77.0.60/24 dev nosuch0']));
  await router.prepare(false);
  t.same(
    (await router.hold()).map(({ address }) => address),
    ['10.77.0.50'],
  );
  t.match(world.log.events.at(-1), { event: 'vrrp.not-held', holder: 'V1', reason: /nosuch0/ });
  ip('link add nosuch0 type bridge');
  await until('it is had when it can be', () => addressTexts('nosuch0').includes('10.77.0.60/24'));
  ip('link del nosuch0');
  await router.dismantle();
  await t.rejects(world.router(instanceText(['10.77.0.50/24']).replace('eth0', 'nosuch0')).prepare(false), {
    code: 'LINK_MISSING',
  });
});

t.test('twenty addresses are had in no time', async (t) => {
  const many = Array.from({ length: 20 }, (_, i) => `10.77.0.${100 + i}/24`);
  const router = world.router(instanceText(many));
  await router.prepare(false);
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const started = performance.now();
    const held = await router.hold();
    times.push(performance.now() - started);
    t.equal(held.length, 20);
    await router.release();
  }
  times.sort((a, b) => a - b);
  t.comment(`20 addresses: median ${times[25]!.toFixed(2)} ms, worst ${times[49]!.toFixed(2)} ms`);
  t.ok(times[0]! < 20);
  await router.dismantle();
});
