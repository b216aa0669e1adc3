import fc from 'fast-check';
import t from 'tap';
import { dynamicWeight } from '../../../src/daemon/dynamic-weight.js';

const rows: readonly [
  what: string,
  configured: number,
  weights: Parameters<typeof dynamicWeight>[1],
  weight: number,
][] = [
  ['nobody says anything', 5, [undefined], 5],
  ['one sets it', 5, [{ set: 10 }], 10],
  ['one adds', 5, [{ add: -3 }], 2],
  ['differences add up', 5, [{ set: 10 }, { set: 7 }, { add: 1 }], 13],
  ['set to nothing', 5, [{ set: 0 }], 0],
  ['never below 0', 5, [{ add: -2_147_483_647 }], 0],
  ['never above what the kernel takes', 5, [{ add: 2_147_483_647 }], 2_147_483_647],
];
for (const [what, configured, weights, weight] of rows)
  t.test(what, (t) => {
    t.equal(dynamicWeight(configured, weights), weight);
    t.end();
  });

t.test('a weight that is set survives a change of the configured one', (t) => {
  const weight = fc.nat(2 ** 31 - 1);
  fc.assert(fc.property(weight, weight, (configured, set) => dynamicWeight(configured, [{ set }]) === set));
  t.end();
});
