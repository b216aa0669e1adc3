/** What happens in the processes beside the director comes into its journal, in order, each once. */
import t from 'tap';
import { EventsBoard, EventsFollower, type EventsNews } from '../../../src/daemon/process-events.js';
import { LvsError } from '../../../src/errors.js';
import { Journal, type StreamEvent } from '../../../src/events/journal.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';

const journalOf = (): Journal => {
  const journal = new Journal({ wallMs: () => 500_000 });
  journal.open();
  return journal;
};
const kept = (journal: Journal): readonly Record<string, unknown>[] =>
  (journal.after(0) as StreamEvent[]).map(({ text }) => JSON.parse(text) as Record<string, unknown>);
const roles = (journal: Journal): readonly unknown[] => kept(journal).map((one) => one['to'] ?? one['event']);

function site(journal = journalOf(), board?: EventsBoard) {
  const clock = new FakeClock();
  let seconds = 1;
  const theirs = board ?? new EventsBoard(clock, () => 1000 * seconds++);
  const asked: number[] = [];
  const world: { trouble: Error | undefined } = { trouble: undefined };
  const follower = new EventsFollower({
    process: 'vrrp',
    ask: async (known) => {
      asked.push(known);
      await settled();
      if (world.trouble !== undefined) throw world.trouble;
      return JSON.parse(JSON.stringify(await theirs.since(known))) as EventsNews;
    },
    journal,
    clock,
  });
  const role = (to: string): void => theirs.journal.add('info', { event: 'vrrp.role', router: 'V1', to });
  const until = async (count: number): Promise<void> => {
    while (kept(journal).length < count) {
      await settled();
      journal.flush();
    }
  };
  return { clock, theirs, journal, follower, role, until, asked, world };
}

t.test('in order, with their own time, and named after their process', async (t) => {
  const { follower, role, until, journal } = site();
  role('backup');
  follower.open();
  await until(1);
  role('master');
  role('backup');
  await until(3);
  t.same(roles(journal), ['backup', 'master', 'backup']);
  t.match(kept(journal)[0], { event: 'vrrp.role', router: 'V1', process: 'vrrp', level: 'info', at: 2000 });
  follower.close();
});

t.test('a director that starts again goes on where it was', async (t) => {
  const one = site();
  one.role('backup');
  one.follower.open();
  await one.until(1);
  one.follower.close();
  one.role('master');
  one.role('backup');
  const two = site(one.journal, one.theirs);
  two.follower.open();
  await two.until(3);
  for (let n = 0; n < 5; n++) await settled();
  t.same(roles(one.journal), ['backup', 'master', 'backup'], 'none is missing, and none is there twice');
  two.follower.close();
});

t.test('a process that starts again begins anew', async (t) => {
  const one = site();
  one.role('master');
  one.follower.open();
  await one.until(1);
  one.follower.close();
  const next = new EventsBoard(one.clock, () => 9_000_000);
  const two = site(one.journal, next);
  two.role('backup');
  two.follower.open();
  await two.until(2);
  t.same(roles(one.journal), ['master', 'backup']);
  two.follower.close();
});

t.test('who is not there is asked every second, who does not know events once a minute', async (t) => {
  const { follower, world, clock, asked, role, until } = site();
  world.trouble = new LvsError('DIRECTOR_ABSENT', ['/x', 'ENOENT']);
  follower.open();
  await settled();
  await clock.run(5000, 500);
  t.ok(asked.length >= 4 && asked.length <= 6, `${asked.length} times`);
  world.trouble = new LvsError('DIRECTOR_SAYS_NO', ['not a request']);
  await clock.run(1000, 500);
  const before = asked.length;
  await clock.run(50_000, 1000);
  t.ok(asked.length <= before + 1);
  world.trouble = undefined;
  role('master');
  await clock.run(60_000, 1000);
  await until(1);
  follower.close();
  t.equal(clock.pending <= 1, true, 'no timer of the follower is left');
});

t.test('more than an answer holds comes in several', async (t) => {
  const { follower, role, until, journal } = site();
  for (let n = 0; n < 350; n++) role(String(n));
  follower.open();
  await until(350);
  t.same(
    roles(journal),
    Array.from({ length: 350 }, (_, n) => String(n)),
  );
  follower.close();
});

t.test('nothing happens: who asks is told after ten seconds that somebody is there', async (t) => {
  const { theirs, clock } = site();
  const answer = theirs.since(theirs.journal.last);
  await clock.run(10_000, 1000);
  t.same(await answer, { known: theirs.journal.last, events: [] });
});
