import t from 'tap';
import { LinkDelays } from '../../../src/daemon/link-delays.js';
import { FakeClock } from '../../helpers/fake-clock.js';

const delay = (downSeconds: number, upSeconds: number) => ({
  position: { file: 'test.conf', line: 1, column: 1 },
  interface: 'eth0',
  downSeconds,
  upSeconds,
});

function world(downSeconds: number, upSeconds: number) {
  const clock = new FakeClock();
  const changes: number[] = [];
  const delays = new LinkDelays(clock, () => changes.push(clock.now()));
  delays.follow([delay(downSeconds, upSeconds)]);
  return { clock, changes, delays, is: (now: boolean) => delays.running('eth0', now) };
}

t.test('a link counts when it has been so for long enough', (t) => {
  const { clock, changes, delays, is } = world(2, 5);
  t.equal(is(true), true, 'the first state counts at once');
  t.equal(is(false), true);
  clock.advance(1999);
  t.equal(is(false), true);
  t.same(changes, []);
  clock.advance(1);
  t.same(changes, [2000], 'it is told when it counts');
  t.equal(is(false), false);
  t.equal(is(true), false);
  clock.advance(5000);
  t.equal(is(true), true);
  t.same(changes, [2000, 7000]);
  t.equal(delays.running('eth1', false), false, 'others are not delayed');
  t.end();
});

t.test('a short time is none', (t) => {
  const { clock, changes, is } = world(2, 0);
  is(true);
  is(false);
  clock.advance(1500);
  t.equal(is(true), true);
  clock.advance(10_000);
  is(false);
  clock.advance(1999);
  t.equal(is(false), true, 'time begins anew');
  t.same(changes, []);
  clock.advance(1);
  t.equal(is(false), false);
  t.equal(is(true), true, 'no delay: at once');
  t.end();
});

t.test('without a delay any more what is counts', (t) => {
  const { clock, changes, delays, is } = world(2, 2);
  is(true);
  is(false);
  delays.follow([]);
  t.equal(is(false), false);
  clock.advance(10_000);
  t.same(changes, [], 'nobody waits any more');
  delays.follow([delay(1, 1)]);
  t.equal(is(true), true);
  is(false);
  delays.close();
  clock.advance(10_000);
  t.same(changes, []);
  t.end();
});
