import fc from 'fast-check';
import t from 'tap';
import {
  decodeLbStore,
  emptyLbStore,
  encodeLbStore,
  type LbStore,
  sessionsOf,
  tableOf,
} from '../../../src/lb/store.js';
import { isLbCommand, runLb } from '../../../src/lb/run.js';
import { noNumbers } from '../../../src/lb/vpp/numbers.js';

const context = { interfacesOf: (name: string) => [name], uuid: () => 'u', numbers: noNumbers };
const typed = (lines: readonly string[], from: LbStore = emptyLbStore): LbStore =>
  lines.reduce((store, line) => runLb(store, line.split(' '), context).store, from);

const lines = [
  'lb conf ip4-src-address 39.40.41.42 timeout 9 buckets 256',
  'lb vip 90.0.0.0/8 encap gre4',
  'lb as 90.0.0.0/8 10.0.0.1 10.0.0.2',
  'lb as 90.0.0.0/8 10.0.0.2 del',
  'lb vip 90.1.2.3/32 protocol udp port 30964 encap nat4 type nodeport target_port 3307',
  'lb set interface nat4 in pg1',
  'lb-add lb0 30.0.0.1:80 10.0.0.1:80,10.0.0.2:80',
  'set load_balancer lb0 selection_fields=ip_src',
  'ls-lb-add eth0 lb0',
];

t.test('what was made survives as text', (t) => {
  const store = typed(lines);
  t.strictSame(decodeLbStore(encodeLbStore(store)), store);
  t.same(
    [...tableOf(store, (name) => [name]).keys()],
    ['tcp 30.0.0.1:80', 'any 90.0.0.0/8 port 0', 'udp 90.1.2.3:30964'],
  );
  t.equal(sessionsOf(store), 1024);
  t.end();
});

t.test('a command line that does nothing leaves the very same store', (t) => {
  const store = typed(lines);
  for (const line of ['show lb vips', 'lb-list', 'lb as 90.0.0.0/8 bogus', 'lb-del lb9']) {
    t.equal(runLb(store, line.split(' '), context).store, store, line);
  }
  t.end();
});

t.test('whose words', (t) => {
  for (const line of [
    'lb vip 1.2.3.4/32',
    'lb ?',
    'sh lb',
    'show node counters',
    'lb-list',
    '--may-exist ls-lb-add a b',
  ])
    t.ok(isLbCommand(line.split(' ')), line);
  for (const line of ['status', 'plan', 'reload', 'show', 's lb', 'weight x 1', 'bogus'])
    t.notOk(isLbCommand(line.split(' ')), line);
  t.end();
});

t.test('text that is none of ours is not believed', (t) => {
  const good = encodeLbStore(typed(lines));
  for (const text of [
    '',
    'x',
    '{}',
    'null',
    '[]',
    good.replace('"version":1', '"version":2'),
    good.replace('"weight":100', '"weight":101'),
    good.replace('90.0.0.0', '90.0.0.x'),
  ])
    t.equal(decodeLbStore(text), undefined, text.slice(0, 40));
  fc.assert(fc.property(fc.jsonValue(), (value) => decodeLbStore(JSON.stringify(value)) === undefined));
  // whatever one value of it becomes, there is an answer and no exception
  fc.assert(
    fc.property(fc.nat(good.length - 2), fc.constantFrom('0', '-', '"', '9', ']', 'e'), (at, char) => {
      decodeLbStore(good.slice(0, at) + char + good.slice(at + 1));
    }),
  );
  t.end();
});

t.test('no line of VPP words throws, and what is refused changes nothing', (t) => {
  const word = fc.constantFrom(
    ...'lb vip as conf flush set interface nat4 in pg0 del show test flowtable vips verbose ? protocol tcp udp port 80 65536 -1 encap gre4 gre6 l3dsr nat4 nat6 dscp 7 type nodeport target_port node_port new_len 16 0 src_ip_sticky weight 50 90.0.0.0/8 2001::/16 10.0.0.1 2002::1 buckets timeout ip4-src-address 1.2.3.4'.split(
      ' ',
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 9 }), { maxLength: 12 }), (all) => {
      let store = typed(['lb vip 90.0.0.0/8', 'lb as 90.0.0.0/8 10.0.0.1']);
      for (const words of all) {
        const outcome = runLb(store, ['lb', ...words], context);
        if (outcome.err !== '' && outcome.store !== store) return false;
        store = outcome.store;
        tableOf(store, () => []);
      }
      return decodeLbStore(encodeLbStore(store)) !== undefined;
    }),
  );
  t.end();
});
