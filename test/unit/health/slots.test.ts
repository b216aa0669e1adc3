import fc from 'fast-check';
import t from 'tap';
import { Slots } from '../../../src/health/slots.js';

t.test('so many at a time, the others in line, first come first served', (t) => {
  const arrivals = fc.array(fc.boolean(), { maxLength: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), arrivals, (limit, steps) => {
      const slots = new Slots(limit);
      const started: number[] = [];
      let [entered, left] = [0, 0];
      for (const enters of steps) {
        if (enters) {
          const number = entered++;
          slots.enter(() => started.push(number));
        } else if (left < started.length) {
          left++;
          slots.leave();
        }
        if (started.length - left !== Math.min(limit, entered - left)) return false;
        if (slots.waiting !== entered - started.length) return false;
      }
      return started.every((number, i) => number === i);
    }),
  );
  t.end();
});

t.test('who waits is said when the line begins, not for each who joins it', (t) => {
  let said = 0;
  const slots = new Slots(1, () => (said += 1));
  const nothing = (): void => undefined;
  slots.enter(nothing);
  t.equal(said, 0);
  slots.enter(nothing);
  slots.enter(nothing);
  t.equal(said, 1);
  slots.leave();
  slots.leave();
  slots.enter(nothing);
  t.equal(said, 2);
  t.end();
});

t.test('a hundred thousand in line that all have changed their mind', (t) => {
  const slots = new Slots(1);
  let turns = 0;
  const leaveAtOnce = (): void => {
    turns++;
    slots.leave();
  };
  slots.enter(() => undefined);
  for (let i = 0; i < 100_000; i++) slots.enter(leaveAtOnce);
  slots.leave();
  t.equal(turns, 100_000);
  t.equal(slots.waiting, 0);
  t.end();
});
