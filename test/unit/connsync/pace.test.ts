import t from 'tap';
import { type Pace, type PaceLimits, spend } from '../../../src/connsync/pace.js';

/** Spends the same again and again, and waits as long as it is told. How long it takes, ms. */
function run(limits: PaceLimits, times: number, connections: number, bytes: number): number {
  let pace: Pace = { paidMs: Number.NEGATIVE_INFINITY };
  let now = 1000;
  for (let i = 0; i < times; i++) {
    const { pace: after, waitMs } = spend(pace, { connections, bytes }, limits, now);
    pace = after;
    now += waitMs;
  }
  return now - 1000;
}

t.test('neither limit is passed, and the tighter one is used up', (t) => {
  const limits = { connectionsPerSecond: 200_000, bytesPerSecond: 40_000_000 };
  const near = (ms: number, expected: number): void =>
    void t.ok(Math.abs(ms - expected) <= 10, `${ms} ms, not ${expected}`);
  near(run(limits, 16_667, 60, 2000), 5000);
  near(run(limits, 1000, 60, 80_000), 2000);
  t.end();
});

t.test('a pause is not made up for', (t) => {
  const limits = { connectionsPerSecond: 1000, bytesPerSecond: 1e9 };
  const first = spend({ paidMs: 0 }, { connections: 1, bytes: 0 }, limits, 100_000);
  t.equal(first.waitMs, 0);
  const second = spend(first.pace, { connections: 1000, bytes: 0 }, limits, 100_000);
  t.ok(second.waitMs > 990, String(second.waitMs));
  t.end();
});
