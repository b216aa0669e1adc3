import * as fc from 'fast-check';
import t from 'tap';
import { Buckets, Counted } from '../../../src/api/limits.js';

t.test('so many at once, then so many a second; each for himself', (t) => {
  const buckets = new Buckets({ perSecond: 2, burst: 3 });
  t.same(
    [0, 0, 0, 0, 0].map(() => buckets.take('a', 0)),
    [0, 0, 0, 1, 1],
  );
  t.equal(buckets.take('b', 0), 0);
  t.equal(buckets.take('a', 499), 1);
  t.equal(buckets.take('a', 500), 0);
  t.equal(buckets.take('a', 500), 1);
  t.same(
    [0, 0, 0, 0].map(() => buckets.take('a', 1_000_000)),
    [0, 0, 0, 1],
    'never more than the burst',
  );
  t.equal(new Buckets({ perSecond: 0.1, burst: 1 }).take('a', 0), 0);
  const slow = new Buckets({ perSecond: 0.1, burst: 1 });
  slow.take('a', 0);
  t.equal(slow.take('a', 0), 10, 'seconds to wait');
  t.equal(slow.take('a', 9999), 1);
  t.equal(slow.take('a', 10_000), 0);
  t.end();
});

t.test('in any time there are at most the burst and what the time gives', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.nat(400), { maxLength: 100 }),
      (perSecond, burst, pauses) => {
        const buckets = new Buckets({ perSecond, burst });
        let now = 0;
        let taken = 0;
        for (const pause of pauses) {
          now += pause;
          if (buckets.take('a', now) === 0) taken++;
        }
        return taken <= burst + (perSecond * now) / 1000 + 1e-6;
      },
    ),
  );
  t.end();
});

t.test('ever new names cost no more memory, and who is there is not forgotten for them', (t) => {
  const buckets = new Buckets({ perSecond: 1, burst: 1 }, 10);
  for (let i = 0; i < 1000; i++) {
    buckets.take(`n${i}`, 0);
    buckets.take('here', 0);
  }
  t.equal(buckets.size, 10);
  t.ok(buckets.take('here', 0) > 0);
  t.end();
});

t.test('how many at once', (t) => {
  const counted = new Counted();
  const first = counted.take('a', 2);
  const second = counted.take('a', 2);
  t.ok(first);
  t.ok(second);
  t.equal(counted.take('a', 2), undefined);
  t.ok(counted.take('b', 2));
  first?.();
  first?.();
  t.ok(counted.take('a', 2), 'given back once');
  t.equal(counted.take('a', 2), undefined);
  t.end();
});
