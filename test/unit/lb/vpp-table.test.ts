import t from 'tap';
import { forgetIdle } from '../../../src/lb/vpp/state.js';
import { tableOfVpp } from '../../../src/lb/vpp/table.js';
import { Typed } from './typed.js';

const site = (...lines: readonly string[]): Typed => {
  const vpp = new Typed();
  for (const line of lines) vpp.run(line);
  return vpp;
};
const weights = (vpp: Typed, service: string): Record<string, number> =>
  Object.fromEntries(
    [...(tableOfVpp(vpp.state).get(service)?.destinations ?? [])].map(([name, one]) => [name, one.settings.weight]),
  );

t.test('gre: a tunnel from the configured source of its family', (t) => {
  const vpp = site(
    'lb conf ip4-src-address 39.40.41.42 ip6-src-address 2004::1 timeout 7',
    'lb vip 90.0.0.0/8 encap gre6 new_len 64',
    'lb as 90.0.0.0/8 2002::1 weight 30',
  );
  const service = tableOfVpp(vpp.state).get('any 90.0.0.0/8 port 0');
  t.match(service?.settings, {
    scheduler: 'maglev',
    persistent: false,
    engine: {
      tableSize: 64,
      tunnelSource: '2004::1',
      tcpTimeout: 7,
      udpTimeout: 7,
      hashFields: ['ip_src', 'ip_dst', 'tp_src', 'tp_dst'],
    },
  });
  t.match(service?.destinations.get('[2002::1]:0')?.settings, {
    method: 'tunnel',
    weight: 30,
    tunnel: { type: 'gre' },
  });
  t.end();
});

t.test('l3dsr: dscp; src_ip_sticky: the client alone is hashed and keeps its server', (t) => {
  const vpp = site(
    'lb vip 90.0.0.1/32 protocol udp port 53 encap l3dsr dscp 9 src_ip_sticky',
    'lb as 90.0.0.1/32 protocol udp port 53 10.0.0.1',
  );
  const service = tableOfVpp(vpp.state).get('udp 90.0.0.1:53');
  t.match(service?.settings, { persistent: true, persistenceSeconds: 40, engine: { dscp: 9, hashFields: ['ip_src'] } });
  t.equal(service?.destinations.get('10.0.0.1:0')?.settings.method, 'l3dsr');
  t.end();
});

t.test('nat: target port, node port; without a protocol one service for TCP and one for UDP', (t) => {
  const vpp = site(
    'lb vip 90.1.2.9/32 encap nat4 port 3306 target_port 3307 node_port 30964',
    'lb as 90.1.2.9/32 port 3306 10.0.0.1',
  );
  const table = tableOfVpp(vpp.state);
  t.same([...table.keys()], ['tcp 90.1.2.9:3306', 'udp 90.1.2.9:3306']);
  for (const service of table.values()) {
    t.equal(service.settings.engine?.nodePort, 30964);
    t.equal(service.destinations.get('10.0.0.1:3307')?.settings.method, 'masquerade');
  }
  t.end();
});

t.test('fewer slots than servers: as many as the engine needs', (t) => {
  const vpp = site('lb vip 90.0.0.0/8 new_len 1', 'lb as 90.0.0.0/8 10.0.0.1 10.0.0.2 10.0.0.3');
  t.equal(tableOfVpp(vpp.state).get('any 90.0.0.0/8 port 0')?.settings.engine?.tableSize, 4);
  t.end();
});

t.test('del keeps flows: weight 0 until the last one has ended; flush lets go at once', (t) => {
  const vpp = site('lb vip 90.0.0.0/8', 'lb as 90.0.0.0/8 10.0.0.1 10.0.0.2 10.0.0.3', 'lb as 90.0.0.0/8 10.0.0.2 del');
  t.same(weights(vpp, 'any 90.0.0.0/8 port 0'), { '10.0.0.3:0': 100, '10.0.0.2:0': 0, '10.0.0.1:0': 100 });
  t.same(vpp.effects, []);

  t.equal(
    forgetIdle(vpp.state, () => 1),
    vpp.state,
    'it has flows',
  );
  const later = forgetIdle(vpp.state, () => 0);
  t.same(
    later.vips[0]?.servers.map(({ address }) => address),
    ['10.0.0.3', '10.0.0.1'],
  );

  vpp.run('lb as 90.0.0.0/8 10.0.0.2 del flush');
  t.same(weights(vpp, 'any 90.0.0.0/8 port 0'), { '10.0.0.3:0': 100, '10.0.0.1:0': 100 });
  t.end();
});

t.test('a removed server that is added again has its weight and its flows again', (t) => {
  const vpp = site(
    'lb vip 90.0.0.0/8',
    'lb as 90.0.0.0/8 10.0.0.1',
    'lb as 90.0.0.0/8 10.0.0.1 del',
    'lb as 90.0.0.0/8 10.0.0.1',
  );
  t.same(weights(vpp, 'any 90.0.0.0/8 port 0'), { '10.0.0.1:0': 100 });
  t.end();
});

t.test('flush says whose sessions end', (t) => {
  const vpp = site(
    'lb vip 90.0.0.0/8',
    'lb as 90.0.0.0/8 10.0.0.1',
    'lb as 90.0.0.0/8 10.0.0.1 weight 3 flush',
    'lb flush vip 90.0.0.0/8',
    'lb flowtable flush',
  );
  const service = { by: 'address', protocol: 'any', address: '90.0.0.0', port: 0, prefixLength: 8 };
  t.same(vpp.effects, [
    { do: 'flush', service, destination: { address: '10.0.0.1', port: 0 } },
    { do: 'flush', service },
    { do: 'flush-all' },
  ]);
  t.end();
});

t.test('what is refused changes nothing', (t) => {
  const vpp = site('lb vip 90.0.0.0/8', 'lb as 90.0.0.0/8 10.0.0.1');
  const before = vpp.state;
  for (const line of [
    'lb as 90.0.0.0/8 10.0.0.2 2001::1',
    'lb conf timeout 5 buckets 3',
    'lb vip 91.0.0.0/8 new_len 5',
    'lb as 90.0.0.0/8 10.0.0.1 10.0.0.9 del',
  ])
    vpp.run(line);
  t.equal(vpp.state, before);
  t.end();
});
