import fc from 'fast-check';
import t from 'tap';
import { Lanes } from '../../../src/notify/queue.js';
import { settled } from '../../helpers/fake-clock.js';

const quiet = (): undefined => undefined;

t.test('each job once, in order, one at a time per object, so many objects at once', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ object: fc.nat(5), turns: fc.nat(3) }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      async (jobs, atOnce) => {
        const lanes = new Lanes({ atOnce, backlog: 1000, onBacklog: quiet });
        const ran = new Map<number, number[]>();
        const running = new Set<number>();
        let most = 0;
        for (const [i, { object, turns }] of jobs.entries()) {
          lanes.post(String(object), async () => {
            t.notOk(running.has(object), 'one at a time');
            running.add(object);
            most = Math.max(most, running.size);
            for (let turn = 0; turn < turns; turn++) await settled();
            ran.set(object, [...(ran.get(object) ?? []), i]);
            running.delete(object);
          });
          if (i % 7 === 0) await settled();
        }
        await lanes.drained();
        const wanted = new Map<number, number[]>();
        for (const [i, { object }] of jobs.entries()) wanted.set(object, [...(wanted.get(object) ?? []), i]);
        t.same(ran, wanted);
        t.ok(most <= atOnce, 'bounded');
      },
    ),
    { numRuns: 60 },
  ),
);

t.test('who has a lot to do keeps nobody waiting', async (t) => {
  const lanes = new Lanes({ atOnce: 1, backlog: 1000, onBacklog: quiet });
  const ran: string[] = [];
  const job = (object: string) => (): Promise<void> => {
    ran.push(object);
    return settled();
  };
  for (let i = 0; i < 3; i++) lanes.post('a', job('a'));
  lanes.post('b', job('b'));
  await lanes.drained();
  t.same(ran, ['a', 'b', 'a', 'a']);
});

t.test('a long lane is told at each further hundred, and keeps its order', async (t) => {
  const told: number[] = [];
  const ran: number[] = [];
  const lanes = new Lanes({ atOnce: 1, backlog: 100, onBacklog: (_, waiting) => void told.push(waiting) });
  let open = quiet;
  lanes.post('a', () => new Promise<void>((resolve) => void (open = resolve as typeof quiet)));
  for (let i = 0; i < 250; i++)
    lanes.post('a', () => {
      ran.push(i);
      return Promise.resolve();
    });
  t.same(told, [100, 200]);
  open();
  await lanes.drained();
  t.same(ran, [...Array(250).keys()]);
});

t.test('cut: what runs is told, what waits is dropped and counted, and the lanes go on', async (t) => {
  const lanes = new Lanes({ atOnce: 1, backlog: 100, onBacklog: quiet });
  const ran: string[] = [];
  lanes.post('a', (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())));
  lanes.post('a', () => Promise.resolve(void ran.push('a')));
  lanes.post('b', () => Promise.resolve(void ran.push('b')));
  t.same([...(await lanes.cut())].sort(), [
    ['a', 1],
    ['b', 1],
  ]);
  t.same(ran, []);
  t.ok(lanes.isIdle('a'));
  lanes.post('b', () => Promise.resolve(void ran.push('b')));
  await lanes.drained();
  t.same(ran, ['b']);
});
