import t from 'tap';
import { systemClock } from '../../../src/system/clock.js';
import { Timers } from '../../../src/system/timers.js';
import { FakeClock } from '../../helpers/fake-clock.js';

t.test('a name is armed at most once: arming again replaces', (t) => {
  const clock = new FakeClock();
  const timers = new Timers<'retry'>(clock);
  const log: string[] = [];
  timers.arm('retry', 100, () => log.push('first'));
  timers.arm('retry', 200, () => log.push('second'));
  clock.advance(150);
  t.same(log, []);
  clock.advance(50);
  t.same(log, ['second']);
  t.equal(timers.isArmed('retry'), false);
  t.end();
});

t.test('what is disarmed never runs, and nothing is left', (t) => {
  const clock = new FakeClock();
  const timers = new Timers<'a' | 'b'>(clock);
  timers.arm('a', 1, () => t.fail('a ran'));
  timers.arm('b', 1, () => t.fail('b ran'));
  timers.disarm('a');
  timers.disarmAll();
  clock.advance(1000);
  t.equal(clock.pending, 0);
  t.end();
});

t.test('a timer may arm itself again while it runs', (t) => {
  const clock = new FakeClock();
  const timers = new Timers<'tick'>(clock);
  let ticks = 0;
  const tick = (): void => {
    ticks++;
    timers.arm('tick', 10, tick);
  };
  timers.arm('tick', 10, tick);
  clock.advance(35);
  t.equal(ticks, 3);
  t.end();
});

t.test('the system clock cancels, and a wait of a month does not fire at once', async (t) => {
  const cancelled = systemClock.after(0, () => t.fail('ran'));
  cancelled();
  const cancel = systemClock.after(40 * 24 * 3600 * 1000, () => t.fail('ran at once'));
  await new Promise((resolve) => void systemClock.after(5, () => resolve(undefined)));
  cancel();
});
