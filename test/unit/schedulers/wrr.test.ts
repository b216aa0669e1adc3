/** wrr against the loop as the kernel goes through it, round after round; and how its mark moves. */
import fc from 'fast-check';
import t from 'tap';
import type { Candidate } from '../../../src/schedulers/scheduler.js';
import { gcd, type Mark, wrr } from '../../../src/schedulers/wrr.js';

const flow = { client: { address: '10.0.0.1', port: 1 }, virtual: { address: '192.0.2.1', port: 80 } };
const settings = { flags: 0 };
const listOf = (...weights: number[]): Candidate[] =>
  weights.map((weight, n) => ({
    key: { address: `10.9.0.${n + 1}`, port: 80 },
    weight,
    active: 0,
    inactive: 0,
    overloaded: false,
  }));
const choose = (list: readonly Candidate[], mark: Mark): { index: number | undefined; state: Mark } =>
  wrr.choose(settings, list, mark, flow);

/** Slow and plain: one destination at a time, every round, no arithmetic. -1 is the list's head. */
function slowChoose(list: readonly Candidate[], { last, current }: Mark): { index: number | undefined; state: Mark } {
  const weights = list.map(({ weight }) => weight).filter((weight) => weight > 0);
  const divisor = weights.reduce(gcd, 0) || 1;
  const highest = Math.max(0, ...weights) - (divisor - 1);
  if (highest <= 0) return { index: undefined, state: { last, current } };
  let stop: number | undefined;
  let [onLastPass, restarted] = [false, false];
  for (let at = last; ; ) {
    for (at++; at < list.length; at++) {
      if (!list[at]!.overloaded && list[at]!.weight >= current) return { index: at, state: { last: at, current } };
      if (at === stop) return { index: undefined, state: { last: at, current } };
    }
    at = -1;
    current -= divisor;
    if (current <= 0) {
      current = highest;
      if (onLastPass || last === -1) return { index: undefined, state: { last: -1, current } };
      restarted = true;
    }
    onLastPass = current <= divisor;
    if (onLastPass && restarted && last !== -1) stop = last;
  }
}

const lists = fc.array(fc.record({ weight: fc.nat(30), overloaded: fc.boolean() }), { minLength: 1, maxLength: 7 });

t.test('every choice, and the mark after it, is that of the slow loop, whatever fills up meanwhile', (t) => {
  fc.assert(
    fc.property(fc.array(lists, { minLength: 1, maxLength: 4 }), (stages) => {
      const [first] = stages;
      let mark = wrr.prepare(settings, listOf(...first!.map(({ weight }) => weight)));
      for (const stage of stages) {
        // The same destinations and weights; who is overloaded changes from stage to stage.
        const list = first!.map(({ weight }, i) => ({
          ...listOf(weight)[0]!,
          overloaded: stage[i % stage.length]!.overloaded,
        }));
        for (let n = 0; n < 40; n++) {
          const [fast, slow] = [choose(list, mark), slowChoose(list, mark)];
          if (JSON.stringify(fast) !== JSON.stringify(slow)) return false;
          mark = fast.state;
        }
      }
      return true;
    }),
    { numRuns: 1000 },
  );
  t.end();
});

t.test('in a whole cycle each gets its weight, exactly', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }), (weights) => {
      const list = listOf(...weights);
      const divisor = weights.reduce(gcd, 0);
      const shares = weights.map(() => 0);
      // The first, shorter cycle depends on the order in which they came: begin with a whole one.
      let mark: Mark = { last: -1, current: Math.max(...weights) - (divisor - 1) };
      for (let n = 0; n < weights.reduce((a, b) => a + b) / divisor; n++) {
        const { index, state } = choose(list, mark);
        shares[index!]!++;
        mark = state;
      }
      return shares.every((share, i) => share === weights[i]! / divisor);
    }),
  );
  t.end();
});

t.test('the largest weights take no time', (t) => {
  const list = listOf(2147483647, 1).map((one, i) => ({ ...one, overloaded: i === 0 }));
  t.strictSame(choose(list, { last: -1, current: 2147483647 }), { index: 1, state: { last: 1, current: 1 } });
  t.end();
});

t.test('an edit goes back to the first destination, and keeps the weight of the round where it can', (t) => {
  const change = (weights: number[], current: number): Mark =>
    wrr.change!(settings, listOf(...weights), { last: 1, current }, []);
  t.strictSame(change([5, 3], 4), { last: -1, current: 4 });
  t.strictSame(change([5, 3], 9), { last: -1, current: 5 }, 'above all weights: the highest');
  t.strictSame(change([8, 4], 4), { last: -1, current: 5 }, 'between two steps of four: 1 above one');
  t.strictSame(change([0, 0], 4), { last: -1, current: 0 });
  t.end();
});
