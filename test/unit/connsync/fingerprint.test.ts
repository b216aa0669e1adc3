import fc from 'fast-check';
import t from 'tap';
import { BUCKETS, BucketSet, Fingerprint, mark, markOf } from '../../../src/connsync/fingerprint.js';
import { TableReader } from '../../../src/connsync/table-reader.js';

type Pair = readonly [bucket: number, key: number];
const pair = fc.tuple(fc.integer({ min: 0, max: BUCKETS - 1 }), fc.integer({ min: 1, max: 0xffff_ffff }));
const few = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 0xffff_ffff }));
const marks = fc.uniqueArray(fc.oneof(pair, few), { maxLength: 500, selector: (one) => one.join() });

const printOf = (all: readonly Pair[]): Fingerprint => {
  const print = new Fingerprint();
  for (const one of all) print.add(mark(...one));
  return print;
};
const pairs = (keys: Iterable<Uint32Array>): string[] =>
  [...keys].flatMap((part) => Array.from({ length: part.length / 2 }, (_, i) => [part[2 * i], part[2 * i + 1]].join()));

t.test('it holds what was added, once, and tells it by bucket', (t) => {
  fc.assert(
    fc.property(marks, marks, (ours, theirs) => {
      const print = printOf([...ours, ...ours]);
      const has = new Set(ours.map((one) => one.join()));
      const buckets = new BucketSet();
      for (const [bucket] of theirs) buckets.add(bucket);
      const told = pairs(print.keysIn(buckets, 3)).sort();
      const expected = ours.filter(([bucket]) => theirs.some(([other]) => other === bucket)).map((one) => one.join());
      t.equal(print.count, has.size);
      t.ok(theirs.every((one) => print.has(mark(...one)) === has.has(one.join())));
      t.strictSame(told, expected.sort());
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test('the digests of two tables differ exactly where the tables do, in any order', (t) => {
  fc.assert(
    fc.property(marks, marks, (common, more) => {
      const known = new Set(common.map((one) => one.join()));
      const extra = more.filter((one) => !known.has(one.join()));
      const a = printOf([...common, ...extra]);
      const b = printOf([...common].reverse());
      const differing = BucketSet.differing(a.digests, b.digests);
      const expected = new Set(extra.map(([bucket]) => bucket));
      for (let bucket = 0; bucket < BUCKETS; bucket++)
        if (differing.has(bucket) && !expected.has(bucket)) throw new Error(`bucket ${bucket}`);
      t.equal(differing.isEmpty, extra.length === 0);
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test('what is in some buckets can be taken out', (t) => {
  fc.assert(
    fc.property(marks, marks, (ours, theirs) => {
      const print = printOf(ours);
      const buckets = new BucketSet();
      for (const [bucket] of theirs) buckets.add(bucket);
      const taken = print.take(buckets);
      const [out, left] = [
        ours.filter(([bucket]) => buckets.has(bucket)),
        ours.filter(([bucket]) => !buckets.has(bucket)),
      ];
      for (const [table, all] of [
        [taken, out],
        [print, left],
      ] as const) {
        t.equal(table.count, all.length);
        t.ok(Buffer.from(table.digests.buffer).equals(Buffer.from(printOf(all).digests.buffer)));
        t.ok(ours.every((one) => table.has(mark(...one)) === all.includes(one)));
      }
    }),
    { numRuns: 50 },
  );
  t.end();
});

function marksOf(lines: readonly string[], seed: number): string[] {
  const found: string[] = [];
  const reader = new TableReader((row) => found.push(String(markOf(row, seed))));
  reader.push(Buffer.from(['header', ...lines, ''].join('\n')));
  return found;
}

t.test('time does not count; everything else does', (t) => {
  const line = 'UDP 0A010002 0000 0A090001 13C4 0A02000B 13C4 NONE 291 sip call';
  const others = [
    line.replace('0A010002', '0A010003'),
    line.replace('0A090001', '0A090002'),
    line.replace('0A02000B', '0A02000C'),
    line.replace('NONE', 'ASSURED'),
    line.replace('call', 'cals'),
    line.replace('13C4 NONE', '13C5 NONE'),
    line.replace('UDP', 'TCP'),
  ];
  t.strictSame(marksOf([line], 1), marksOf([line.replace('291', '3')], 1));
  t.equal(new Set(marksOf([line, ...others], 1)).size, 1 + others.length);
  t.notSame(marksOf([line], 1), marksOf([line], 2), 'another seed, other marks');
  t.end();
});

t.test('connections fall into all buckets alike', (t) => {
  const lines = Array.from({ length: 40_960 }, (_, i) => {
    const hex = (value: number, width: number): string => value.toString(16).toUpperCase().padStart(width, '0');
    return `TCP AC10${hex(i >> 12, 4)} ${hex(1024 + (i & 4095), 4)} 0A090001 0050 0A02000B 0050 ESTABLISHED 291`;
  });
  const counts = new Uint32Array(BUCKETS);
  const all = marksOf(lines, 12345);
  for (const one of all) counts[Math.floor(Number(one) / 2 ** 32)]!++;
  t.ok(Math.max(...counts) < 40, 'ten on average');
  t.ok(counts.filter((count) => count === 0).length < 20);
  t.equal(new Set(all).size, lines.length);
  t.end();
});
