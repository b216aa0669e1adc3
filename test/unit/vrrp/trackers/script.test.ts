import fc from 'fast-check';
import t from 'tap';
import type { TrackScript } from '../../../../src/config/vrrp/vrrp.js';
import type { ScriptEnd } from '../../../../src/system/run-script.js';
import { believe, newBelief, type ScriptPorts, ScriptTracker } from '../../../../src/vrrp/trackers/script.js';
import { FakeClock, settled } from '../../../helpers/fake-clock.js';
import { MemoryLog } from '../../../helpers/memory-log.js';

const script = (more: Partial<TrackScript> = {}): TrackScript => ({
  position: { file: 'f', line: 1, column: 1 },
  name: 'chk',
  script: { argv: ['/bin/chk'] },
  intervalSeconds: 2,
  timeoutSeconds: 1,
  weight: 0,
  reverse: false,
  rise: 1,
  fall: 1,
  user: undefined,
  startsFailed: false,
  ...more,
});

interface Run {
  readonly atMs: number;
  readonly argv: readonly string[];
  readonly user: string | undefined;
  readonly signal: AbortSignal;
  readonly end: (end: ScriptEnd) => Promise<void>;
}

function scene(more: Partial<TrackScript> = {}): {
  clock: FakeClock;
  log: MemoryLog;
  runs: Run[];
  tracker: ScriptTracker;
  changes: () => number;
} {
  const [clock, log, runs] = [new FakeClock(), new MemoryLog(), [] as Run[]];
  let changes = 0;
  const run: ScriptPorts['run'] = ({ argv, user }, { signal }) =>
    new Promise((resolve) => {
      const end = async (end: ScriptEnd): Promise<void> => {
        resolve(end);
        await settled();
      };
      runs.push({ atMs: clock.now(), argv, user: user?.user, signal, end });
    });
  const tracker = new ScriptTracker(script(more), { clock, log, run, changed: () => (changes += 1) });
  return { clock, log, runs, tracker, changes: () => changes };
}

t.test('it runs at once and at each beat; the first result counts at once, whatever rise and fall say', async (t) => {
  for (const [status, good] of [
    [0, true],
    [1, false],
  ] as const) {
    const { clock, runs, tracker, changes } = scene({ rise: 3, fall: 3 });
    t.equal(tracker.observed, 'unknown');
    await runs[0]!.end({ status });
    t.same(tracker.observed, { good });
    t.equal(changes(), 1);
    await clock.run(2000);
    t.same(
      runs.map(({ atMs }) => atMs),
      [0, 2000],
    );
  }
});

t.test('rise and fall in a row', async (t) => {
  const { clock, runs, tracker } = scene({ rise: 2, fall: 3 });
  const seen: unknown[] = [];
  for (const status of [0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0]) {
    await runs.at(-1)!.end({ status });
    seen.push((tracker.observed as { good: boolean }).good);
    await clock.run(2000);
  }
  t.same(seen, [true, true, true, true, true, true, false, false, false, false, true]);
});

t.test('init_fail: bad until it has succeeded rise times', async (t) => {
  const { clock, runs, tracker } = scene({ startsFailed: true, rise: 2 });
  t.same(tracker.observed, { good: false });
  await runs[0]!.end({ status: 0 });
  t.same(tracker.observed, { good: false });
  await clock.run(2000);
  await runs[1]!.end({ status: 0 });
  t.same(tracker.observed, { good: true });
});

t.test('too long: a failure at that moment, the run is ended, and beats are left out until it has', async (t) => {
  const { clock, runs, tracker, changes } = scene();
  await clock.run(999, 999);
  t.equal(tracker.observed, 'unknown');
  t.notOk(runs[0]!.signal.aborted);
  await clock.run(1, 1);
  t.same(tracker.observed, { good: false });
  t.ok(runs[0]!.signal.aborted);
  await clock.run(4000);
  t.equal(runs.length, 1, 'it has not ended yet');
  await runs[0]!.end({ failed: 'stopped' });
  t.equal(changes(), 1, 'its end says nothing more');
  await clock.run(1000);
  t.equal(runs.length, 2);
  await runs[1]!.end({ status: 0 });
  t.same(tracker.observed, { good: true });
});

t.test('a machine without processes says nothing of the script', async (t) => {
  const { runs, tracker, log } = scene();
  await runs[0]!.end({ failed: 'spawn EAGAIN', shortage: true });
  t.equal(tracker.observed, 'unknown');
  t.equal(log.named('vrrp.script-not-run').length, 1);
});

t.test('its user, and the end of it', async (t) => {
  const { clock, runs, tracker, changes } = scene({ user: { user: 'web' } });
  t.equal(runs[0]!.user, 'web');
  tracker.stop();
  t.ok(runs[0]!.signal.aborted);
  await runs[0]!.end({ failed: 'stopped' });
  await clock.run(10_000);
  t.equal(runs.length, 1);
  t.equal(changes(), 0);
  t.equal(clock.pending, 0);
});

t.test('a belief changes only after enough results against it in a row', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (results, rise, fall, startsFailed) => {
        let belief = newBelief({ startsFailed });
        for (const [i, result] of results.entries()) {
          const before = belief.good;
          belief = believe(belief, result, { rise, fall });
          const needed = result ? rise : fall;
          const row = results.slice(Math.max(0, i + 1 - needed), i + 1);
          const turned = before !== undefined && belief.good !== before;
          if (turned && !(belief.good === result && row.length === needed && row.every((one) => one === result)))
            return false;
          if (before === undefined && belief.good !== result) return false;
          if (row.length === needed && row.every((one) => one === result) && belief.good !== result) return false;
        }
        return true;
      },
    ),
  );
  t.end();
});
