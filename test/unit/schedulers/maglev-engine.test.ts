/** Our engine's own Maglev: the readable twin. native/test/maglev_test.cc has its numbers, schedulers-oracle.test.ts holds both equal. */
import fc from 'fast-check';
import t from 'tap';
import { hashFields } from '../../../src/model/engine.js';
import { fieldsHash, maglevEngine, maglevTable } from '../../../src/schedulers/maglev-engine.js';
import type { Candidate, Flow } from '../../../src/schedulers/scheduler.js';

const candidate = (n: number, weight = 1): Candidate => ({
  key: { address: `10.0.${n >> 8}.${n & 255}`, port: 80 },
  weight,
  active: 0,
  inactive: 0,
  overloaded: false,
});
const counts = (table: Int32Array): number[] => {
  const all: number[] = [];
  for (const place of table) all[place] = (all[place] ?? 0) + 1;
  return all;
};
const flow: Flow = {
  client: { address: '198.51.100.7', port: 40_000 },
  virtual: { address: '192.0.2.1', port: 80 },
  macs: { source: '02:00:00:00:00:01', destination: '02:00:00:00:00:02' },
};

t.test('shares are right to within a slot', (t) => {
  for (const size of [251, 1024, 4093]) {
    for (const weights of [
      [1, 1, 1],
      [1, 2, 3],
      [50, 100, 1, 100],
      [7, 0, 7],
    ]) {
      const sum = weights.reduce((a, b) => a + b);
      const table = maglevTable(
        weights.map((weight, n) => candidate(n, weight)),
        size,
      );
      t.equal(table.length, size);
      weights.forEach((weight, n) => {
        const should = weight === 0 ? 0 : Math.max(1, (size * weight) / sum);
        t.ok(
          Math.abs((counts(table)[n] ?? 0) - should) <= 1.01,
          `${weights.join()} of ${size}: ${n} has ${counts(table)[n]}`,
        );
      });
    }
  }
  t.same(maglevTable([candidate(1, 0)], 251), new Int32Array(0));
  t.end();
});

t.test('the order of the list does not matter', (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(500), { minLength: 1, maxLength: 12 }),
      fc.constantFrom(64, 251),
      (numbers, size) => {
        const list = numbers.map((n) => candidate(n, 1 + (n % 4)));
        const back = [...list].reverse();
        const names = (table: Int32Array, from: readonly Candidate[]): string[] =>
          [...table].map((place) => from[place]!.key.address);
        return names(maglevTable(list, size), list).join() === names(maglevTable(back, size), back).join();
      },
    ),
    { numRuns: 50 },
  );
  t.end();
});

t.test('one of ten leaves: few slots of the others move', (t) => {
  const list = Array.from({ length: 10 }, (_, n) => candidate(n));
  const before = maglevTable(list, 4093);
  const after = maglevTable(list.slice(0, 9), 4093);
  const moved = before.reduce((sum, place, slot) => sum + (place !== 9 && after[slot] !== place ? 1 : 0), 0);
  t.ok(moved / 4093 < 0.02, `${moved} of 4093`);
  t.end();
});

t.test('every chosen field counts, and no other; the protocol always does', (t) => {
  const others: Readonly<Record<(typeof hashFields)[number], Flow>> = {
    eth_src: { ...flow, macs: { ...flow.macs!, source: '02:00:00:00:00:09' } },
    eth_dst: { ...flow, macs: { ...flow.macs!, destination: '02:00:00:00:00:09' } },
    ip_src: { ...flow, client: { ...flow.client, address: '198.51.100.8' } },
    ip_dst: { ...flow, virtual: { ...flow.virtual, address: '192.0.2.2' } },
    tp_src: { ...flow, client: { ...flow.client, port: 40_001 } },
    tp_dst: { ...flow, virtual: { ...flow.virtual, port: 81 } },
  };
  for (const field of hashFields) {
    for (const other of hashFields)
      t.equal(
        fieldsHash([field], flow) !== fieldsHash([field], others[other]),
        field === other,
        `${field} chosen, ${other} differs`,
      );
    t.not(fieldsHash([field], flow), fieldsHash([field], { ...flow, protocol: 17 }));
  }
  t.end();
});

t.test('a full server is passed over, its flows go to several others, and come back', (t) => {
  const list = Array.from({ length: 5 }, (_, n) => candidate(n));
  const table = maglevTable(list, 251);
  const choose = (candidates: readonly Candidate[], n: number): number | undefined =>
    maglevEngine.choose({ flags: 0 }, candidates, table, { ...flow, client: { ...flow.client, port: n } }).index;
  const full = list.map((one, n) => ({ ...one, overloaded: n === 2 }));
  const instead = new Set<number | undefined>();
  for (let n = 1; n <= 500; n++) {
    const usual = choose(list, n);
    if (usual === 2) instead.add(choose(full, n));
    else t.equal(choose(full, n), usual);
  }
  t.ok(!instead.has(2) && instead.size >= 3, `went to ${[...instead].join()}`);
  t.equal(
    choose(
      list.map((one) => ({ ...one, overloaded: true })),
      1,
    ),
    undefined,
  );
  t.end();
});
