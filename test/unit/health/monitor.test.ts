import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import type { Outcome } from '../../../src/health/check.js';
import { assumed, type Judgement, type Verdict } from '../../../src/health/judge.js';
import { Monitor, type MonitorSettings } from '../../../src/health/monitor.js';
import { Slots } from '../../../src/health/slots.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { anyCheck, probePorts, targetAt } from '../../helpers/probe-ports.js';

interface Watching {
  readonly monitor: Monitor;
  readonly clock: FakeClock;
  readonly verdicts: Verdict[];
  /** Lets time pass until an attempt is due, and waits for its outcome. */
  readonly attempt: (ms: number) => Promise<Outcome>;
}

const settings = (port: number, more: Partial<MonitorSettings> = {}): MonitorSettings => ({
  check: { is: 'tcp', ...anyCheck, target: targetAt(port) },
  intervalMs: 5000,
  retries: 1,
  retryDelayMs: 1000,
  rise: 1,
  riseUnseen: 1,
  riseDelayMs: 5000,
  warmupMs: 4000,
  fromStart: false,
  ...more,
});

function watching(t: Test, my: MonitorSettings, initial: Judgement = assumed('up')): Watching {
  const clock = new FakeClock();
  const verdicts: Verdict[] = [];
  let tell: (outcome: Outcome) => void = () => undefined;
  const monitor = new Monitor(my, {
    ports: probePorts(clock, 0.5),
    slots: new Slots(1),
    initial: { judgement: initial },
    onVerdict: (verdict) => verdicts.push(verdict),
    onWeight: () => undefined,
    onOutcome: (outcome) => tell(outcome),
  });
  monitor.start();
  t.teardown(() => monitor.stop());
  const attempt = (ms: number): Promise<Outcome> =>
    new Promise((resolve) => {
      tell = resolve;
      clock.advance(ms);
    });
  return { monitor, clock, verdicts, attempt };
}

/** A port of the loopback, with somebody listening or not. */
async function port(t: Test, listens: boolean): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  const number = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  const close = (): Promise<unknown> => new Promise((resolve) => server.close(resolve));
  if (listens) t.teardown(close);
  else await close();
  return number;
}

t.test('the first attempt comes after a second and half the warmup, the next an interval after its end', async (t) => {
  const { clock, verdicts, attempt, monitor } = watching(t, settings(await port(t, true)));
  clock.advance(2999);
  t.equal(monitor.finding.outcome, undefined);
  t.match(await attempt(1), { is: 'alive' });
  t.same(verdicts, ['up'], 'what was assumed is proven');
  t.match(await attempt(5000), { is: 'alive' });
  t.same(verdicts, ['up'], 'and not told again');
});

t.test('a server nobody answers for is down at the first failure, and tried again after the interval', async (t) => {
  const { verdicts, attempt, clock, monitor } = watching(t, settings(await port(t, false)));
  t.match(await attempt(3000), { is: 'failed', why: 'refused' });
  t.same(verdicts, ['down']);
  clock.advance(4999);
  t.equal(clock.pending, 1);
  t.match(await attempt(1), { is: 'failed' });
  t.equal(monitor.finding.judgement.verdict, 'down');
});

t.test('after stop no timer is left and nothing is told', async (t) => {
  const { monitor, clock, verdicts } = watching(t, settings(await port(t, true)));
  clock.advance(3000);
  await monitor.stop();
  t.equal(clock.pending, 0);
  clock.advance(100_000);
  t.same(verdicts, []);
});

t.test('urls take turns; the one that failed is asked until it answers', async (t) => {
  const asked: string[] = [];
  let broken = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      const path = bytes.toString().split(' ')[1] ?? '';
      asked.push(path);
      socket.end(`HTTP/1.0 ${path === broken ? 500 : 200} X\r\n\r\n`);
    });
  });
  const number = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const urls = ['/a', '/b'].map((path) => ({ path, host: 'x', statusCodes: [] }));
  const check = {
    is: 'http',
    ...anyCheck,
    target: targetAt(number),
    tls: undefined,
    protocol: '1.0',
    fastRecovery: false,
    urls,
  } as const;
  const { attempt, verdicts } = watching(t, settings(number, { check, rise: 3, riseUnseen: 2 }));
  await attempt(3000);
  await attempt(5000);
  broken = '/a';
  await attempt(5000);
  await attempt(1000);
  broken = '';
  for (let i = 0; i < 3; i++) await attempt(5000);
  t.same(asked, ['/a', '/b', '/a', '/a', '/a', '/b', '/a']);
  t.same(verdicts, ['up', 'down', 'up']);
});

/** A monitor of a check whose attempts take as long as a script says. */
function scripted(t: Test, my: Partial<MonitorSettings>, slots = new Slots(1)) {
  const clock = new FakeClock();
  const starts: number[] = [];
  let finish: (status: number) => void = () => undefined;
  const ports = {
    ...probePorts(clock),
    runCommand: (_: unknown, __: number, signal: AbortSignal) => {
      starts.push(clock.now());
      return new Promise<{ status: number }>((resolve) => {
        finish = (status) => resolve({ status });
        signal.addEventListener('abort', () => resolve({ status: 1 }));
      });
    },
  };
  const check = { is: 'misc', ...anyCheck, script: { argv: ['/bin/x'] }, timeoutSeconds: 9, dynamic: false } as const;
  const told: string[] = [];
  const monitor = new Monitor(settings(1, { check, ...my }), {
    ports,
    slots,
    initial: { judgement: assumed('up') },
    onVerdict: (verdict) => told.push(verdict),
    onWeight: () => undefined,
    onOutcome: () => undefined,
  });
  t.teardown(() => monitor.stop());
  monitor.start();
  return { monitor, clock, starts, told, slots, end: (status: number) => (finish(status), settled()) };
}

t.test('a period from end to start, or from start to start', async (t) => {
  for (const [fromStart, second] of [
    [false, 8000],
    [true, 6000],
  ] as const) {
    const { clock, starts, end } = scripted(t, { fromStart });
    clock.advance(1000);
    clock.advance(2000);
    await end(0);
    clock.advance(20_000);
    t.same(starts, [1000, second]);
  }
});

t.test('an attempt that takes longer than its period is followed by the next at once, not by two', async (t) => {
  const { clock, starts, end } = scripted(t, { fromStart: true });
  clock.advance(1000);
  clock.advance(12_000);
  await end(0);
  clock.advance(0);
  t.same(starts, [1000, 13_000]);
  t.equal(clock.pending, 0, 'one at a time');
});

t.test('rest: no attempt, what is known stays; the first comes within a second of its end', async (t) => {
  const { monitor, clock, starts, end } = scripted(t, {});
  clock.advance(1000);
  monitor.rest();
  await end(0);
  t.equal(clock.pending, 0, 'the attempt under way ends, and none follows');
  t.equal(monitor.finding.judgement.proven, true);
  clock.advance(60_000);
  monitor.resume();
  monitor.resume();
  clock.advance(1000);
  t.same(starts, [1000, 61_000]);
});

t.test('one that waits in line when it is stopped takes no slot', async (t) => {
  const slots = new Slots(1);
  slots.enter(() => undefined);
  const { monitor, clock, starts } = scripted(t, {}, slots);
  clock.advance(1000);
  t.equal(slots.waiting, 1);
  await monitor.stop();
  slots.leave();
  t.same(starts, []);
  let isFree = false;
  slots.enter(() => (isFree = true));
  t.ok(isFree, 'the slot was given back');
});

t.test('stop cuts the attempt short and waits for its end', async (t) => {
  const { monitor, clock, told, slots } = scripted(t, {});
  clock.advance(1000);
  await monitor.stop();
  t.same(told, []);
  let isFree = false;
  slots.enter(() => (isFree = true));
  t.ok(isFree);
});
