import fc from 'fast-check';
import t from 'tap';
import { overload, overloadBefore72 } from '../../../src/schedulers/overload.js';

const at = (upperThreshold: number, lowerThreshold = 0): { upperThreshold: number; lowerThreshold: number } => ({
  upperThreshold,
  lowerThreshold,
});

for (const [kernel, rules] of Object.entries({ '7.2': overload, 'before 7.2': overloadBefore72 })) {
  t.test(`${kernel}: full at the upper threshold, open below the lower one or three quarters`, (t) => {
    t.equal(rules.arrival(at(8), 7, false), false);
    t.equal(rules.arrival(at(8), 8, false), true);
    t.equal(rules.expiry(at(8), 6, true), true, '6 is three quarters of 8');
    t.equal(rules.expiry(at(8), 5, true), false);
    t.equal(rules.expiry(at(8, 2), 2, true), true);
    t.equal(rules.expiry(at(8, 2), 1, true), false);
    t.equal(rules.arrival(at(0), 1_000_000, false), false, 'no threshold');
    t.end();
  });
}

t.test('an edit counts connections since 7.2; before, it compared the thresholds', (t) => {
  t.equal(overload.edit(at(12), 9, true, at(9)), true, '9 are not below three quarters of 12');
  t.equal(overloadBefore72.edit(at(12), 9, true, at(9)), false, '12 is more than 9');
  t.equal(overload.edit(at(5), 6, false, at(9)), true, 'full at once');
  t.equal(overloadBefore72.edit(at(5), 6, false, at(9)), false, 'full when the next one comes');
  t.equal(overload.edit(at(0), 9, true, at(9)), false);
  t.equal(overloadBefore72.edit(at(0), 9, true, at(9)), false);
  t.end();
});

t.test('where connections come and go and nobody edits, both are the same', (t) => {
  const thresholds = fc.nat(30).chain((upper) => fc.tuple(fc.constant(upper), fc.nat(upper)));
  fc.assert(
    fc.property(thresholds, fc.array(fc.boolean(), { maxLength: 100 }), ([upper, lower], comings) => {
      let [now, before72, count] = [false, false, 0];
      for (const comes of comings) {
        if (!comes && count === 0) continue;
        count += comes ? 1 : -1;
        const event = comes ? 'arrival' : 'expiry';
        now = overload[event](at(upper, lower), count, now);
        before72 = overloadBefore72[event](at(upper, lower), count, before72);
        if (now !== before72) return false;
      }
      return true;
    }),
  );
  t.end();
});
