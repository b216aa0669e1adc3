import fc from 'fast-check';
import t from 'tap';
import { populate, type Preference } from '../../../src/schedulers/maglev.js';

const PRIMES = [13, 101, 251];

/** The paper's pseudocode, written for reading and not for speed: permutations spelled out, and a search from the start each time. */
function slowPopulate(preferences: readonly Preference[], size: number): number[] {
  const lists = preferences.map(({ offset, skip }) =>
    Array.from({ length: size }, (_, j) => (offset + j * skip) % size),
  );
  const table = new Map<number, number>();
  while (table.size < size) {
    preferences.forEach(({ turns }, i) => {
      for (let turn = 0; turn < turns; turn++) {
        const free = lists[i]!.find((slot) => !table.has(slot));
        if (free !== undefined) table.set(free, i);
      }
    });
  }
  return Array.from({ length: size }, (_, slot) => table.get(slot)!);
}

const cases = fc.constantFrom(...PRIMES).chain((size) =>
  fc.record({
    size: fc.constant(size),
    preferences: fc.array(
      fc.record({ offset: fc.nat(size - 1), skip: fc.integer({ min: 1, max: size - 1 }), turns: fc.nat(9) }),
      { maxLength: 12 },
    ),
  }),
);

t.test('the fast table equals the table of the paper', (t) => {
  fc.assert(
    fc.property(cases, ({ size, preferences }) => {
      const table = [...populate(preferences, size)];
      if (!preferences.some(({ turns }) => turns > 0)) return table.length === 0;
      return table.join() === slowPopulate(preferences, size).join();
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test("the paper's example: permutations 3 0 4 1 5 2 6, 0 2 4 6 1 3 5, 3 4 5 6 0 1 2", (t) => {
  const preferences = [
    { offset: 3, skip: 4, turns: 1 },
    { offset: 0, skip: 2, turns: 1 },
    { offset: 3, skip: 1, turns: 1 },
  ];
  t.strictSame([...populate(preferences, 7)], [1, 0, 1, 0, 2, 2, 0], 'table 2 of the paper, before');
  t.strictSame([...populate([preferences[0]!, preferences[2]!], 7)], [0, 0, 0, 0, 1, 1, 1], 'and after B1 left');
  t.end();
});
