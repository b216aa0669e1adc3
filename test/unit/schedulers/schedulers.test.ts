/** The algorithms as rows and by what must hold for all of them; test/lab/schedulers.lab.ts compares them with the kernel. */
import fc from 'fast-check';
import t from 'tap';
import { schedulers } from '../../../src/schedulers/catalogue.js';
import type { Candidate, Flow } from '../../../src/schedulers/scheduler.js';
import { simulate } from '../../../src/schedulers/simulate.js';

const candidate = (weight: number, active = 0, inactive = 0, overloaded = false, n = 0): Candidate => ({
  key: { address: `10.9.0.${n}`, port: 80 },
  weight,
  active,
  inactive,
  overloaded,
});
const named = (list: readonly Candidate[]): Candidate[] =>
  list.map((one, n) => ({ ...one, key: { address: `10.9.0.${n + 1}`, port: 80 } }));

const flow = (n: number): Flow => ({
  client: { address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 1024 + (n % 60000) },
  virtual: { address: `192.0.2.${n % 250}`, port: 80 },
});
const flows = (count: number): Flow[] => Array.from({ length: count }, (_, n) => flow(n));

function choices(name: string, list: readonly Candidate[], count: number, flags = 0, stay = false): readonly number[] {
  return simulate(schedulers.get(name)!.algorithm, { flags }, named(list), flows(count), stay).choices;
}

const rows: readonly (readonly [
  name: string,
  scheduler: string,
  list: readonly Candidate[],
  expected: readonly number[],
])[] = [
  ['each in turn', 'rr', [candidate(1), candidate(1), candidate(1)], [0, 1, 2, 0, 1]],
  ['weight 0 and full ones are passed over', 'rr', [candidate(0), candidate(9), candidate(1, 0, 0, true)], [1, 1, 1]],
  [
    'everybody once at weight 1, then the heavy one first',
    'wrr',
    [candidate(3), candidate(1)],
    [0, 1, 0, 0, 0, 1, 0, 0],
  ],
  ['weights are divided by what they have in common', 'wrr', [candidate(6), candidate(2)], [0, 1, 0, 0, 0, 1]],
  ['nobody has weight', 'wrr', [candidate(0), candidate(0)], [-1, -1]],
  ['all are full', 'wrr', [candidate(2, 0, 0, true), candidate(1, 0, 0, true)], [-1]],
  ['fewest connections, weight does not count', 'lc', [candidate(9, 5), candidate(1, 4)], [1]],
  ['256 inactive ones weigh as one active', 'lc', [candidate(1, 1, 0), candidate(1, 0, 255)], [1]],
  ['of equals the first', 'lc', [candidate(1, 2), candidate(1, 2)], [0]],
  ['fewest per weight', 'wlc', [candidate(2, 5), candidate(3, 6)], [1]],
  ['weight 0 is never the least', 'wlc', [candidate(0), candidate(1, 1000)], [1]],
  ['the new connection counts', 'sed', [candidate(1, 0), candidate(3, 1)], [1]],
  ['an idle one before a fast one', 'nq', [candidate(100, 1), candidate(1, 0)], [1]],
  ['nobody is idle: as sed', 'nq', [candidate(100, 1), candidate(1, 1)], [0]],
  ['all to the heaviest', 'fo', [candidate(1), candidate(5), candidate(3)], [1, 1]],
  ['the heaviest is full', 'fo', [candidate(1), candidate(5, 0, 0, true), candidate(3)], [2]],
  ['the heaviest while it is not above its weight', 'ovf', [candidate(1), candidate(5, 5)], [1]],
  ['then the next', 'ovf', [candidate(1), candidate(5, 6)], [0]],
  ['all are above their weight', 'ovf', [candidate(1, 2), candidate(5, 6)], [-1]],
];
for (const [name, scheduler, list, expected] of rows) {
  t.test(`${scheduler}: ${name}`, (t) => {
    t.strictSame(choices(scheduler, list, expected.length), expected);
    t.end();
  });
}

const lists = fc.array(
  fc.record({ weight: fc.nat(20), active: fc.nat(50), inactive: fc.nat(50), overloaded: fc.boolean() }),
  { maxLength: 8 },
);

for (const name of schedulers.keys()) {
  t.test(
    `${name}: weight 0 and full ones are never chosen; somebody is, if one can be and the algorithm looks for it`,
    (t) => {
      fc.assert(
        fc.property(lists, fc.nat(3), (list, flags) => {
          const candidates = list.map((one) => candidate(one.weight, one.active, one.inactive, one.overloaded));
          const available = candidates.some((one) => one.weight > 0 && !one.overloaded);
          const fallsBack = !['sh', 'mh', 'dh', 'ovf', 'lblc'].includes(name) && available;
          return choices(name, candidates, 20, flags).every((index) =>
            index < 0
              ? !fallsBack
              : candidates[index]!.weight > 0 && (!candidates[index]!.overloaded || name === 'lblc'),
          );
        }),
      );
      t.end();
    },
  );
}

for (const name of ['wrr', 'sh', 'mh']) {
  t.test(`${name}: shares go by weight`, (t) => {
    const list = [candidate(1), candidate(2), candidate(5)];
    const count = 8000;
    const { shares } = simulate(schedulers.get(name)!.algorithm, { flags: 2 }, named(list), flows(count));
    shares.forEach((share, i) =>
      t.ok(Math.abs(share / count - list[i]!.weight / 8) < 0.05, `${share} of ${count} for weight ${list[i]!.weight}`),
    );
    t.end();
  });
}

t.test('wlc: with connections that stay, shares go by weight', (t) => {
  const { shares } = simulate(
    schedulers.get('wlc')!.algorithm,
    { flags: 0 },
    named([candidate(1), candidate(3)]),
    flows(400),
    true,
  );
  t.strictSame(shares, [100, 300]);
  t.end();
});

t.test('lblc keeps an address with its server; lblcr lets a second one join', (t) => {
  const one: Flow = { client: { address: '10.0.0.1', port: 1 }, virtual: { address: '192.0.2.1', port: 80 } };
  const list = named([candidate(4), candidate(4)]);
  const arrivals = Array.from({ length: 12 }, () => one);
  t.strictSame(
    simulate(schedulers.get('lblc')!.algorithm, { flags: 0 }, list, arrivals, true).choices.slice(0, 6),
    [0, 0, 0, 0, 0, 1],
  );
  const { shares } = simulate(schedulers.get('lblcr')!.algorithm, { flags: 0 }, list, arrivals, true);
  t.ok(
    shares.every((share) => share > 0),
    shares.join(' '),
  );
  t.end();
});

t.test('mh: when one of ten leaves, nearly all clients of the others stay', (t) => {
  const ten = named(Array.from({ length: 10 }, () => candidate(1)));
  const nine = ten.slice(1);
  const algorithm = schedulers.get('mh')!.algorithm;
  const before = simulate(algorithm, { flags: 0 }, ten, flows(5000)).choices;
  const after = simulate(algorithm, { flags: 0 }, nine, flows(5000)).choices;
  const moved = before.filter((index, i) => index !== 0 && index !== after[i]! + 1).length;
  const others = before.filter((index) => index !== 0).length;
  t.ok(moved / others < 0.1, `${moved} of ${others} moved`);
  t.end();
});
