import t from 'tap';
import type { TrackProcess } from '../../../../src/config/vrrp/vrrp.js';
import type { Observed } from '../../../../src/vrrp/priority.js';
import { hasQuorum, isMatch, type ProcessFacts } from '../../../../src/vrrp/trackers/process-match.js';
import { type ProcessEvent, Processes } from '../../../../src/vrrp/trackers/processes.js';
import { FakeClock, settled } from '../../../helpers/fake-clock.js';
import { MemoryLog } from '../../../helpers/memory-log.js';

const tracked = (more: Partial<TrackProcess> = {}): TrackProcess => ({
  position: { file: 'f', line: 1, column: 1 },
  name: 'p',
  argv: ['haproxy'],
  match: 'any',
  weight: 0,
  reverse: false,
  quorum: 1,
  most: undefined,
  forkDelaySeconds: 0,
  terminateDelaySeconds: 0,
  fullCommand: false,
  ...more,
});

t.test('which processes are meant', (t) => {
  const facts = { comm: 'averylongprogra', argv: ['averylongprogram', '-f', 'a', '-v'] };
  const rows: readonly [Partial<TrackProcess>, boolean][] = [
    [{ argv: ['averylongprogram'] }, true],
    [{ argv: ['averylongprogra'] }, true],
    [{ argv: ['averylongprogram'], fullCommand: true }, true],
    [{ argv: ['averylongprogra'], fullCommand: true }, false],
    [{ argv: ['averylongprogram', '-f', 'a', '-v'], match: 'exact' }, true],
    [{ argv: ['averylongprogram', '-f', 'a'], match: 'exact' }, false],
    [{ argv: ['averylongprogram', '-f', 'a'], match: 'initial' }, true],
    [{ argv: ['averylongprogram', '-f', 'b'], match: 'initial' }, false],
    [{ argv: ['averylongprogram', '-f', 'a', '-v', 'x'], match: 'initial' }, false],
    [{ argv: ['averylongprogram', '-'], match: 'partial' }, true],
    [{ argv: ['averylongprogram', '-f', 'a', '-'], match: 'partial' }, true],
    [{ argv: ['averylongprogram', '-', 'a'], match: 'partial' }, false],
    [{ argv: ['averylongprogram'], match: 'exact' }, false],
    [{ argv: ['averylongprogram'], match: 'partial' }, true],
  ];
  for (const [more, meant] of rows) t.equal(isMatch(tracked(more), facts), meant, JSON.stringify(more));
  t.notOk(isMatch(tracked({ fullCommand: true }), { comm: 'kworker/0:1', argv: [] }));
  t.end();
});

t.test('quorum and quorum_max', (t) => {
  const of = (quorum: number, most: number | undefined): readonly boolean[] =>
    [0, 1, 2, 3, 4].map((count) => hasQuorum({ quorum, most }, count));
  t.same(of(1, undefined), [false, true, true, true, true]);
  t.same(of(2, 3), [false, false, true, true, false]);
  t.same(of(1, 0), [true, false, false, false, false]);
  t.end();
});

interface Scene {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly table: Map<number, ProcessFacts>;
  readonly processes: Processes;
  readonly tell: (event: ProcessEvent) => Promise<void>;
  readonly looks: () => number;
  readonly observed: (name?: string) => Observed | undefined;
}

function scene(): Scene {
  const [clock, log] = [new FakeClock(), new MemoryLog()];
  const table = new Map<number, ProcessFacts>();
  let teller: (event: ProcessEvent) => void = () => undefined;
  let looks = 0;
  const processes = new Processes({
    clock,
    log,
    changed: () => undefined,
    table: {
      pids() {
        looks++;
        return Promise.resolve([...table.keys()]);
      },
      read: (pid) => Promise.resolve(table.get(pid)),
      follow(tell) {
        teller = tell;
        return () => (teller = () => undefined);
      },
    },
  });
  const tell = async (event: ProcessEvent): Promise<void> => {
    teller(event);
    await settled();
  };
  return {
    clock,
    log,
    table,
    processes,
    tell,
    looks: () => looks,
    observed: (name = 'p') => processes.look(name)?.observed,
  };
}

const haproxy: ProcessFacts = { comm: 'haproxy', argv: ['haproxy'] };
const shell: ProcessFacts = { comm: 'sh', argv: ['sh'] };

t.test('without the events of the kernel: a look each second, and the log says so', async (t) => {
  const { clock, log, table, processes, observed } = scene();
  processes.track([tracked()]);
  t.equal(observed(), 'unknown');
  await settled();
  t.same(observed(), { good: false });
  table.set(7, haproxy);
  await clock.run(1000);
  t.same(observed(), { good: true });
  t.match(log.named('vrrp.processes-looked-at'), [{ everySeconds: 1 }]);
  table.delete(7);
  await clock.run(1000);
  t.same(observed(), { good: false });
  processes.stop();
  t.equal(clock.pending, 0);
});

t.test('with them: fork, exec and exit, and no look any more', async (t) => {
  const { clock, log, table, processes, tell, looks, observed } = scene();
  table.set(1, shell);
  processes.track([tracked({ quorum: 2 })]);
  await tell({ is: 'following' });
  const before = looks();
  await tell({ is: 'fork', pid: 2, parent: 1 });
  table.set(2, haproxy);
  await tell({ is: 'exec', pid: 2 });
  t.same(observed(), { good: false }, 'one of two');
  await tell({ is: 'fork', pid: 3, parent: 2 });
  t.same(observed(), { good: true }, 'a child is what its parent is');
  table.set(3, shell);
  await tell({ is: 'exec', pid: 3 });
  t.same(observed(), { good: false }, 'until it becomes another program');
  await tell({ is: 'fork', pid: 4, parent: 2 });
  t.same(observed(), { good: true });
  await tell({ is: 'exit', pid: 2 });
  t.same(observed(), { good: false });
  await clock.run(5000);
  t.equal(looks(), before);
  t.same(log.named('vrrp.processes-looked-at'), []);
});

t.test('an end that overtakes the reading of what it was', async (t) => {
  const { table, processes, tell, observed } = scene();
  processes.track([tracked()]);
  await tell({ is: 'following' });
  table.set(5, haproxy);
  void tell({ is: 'exec', pid: 5 });
  await tell({ is: 'exit', pid: 5 });
  t.same(observed(), { good: false });
});

t.test('lost events mean another look; a deaf kernel a look each second', async (t) => {
  const { clock, log, table, processes, tell, observed } = scene();
  processes.track([tracked()]);
  await tell({ is: 'following' });
  table.set(5, haproxy);
  await tell({ is: 'lost' });
  t.same(observed(), { good: true });
  await tell({ is: 'deaf', reason: 'EBADF' });
  t.match(log.named('vrrp.processes-looked-at'), [{ reason: 'EBADF' }]);
  table.delete(5);
  await clock.run(1000);
  t.same(observed(), { good: false });
});

t.test('fork_delay and terminate_delay: what is over before they are counts not', async (t) => {
  const { clock, table, processes, tell, observed } = scene();
  table.set(2, haproxy);
  processes.track([tracked({ quorum: 2, forkDelaySeconds: 1, terminateDelaySeconds: 2 })]);
  await tell({ is: 'following' });
  await tell({ is: 'fork', pid: 3, parent: 2 });
  await clock.run(900);
  await tell({ is: 'exit', pid: 3 });
  await clock.run(2000);
  t.same(observed(), { good: false }, 'it was there for less than fork_delay');
  await tell({ is: 'fork', pid: 4, parent: 2 });
  await clock.run(1000);
  t.same(observed(), { good: true });
  await tell({ is: 'exit', pid: 4 });
  await clock.run(1900);
  t.same(observed(), { good: true });
  await tell({ is: 'fork', pid: 5, parent: 2 });
  await clock.run(3000);
  t.same(observed(), { good: true }, 'another one came in time');
  await tell({ is: 'exit', pid: 5 });
  await clock.run(2000);
  t.same(observed(), { good: false });
});

t.test('a reload: what is new is not known before a look, what has changed is what it was until then', async (t) => {
  const { table, processes, tell, observed } = scene();
  table.set(2, haproxy);
  processes.track([tracked()]);
  await tell({ is: 'following' });
  processes.track([tracked({ quorum: 2 }), tracked({ name: 'q', argv: ['sh'] })]);
  void tell({ is: 'fork', pid: 3, parent: 9 });
  t.equal(observed('q'), 'unknown');
  t.same(observed(), { good: true });
  await settled();
  t.same(observed(), { good: false });
  t.same(observed('q'), { good: false });
  processes.track([]);
  t.equal(observed(), undefined);
});
