import t from 'tap';
import {
  firstAnswerMs,
  lastAdvertMs,
  latenessMs,
  masterDownMs,
  outageMs,
  percentile,
  seenOf,
  takeovers,
} from '../../../bench/vrrp-figures.js';

t.test('lines of the probe', (t) => {
  const lines = ['advert 2500000 10.77.0.1 51 150', 'echo 1000000 1400000 101', 'echo 2000000 0 0'];
  t.same(seenOf(lines), {
    adverts: [{ atMs: 2.5, source: '10.77.0.1', vrid: 51, priority: 150 }],
    echoes: [
      { sentMs: 1, ttl: 101 },
      { sentMs: 2, ttl: undefined },
    ],
  });
  t.throws(() => seenOf(['something else']), /something else/);
  t.end();
});

/** One each millisecond; `.` is nobody. */
const echoes = (who: string) =>
  [...who].map((each, i) => ({ sentMs: i, ttl: each === '.' ? undefined : each === 'a' ? 101 : 102 }));

t.test('an outage is the longest time without an answer after the event', (t) => {
  t.equal(outageMs(echoes('aaaabbb'), 0), 0);
  t.equal(outageMs(echoes('aa..a...bb.b'), 0), 3);
  t.equal(outageMs(echoes('....aa.bb'), 5), 1, 'what was before the event does not count');
  t.equal(outageMs(echoes('aa.....'), 0), 4, 'nobody answers until the end');
  t.equal(firstAnswerMs(echoes('aa..bb'), 102, 1), 4);
  t.equal(firstAnswerMs(echoes('aa..aa'), 102, 1), undefined);
  t.end();
});

const from = (source: string, times: readonly number[], vrid = 1, priority = 100) =>
  times.map((atMs) => ({ atMs, source, vrid, priority }));

t.test('lateness is counted from the advert before, for each virtual router', (t) => {
  const adverts = [...from('a', [0, 10, 25, 34]), ...from('a', [3, 13], 2), ...from('b', [4, 90])];
  t.same(latenessMs(adverts, 'a', 10), [0, 5, 0, 0]);
  t.equal(lastAdvertMs(from('a', [0, 10, 20]), 'a', 15), 10);
  t.equal(lastAdvertMs(from('b', [0]), 'a', 15), undefined);
  t.equal(percentile([3, 1, 2], 0.5), 2);
  t.equal(percentile([3, 1, 2], 1), 3);
  t.ok(Number.isNaN(percentile([], 0.5)));
  t.end();
});

t.test('a takeover is the beginning of a time of adverts', (t) => {
  t.equal(takeovers(from('a', [0, 10, 20]), 'b', 10), 0);
  t.equal(takeovers(from('b', [0, 10, 20, 29]), 'b', 10), 1);
  t.equal(takeovers(from('b', [0, 10, 45]), 'b', 10), 2);
  t.equal(takeovers([...from('b', [0], 1), ...from('b', [0], 2)], 'b', 10), 2);
  t.equal(takeovers(from('b', [0], 1, 0), 'b', 10), 0, 'who lets go takes nothing over');
  t.end();
});

t.test('how long a backup waits, RFC 9568 §6.1', (t) => {
  t.equal(masterDownMs(100, 1000), 3609.375);
  t.equal(masterDownMs(255, 256), 769);
  t.end();
});
