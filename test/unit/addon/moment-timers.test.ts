import fc from 'fast-check';
import t from 'tap';
import { MomentTimers } from '../../../src/addon/moment-timers.js';

/** An alarm that remembers when it was set for. */
function timersWithAlarm(): { timers: MomentTimers; alarms: (number | undefined)[] } {
  const alarms: (number | undefined)[] = [];
  return { timers: new MomentTimers((atMs) => alarms.push(atMs)), alarms };
}

t.test('the alarm is set to the earliest, and only when that changes', (t) => {
  const { timers, alarms } = timersWithAlarm();
  timers.at(30, () => undefined);
  const cancel = timers.at(10, () => undefined);
  timers.at(20, () => undefined);
  cancel();
  cancel();
  t.strictSame(alarms, [30, 10, 20]);
  timers.cancelAll();
  t.strictSame(alarms, [30, 10, 20, undefined]);
  t.end();
});

t.test('what a timer arms for now waits for the next ring', (t) => {
  const { timers, alarms } = timersWithAlarm();
  let runs = 0;
  const again = (): void => {
    runs++;
    timers.at(10, again);
  };
  timers.at(10, again);
  timers.ring(10);
  t.equal(runs, 1);
  t.strictSame(alarms, [10, 10]); // it rang, and is set once more
  timers.ring(10);
  t.equal(runs, 2);
  t.end();
});

t.test('a timer that throws keeps no other from running', (t) => {
  const { timers, alarms } = timersWithAlarm();
  let ran = false;
  timers.at(1, () => {
    throw new Error('mine');
  });
  timers.at(2, () => (ran = true));
  t.throws(() => timers.ring(5), /mine/);
  t.equal(alarms.at(-1), 2);
  timers.ring(5);
  t.ok(ran);
  t.end();
});

t.test('any number of timers runs in the order of their moments, those cancelled never', (t) => {
  const moments = fc.array(fc.record({ atMs: fc.nat(50), isCancelled: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(moments, fc.array(fc.nat(60), { maxLength: 8 }), (list, rings) => {
      const { timers } = timersWithAlarm();
      const ran: number[] = [];
      const cancels = list.map(({ atMs }, i) => timers.at(atMs, () => ran.push(i)));
      list.forEach(({ isCancelled }, i) => {
        if (isCancelled) cancels[i]!();
      });
      const times = [...rings].sort((a, b) => a - b);
      for (const now of times) timers.ring(now);
      const last = times.at(-1) ?? -1;
      const should = list
        .map(({ atMs, isCancelled }, i) => ({ atMs, isCancelled, i }))
        .filter(({ atMs, isCancelled }) => !isCancelled && atMs <= last)
        .sort((a, b) => a.atMs - b.atMs || a.i - b.i);
      t.strictSame(
        ran,
        should.map(({ i }) => i),
      );
    }),
    { numRuns: 200 },
  );
  t.end();
});
