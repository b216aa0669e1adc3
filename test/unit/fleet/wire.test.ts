/** What etcd and lvsctl say: whatever it is, it is read or refused, and nothing throws. */
import fc from 'fast-check';
import t from 'tap';
import {
  encoded,
  keysBelow,
  readHeard,
  readKeptAlive,
  readLease,
  readRange,
  readToken,
  readTxn,
  revisionOf,
  txnRequest,
  whyOf,
} from '../../../src/fleet/etcd-codec.js';
import { printLastGood, readLastGood } from '../../../src/fleet/last-good.js';
import { decodeFleetOrder } from '../../../src/fleet/orders.js';

const header = { revision: '9007199254740991' };

t.test('a range, as etcd 3.4 writes it', (t) => {
  const kvs = [{ key: encoded('/a'), value: encoded('ü'), create_revision: '2', mod_revision: '7', version: '3' }];
  t.same(readRange({ header, kvs, count: '1' }), {
    revision: 9_007_199_254_740_991,
    items: [{ key: '/a', value: 'ü', createRevision: 2, modRevision: 7, version: 3 }],
  });
  t.same(readRange({ header: {} }), { revision: 0, items: [] }, 'what is empty is left out');
  t.end();
});

t.test('a transaction', (t) => {
  t.same(txnRequest([{ key: '/a', modRevision: 4 }], [{ put: '/a', value: 'b' }, { delete: '/c' }]), {
    compare: [{ key: 'L2E=', target: 'MOD', result: 'EQUAL', mod_revision: '4' }],
    success: [{ request_put: { key: 'L2E=', value: 'Yg==' } }, { request_delete_range: { key: 'L2M=' } }],
  });
  t.same(readTxn({ header: { revision: '5' }, succeeded: true }), { revision: 5 });
  t.equal(readTxn({ header: { revision: '5' } }), undefined);
  t.end();
});

const heard: readonly (readonly [name: string, told: unknown, is: object])[] = [
  ['the beginning', { result: { header, created: true } }, { is: 'open' }],
  ['a change', { result: { header, events: [{ kv: {} }] } }, { is: 'changed' }],
  ['a sign of life', { result: { header } }, { is: 'nothing' }],
  ['compacted', { result: { canceled: true, compact_revision: '12' } }, { is: 'compacted' }],
  ['cancelled', { result: { canceled: true, cancel_reason: 'why' } }, { is: 'ended', why: 'why' }],
  ['an error', { error: { message: 'no', grpc_code: 16 } }, { is: 'ended', why: 'no' }],
];
for (const [name, told, is] of heard)
  t.test(`a watch: ${name}`, (t) => {
    t.same(readHeard(told), is);
    t.end();
  });

t.test('leases and tokens', (t) => {
  t.same(readLease({ header, ID: '7587848390297', TTL: '10' }), { id: '7587848390297', seconds: 10 });
  t.equal(readLease({ header, ID: '0' }), undefined);
  t.equal(readKeptAlive({ result: { header, ID: '1', TTL: '9' } }), 9);
  t.equal(readKeptAlive({ result: { header, ID: '1' } }), 0, 'it has ended');
  t.equal(readToken({ header, token: 'x.1' }), 'x.1');
  t.equal(whyOf({ error: 'a', message: 'b', code: 5 }), 'b');
  t.end();
});

t.test('whatever else comes', (t) => {
  const readers = [
    readRange,
    readTxn,
    readHeard,
    readLease,
    readKeptAlive,
    readToken,
    whyOf,
    revisionOf,
    decodeFleetOrder,
  ];
  const names = [
    'header',
    'kvs',
    'key',
    'value',
    'result',
    'error',
    'events',
    'ID',
    'TTL',
    'what',
    'name',
    'text',
    'only',
    'revision',
  ];
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.constantFrom('', 'put', 'web', null, 0, -1, 1e300, true, '18446744073709551615'),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('any'), { maxLength: 3 }),
    object: fc.dictionary(fc.constantFrom(...names), tie('any')),
  })).any;
  fc.assert(
    fc.property(value, (told) => {
      for (const read of readers) read(told);
      readLastGood(JSON.stringify([told]));
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('the end of a range', (t) => {
  const part = fc.stringMatching(/^[a-z/]{0,6}$/);
  fc.assert(
    fc.property(part, part, (prefix, more) => {
      const { from, end } = keysBelow(`/${prefix}`);
      const key = `/${prefix}${more}`;
      t.ok(key >= from && key < end);
      t.notOk(end.startsWith(from));
    }),
  );
  t.end();
});

t.test('what was kept', (t) => {
  const good = { prefix: '/lvsd', director: 'd1', revision: 7, documents: [{ name: 'web', text: 'virtual_server\n' }] };
  t.same(readLastGood(printLastGood(good)), good);
  const text = printLastGood(good);
  for (let end = 0; end < text.length - 2; end++) t.equal(readLastGood(text.slice(0, end)), undefined);
  t.equal(readLastGood(text.replace('"format":1', '"format":2')), undefined, 'of a newer lvsd');
  t.end();
});

t.test('orders', (t) => {
  const put = { what: 'put', name: 'web', only: null, text: 'x', who: 'me', comment: '' };
  t.same(decodeFleetOrder(put), put);
  for (const wrong of [
    { ...put, name: '../x' },
    { ...put, only: 'a/b' },
    { ...put, text: 'x'.repeat(1024 * 1024 + 1) },
    { ...put, who: 7 },
    { ...put, what: 'promote' },
    { what: 'rollback', name: 'web', only: null, revision: 0, who: 'me' },
    { what: 'drop', name: 'web', only: null },
  ])
    t.equal(decodeFleetOrder(wrong), undefined, JSON.stringify(wrong).slice(0, 80));
  t.end();
});
