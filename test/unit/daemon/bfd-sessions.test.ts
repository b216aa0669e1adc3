import t from 'tap';
import { Board, type BoardNews } from '../../../src/daemon/board.js';
import { BfdSessions } from '../../../src/daemon/bfd-sessions.js';
import { alive, failed, type Outcome } from '../../../src/health/check.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const SESSIONS = 'bfd_instance one { neighbor_ip 192.0.2.2\n}\nbfd_instance two { neighbor_ip 192.0.2.3\nvrrp\n}\n';
const instance = (tracks: string): string =>
  `vrrp_instance V1 {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.50\n}\n${tracks}\n}\n`;
const alone = configurationOf(SESSIONS + instance(''));
const both = configurationOf(SESSIONS + instance('track_bfd { two\n}'));

function scene(): {
  readonly clock: FakeClock;
  readonly board: Board<Outcome>;
  readonly sessions: BfdSessions;
  readonly here: string[][];
  /** The process of the addresses runs. */
  readonly process: { board: Board<Outcome> | undefined };
  readonly asked: () => number;
} {
  const clock = new FakeClock();
  const board = new Board<Outcome>(clock, 100);
  const process: { board: Board<Outcome> | undefined } = { board };
  const here: string[][] = [];
  let asked = 0;
  const ask = (known: number): Promise<BoardNews<Outcome>> => {
    asked++;
    return process.board?.since(known) ?? Promise.reject(new Error('nobody'));
  };
  const sessions = new BfdSessions({
    speaker: {
      configure: (wanted) => void here.push(wanted.map(({ name }) => name)),
      follow: () => () => () => undefined,
      stop: () => Promise.resolve(),
    },
    ask,
    clock,
    log: new MemoryLog(),
  });
  return { clock, board, sessions, here, process, asked: () => asked };
}

const quiet = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await settled();
};

t.test('without sessions of VRRP they run here, those of checks', async (t) => {
  const { sessions, here, asked } = scene();
  sessions.configure(alone);
  await quiet();
  t.same(here, [['one']]);
  t.equal(asked(), 0);
  await sessions.stop();
});

t.test('with one of VRRP none runs here, and what is known there is told at once and at each change', async (t) => {
  const { sessions, here, board, clock, asked } = scene();
  const told: Outcome[] = [];
  const stop = sessions.follow('one')((outcome) => void told.push(outcome));
  sessions.configure(both);
  await quiet();
  t.same(here, [[]]);
  t.same(told, []);
  board.set('one', alive('up'));
  board.set('two', alive('up'));
  await quiet();
  t.same(told, [alive('up')]);
  board.set('two', failed('session', 'down'));
  await quiet();
  t.equal(told.length, 1, 'another session');
  board.set('one', failed('session', 'down'));
  await quiet();
  t.same(told[1], failed('session', 'down'));
  const late: Outcome[] = [];
  sessions.follow('one')((outcome) => void late.push(outcome));
  t.same(late, [failed('session', 'down')], 'whoever comes later is told what is known');
  const before = asked();
  await clock.run(10_000);
  t.equal(asked(), before + 1, 'answered now and then though nothing has changed');
  stop();
  await sessions.stop();
  board.close();
  await quiet();
  t.equal(clock.pending, 0);
});

t.test('a process that dies: what was known holds, and the next one is asked', async (t) => {
  const { sessions, board, clock, process } = scene();
  const told: Outcome[] = [];
  sessions.follow('one')((outcome) => void told.push(outcome));
  sessions.configure(both);
  board.set('one', alive('up'));
  await quiet();
  process.board = undefined;
  board.close();
  await clock.run(1000);
  t.same(told, [alive('up')]);
  const next = new Board<Outcome>(clock, 7);
  process.board = next;
  await clock.run(400);
  t.same(told, [alive('up')], 'it knows nothing yet');
  next.set('one', failed('session', 'x'));
  await quiet();
  t.same(told, [alive('up'), failed('session', 'x')]);
  await sessions.stop();
  next.close();
});

t.test('a reload to and fro', async (t) => {
  const { sessions, here, process, clock, asked } = scene();
  process.board = undefined;
  sessions.configure(both);
  await quiet();
  sessions.configure(alone);
  const before = asked();
  await clock.run(2000);
  t.equal(asked(), before);
  sessions.configure(both);
  await quiet();
  t.ok(asked() > before, 'asked again');
  t.same(here, [[], ['one'], []]);
  await sessions.stop();
  t.equal(clock.pending, 0);
});
