/** Static addresses, routes and rules in a real kernel, and links that count late. */
import '../helpers/own-machine.js';
import t from 'tap';
import { VrrpStatics } from '../../src/daemon/vrrp-statics.js';
import { configurationOf } from '../helpers/configuration.js';
import { addressTexts, cable, HolderWorld, instanceText, ip, until } from './holder-world.js';

cable();
const world = await HolderWorld.open();
t.teardown(() => world.network.close());
const lost: [string, string][] = [];
const statics = new VrrpStatics({
  network: world.network,
  log: world.log,
  lost: (router, what) => lost.push([router, what]),
});
const of = (text: string) => configurationOf(text).statics;

const instances = [1, 2]
  .map(
    (n) =>
      `vrrp_instance V${n} {\ninterface eth0\nvirtual_router_id ${n}\nvirtual_ipaddress {\n10.77.0.${50 + n}/24\n}\n}\n`,
  )
  .join('');
const text = `${instances}
track_group G { group { V1 V2 } }
static_ipaddress {
  10.79.0.1/24 dev eth1 track_group G
  10.79.0.2/24
  10.79.0.3/24 dev eth1 no_track
}
static_routes {
  10.1.0.0/16 via 10.77.0.254
  10.2.0.0/16 dev late0
}
static_rules {
  from 10.79.0.1 table 100 preference 400
}
`;

t.test('they are there, put back, exchanged, and removed', async (t) => {
  await statics.apply(of(text), 'eth0');
  t.same(addressTexts('eth0'), ['10.77.0.1/24', '10.79.0.2/24']);
  t.same(addressTexts('eth1'), ['10.78.0.1/24', '10.79.0.1/24', '10.79.0.3/24']);
  t.match(ip('route'), /10.1.0.0\/16 via 10.77.0.254/);
  t.match(ip('rule'), /400:\s+from 10.79.0.1 lookup 100/);
  t.match(world.log.events, [{ event: 'vrrp.not-held', holder: 'static', reason: /late0/ }]);
  ip('link add late0 type bridge');
  ip('link set late0 up');
  await until('a late one is had', () => ip('route').includes('10.2.0.0/16 dev late0'));

  ip('route del 10.1.0.0/16');
  await until('the route is back', () => ip('route').includes('10.1.0.0/16'));
  ip('rule del preference 400');
  await until('the rule is back', () => ip('rule').includes('400:'));
  t.same(lost, []);
  ip('addr del 10.79.0.1/24 dev eth1');
  await until('the address is back', () => addressTexts('eth1').includes('10.79.0.1/24'));
  const members = lost.map(([router]) => router);
  t.same([members.includes('V1'), members.includes('V2')], [true, true], 'members of its track_group are told');

  await statics.apply(of('static_ipaddress {\n10.79.0.4/24 dev eth1\n}'), 'eth0');
  t.same(addressTexts('eth1'), ['10.78.0.1/24', '10.79.0.4/24']);
  t.notMatch(ip('rule'), /400:/);
  await statics.remove();
  t.same(addressTexts('eth1'), ['10.78.0.1/24']);
  t.notMatch(ip('route'), /10\.[12]\.0\.0/);
  ip('link del late0');
});

t.test('interface_up_down_delays: a short loss of carrier is none', async (t) => {
  const seen: (boolean | undefined)[] = [];
  world.network.follow({ changed: () => seen.push(world.network.link('eth1')?.running), lost: () => undefined });
  t.equal(world.network.link('eth1')?.running, true);
  await statics.apply(of('interface_up_down_delays {\neth1 1 0\n}'), 'eth0');
  t.equal(world.network.link('eth1')?.running, true);
  const down = Date.now();
  ip('-n client link set c1 down');
  await until('it is down', () => world.network.link('eth1')?.running === false);
  t.ok(Date.now() - down >= 1000);
  ip('-n client link set c1 up');
  await until('it is up', () => world.network.link('eth1')?.running === true);
  t.ok(seen.length >= 2);
  await statics.apply(of(instanceText(['10.77.0.50/24'])), 'eth0');
  await statics.close();
});
