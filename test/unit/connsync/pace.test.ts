import t, { type Test } from 'tap';
import { adaptShare, type Pace, type PaceLimits, share, spend } from '../../../src/connsync/pace.js';
import { Pacer } from '../../../src/connsync/pacer.js';
import type { Clock } from '../../../src/system/clock.js';

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

const boundless = { connectionsPerSecond: 1e9, bytesPerSecond: 1e12 };

/** Slices of 4 ms with their pauses. How long all of them take, ms. */
async function work(slices: number, idle: (() => number | undefined) | undefined, pace = boundless): Promise<number> {
  let now = 0;
  const clock: Clock = {
    now: () => now,
    after: (ms, run) => {
      now += ms;
      queueMicrotask(run);
      return () => undefined;
    },
  };
  const pacer = new Pacer({ clock, pace, idle });
  for (let i = 0; i < slices; i++) {
    pacer.resume();
    now += 4;
    await pacer.pause(60, 2000);
  }
  return now;
}

const near = (t: Test, ms: number, expected: number): void =>
  void t.ok(Math.abs(ms - expected) < 0.15 * expected, `${ms} ms, not ${expected}`);

t.test(
  'it works all the time when nobody else needs the processors, and a small share of it when others need all',
  async (t) => {
    near(t, await work(1000, undefined), 4000);
    near(t, await work(1000, () => 0), 4000 / share.least);
    near(t, await work(10_000, () => 1.5), 40_000);
    near(t, await work(1000, () => undefined), 4000 / share.first);
  },
);

t.test('a limit that is tighter than the share counts alone: the work is part of the time it gives', async (t) => {
  near(t, await work(1000, () => 1.5, { ...boundless, connectionsPerSecond: 6000 }), 10_000);
});

t.test('a share is halved, is never nothing, and comes back', (t) => {
  const after = (idle: number, looks: number, from: number): number =>
    Array.from({ length: looks }).reduce<number>((now) => adaptShare(now, idle), from);
  t.equal(after(0, 1, 0.3), 0.15);
  t.equal(after(0, 10, share.first), share.least);
  t.equal(after(0.2, 10, 0.5), 0.5, 'a little is left: let it be');
  t.equal(after(0.9, 30, share.least), 1);
  t.end();
});
