import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { startEngine } from '../../../src/dataplane/process.js';
import { PROTOCOL } from '../../../src/dataplane/protocol.js';
import { type RunningEngine, Supervisor } from '../../../src/dataplane/supervisor.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeEngine } from '../../helpers/fake-engine.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { temporaryDirectory } from '../../helpers/program.js';

const fake = fileURLToPath(new URL('../../helpers/fake-engine.js', import.meta.url));

/** Starts node with the fake engine, as it would start lvsd-dataplane; what it has started is ended with the test. */
function world(t: Test, directory = temporaryDirectory(t), answerTimeoutMs = 10_000) {
  const path = join(directory, 'engine.sock');
  const log = new MemoryLog();
  const returned: RunningEngine[] = [];
  const pids: number[] = [];
  const words = { args: [] as string[] };
  const start = startEngine(process.execPath, join(directory, 'engine.log'));
  const supervisor = new Supervisor({
    path,
    start: async (args) => {
      const child = await start([fake, ...args]);
      pids.push(child.pid);
      return child;
    },
    args: () => words.args,
    clock: systemClock,
    log,
    answerTimeoutMs,
    events: {},
    onReturn: (engine) => {
      returned.push(engine);
      return Promise.resolve();
    },
  });
  t.teardown(() => {
    supervisor.close();
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { supervisor, path, log, returned, pids, words, directory };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const until = async (is: () => boolean): Promise<void> => {
  for (let i = 0; i < 1500 && !is(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
};

t.test('none runs: found is nothing, and one is started when it is needed', async (t) => {
  const { supervisor, pids } = world(t);
  t.equal(await supervisor.find(), undefined);
  t.equal(pids.length, 0);
  const [engine, same] = await Promise.all([supervisor.ensure(), supervisor.ensure()]);
  t.equal(engine, same, 'who asks meanwhile gets the same');
  t.equal(engine.hello.pid, pids[0]);
  t.equal(engine.adopted, false);
  const stat = readFileSync(`/proc/${engine.hello.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  t.equal(Number(stat[3]), engine.hello.pid, 'it leads a session of its own');
});

t.test('one that runs is adopted by the next director', async (t) => {
  const first = world(t);
  const { hello } = await first.supervisor.ensure();
  first.supervisor.close();
  const next = world(t, first.directory);
  const found = await next.supervisor.find();
  t.equal(found!.hello.pid, hello.pid);
  t.equal(found!.adopted, true);
  t.equal(next.pids.length, 0);
  t.equal(next.log.named('engine.adopted').length, 1);
});

t.test('one that dies is started again, and gets everything again', async (t) => {
  const { supervisor, returned, pids } = world(t);
  await supervisor.ensure();
  process.kill(pids[0]!, 'SIGKILL');
  await until(() => returned.length === 1);
  t.equal(returned.length, 1);
  t.not(returned[0]!.hello.pid, pids[0]);
  t.equal(supervisor.engine, returned[0]);
  t.equal(supervisor.restarts, 1);
});

t.test('stopped is stopped: its process ends, and none comes back', async (t) => {
  const { supervisor, returned, pids, path } = world(t);
  await supervisor.ensure();
  await supervisor.stop();
  t.notOk(isAlive(pids[0]!));
  t.notOk(existsSync(path));
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(returned.length, 0);
  t.equal(pids.length, 1);
});

t.test('a director that goes leaves it running', async (t) => {
  const { supervisor, pids } = world(t);
  await supervisor.ensure();
  supervisor.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.ok(isAlive(pids[0]!));
});

t.test('an engine of another protocol forwards until the new one has its sessions and its place', async (t) => {
  const old = world(t);
  old.words.args = ['--protocol', `${PROTOCOL + 1}`, '--held', '70000', '--version', 'old'];
  // its own kind started it
  await old.supervisor.ensure();
  const oldPid = old.pids[0]!;
  old.supervisor.close();

  const next = world(t, old.directory);
  const engine = await next.supervisor.find();
  t.equal(engine!.hello.pid, next.pids[0]);
  t.equal(next.supervisor.predecessor!.hello.pid, oldPid);
  t.ok(isAlive(oldPid), 'the old one goes on');
  let ports = 0;
  await next.supervisor.takeOver(() => {
    t.notOk(isAlive(oldPid), 'its ports are free');
    ports++;
    return Promise.resolve();
  });
  t.equal(ports, 1);
  t.match(next.log.named('engine.replaced')[0], { taken: 70_000, refused: 0, from: 'old' });
  t.equal((await engine!.client.sessions(0n, 10)).records.length, 1040);

  next.supervisor.close();
  const third = world(t, old.directory);
  t.equal((await third.supervisor.find())!.hello.pid, next.pids[0], 'the next director finds it at the same place');
  t.equal(third.supervisor.predecessor, undefined);
});

t.test('a director that died in the middle of such a change left two: the next one goes on from there', async (t) => {
  const old = world(t);
  old.words.args = ['--protocol', `${PROTOCOL + 1}`];
  await old.supervisor.ensure();
  old.supervisor.close();
  const middle = world(t, old.directory);
  await middle.supervisor.find();
  middle.supervisor.close();

  const next = world(t, old.directory);
  t.equal((await next.supervisor.find())!.hello.pid, middle.pids[0]);
  t.equal(next.supervisor.predecessor!.hello.pid, old.pids[0]);
  t.equal(next.pids.length, 0, 'no third one');
  process.kill(old.pids[0]!, 'SIGKILL');
  await until(() => next.returned.length === 1);
  t.equal(next.supervisor.predecessor, undefined);
  await next.supervisor.takeOver(() => Promise.resolve());
  next.supervisor.close();
  t.equal((await world(t, old.directory).supervisor.find())!.hello.pid, middle.pids[0]);
});

t.test('renewed: another process has its place and its sessions, and nobody thinks that it died', async (t) => {
  const { supervisor, pids, words, returned, log } = world(t);
  words.args = ['--held', '5'];
  await supervisor.ensure();
  words.args = [];
  const engine = await supervisor.renew();
  t.equal(supervisor.engine, engine);
  t.equal(supervisor.predecessor!.hello.pid, pids[0]);
  await supervisor.takeOver(() => Promise.resolve());
  t.notOk(isAlive(pids[0]!));
  t.equal((await engine.client.sessions(0n, 10)).records.length, 520);
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(returned.length, 0);
  t.equal(log.named('engine.lost').length, 0);
});

t.test('a program that ends at once, or is none, is an error with the reason', async (t) => {
  const at = (program: string, args: readonly string[]) => {
    const start = startEngine(program, undefined);
    return new Supervisor({
      path: join(temporaryDirectory(t), 'engine.sock'),
      start: () => start(args),
      args: () => [],
      clock: systemClock,
      log: new MemoryLog(),
      events: {},
      onReturn: () => Promise.resolve(),
      startTimeoutMs: 300,
    });
  };
  await t.rejects(at('/usr/bin/false', []).ensure(), { code: 'ENGINE_NOT_STARTED', message: /exit status 1/ });
  await t.rejects(at('/no/such/program', []).ensure(), { code: 'ENGINE_NOT_STARTED', message: /ENOENT/ });
  await t.rejects(at('/usr/bin/sleep', ['5']).ensure(), {
    code: 'ENGINE_NOT_STARTED',
    message: /does not answer within 300 ms/,
  });
});

t.test('a path that no socket can have is refused by name', async (t) => {
  const { supervisor, pids } = world(t, join(temporaryDirectory(t), 'x'.repeat(100)));
  t.equal(await supervisor.find(), undefined);
  await t.rejects(supervisor.ensure(), { code: 'ENGINE_NOT_STARTED', message: /longer than 107 bytes/ });
  t.equal(pids.length, 0);
});

t.test('stopped while it starts: nothing is left', async (t) => {
  const { supervisor, pids } = world(t);
  const starting = supervisor.ensure().catch(() => undefined);
  await until(() => pids.length === 1);
  await supervisor.stop();
  await starting;
  t.notOk(isAlive(pids[0]!));
  t.equal(supervisor.engine, undefined);
});

t.test('a place that cannot be looked at is not taken for free', async (t) => {
  const { supervisor, path, pids } = world(t);
  symlinkSync(path, path);
  await t.rejects(supervisor.ensure(), { code: 'ENGINE_ABSENT', message: /ELOOP/ });
  t.equal(pids.length, 0);
});

t.test('one that hangs is ended, and another takes its place', async (t) => {
  const { supervisor, pids, log, returned } = world(t, undefined, 300);
  const { client } = await supervisor.ensure();
  process.kill(pids[0]!, 'SIGSTOP');
  await t.rejects(client.counters(), { code: 'ENGINE_TIMEOUT' });
  await until(() => returned.length === 1);
  t.match(log.named('engine.hung'), [{ pid: pids[0] }]);
  t.notOk(isAlive(pids[0]!));
  t.equal(supervisor.engine!.hello.pid, pids[1]);
});

t.test('one that hangs since before we came is ended, and another takes its place', async (t) => {
  const first = world(t);
  await first.supervisor.ensure();
  first.supervisor.close();
  const [hung] = first.pids;
  process.kill(hung!, 'SIGSTOP');
  const next = world(t, first.directory, 300);
  t.equal(await next.supervisor.find(), undefined, 'there is none that can be used');
  t.match(next.log.named('engine.hung'), [{ pid: hung, reason: /did not answer within 300 ms/ }]);
  t.notOk(isAlive(hung!));
  t.equal((await next.supervisor.ensure()).hello.pid, next.pids[0]);
  t.match(next.log.named('engine.adopted'), []);
});

t.test('one that only takes its time is asked twice, and not ended', async (t) => {
  const { supervisor, path, log, pids } = world(t, undefined, 500);
  const slow = await FakeEngine.listen({ path });
  t.teardown(() => slow.close());
  slow.instead.set('hello', 'none');
  const finding = supervisor.find();
  await until(() => slow.asked.length === 1);
  slow.instead.delete('hello');
  t.equal((await finding)?.hello.pid, process.pid);
  t.same(slow.asked, ['hello', 'hello']);
  t.same(
    log.events.map(({ event }) => event),
    ['engine.adopted'],
  );
  t.equal(pids.length, 0);
});

t.test('one that hangs in the middle of a change of engines: the other one is left alone', async (t) => {
  const old = world(t);
  old.words.args = ['--protocol', `${PROTOCOL + 1}`];
  await old.supervisor.ensure();
  old.supervisor.close();
  const middle = world(t, old.directory);
  await middle.supervisor.find();
  middle.supervisor.close();
  process.kill(old.pids[0]!, 'SIGSTOP');

  const next = world(t, old.directory, 300);
  t.equal((await next.supervisor.find())!.hello.pid, middle.pids[0], 'which forwards');
  t.notOk(isAlive(old.pids[0]!));
  t.ok(isAlive(middle.pids[0]!));
  t.equal(next.supervisor.predecessor, undefined);
});

t.test('a stranger who says nothing at our place is not ended: that is a sentence', async (t) => {
  const { supervisor, path, log, pids } = world(t, undefined, 200);
  const stranger = await FakeEngine.listen({ path });
  t.teardown(() => stranger.close());
  stranger.instead.set('hello', 'none');
  await t.rejects(supervisor.ensure(), {
    code: 'ENGINE_ABSENT',
    message: /says nothing, and was not started by an lvsd/,
  });
  t.equal(stranger.asked.length, 2, 'asked twice');
  t.equal(log.named('engine.hung').length, 0);
  t.equal(pids.length, 0);
});

t.test('one that was just started and says nothing is ended, with the reason', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'engine.sock');
  const script = 'require("net").createServer(() => undefined).listen(process.argv[1])';
  const start = startEngine(process.execPath, undefined);
  const pids: number[] = [];
  const supervisor = new Supervisor({
    path,
    start: async () => {
      const child = await start(['-e', script, path]);
      pids.push(child.pid);
      return child;
    },
    args: () => [],
    clock: systemClock,
    log: new MemoryLog(),
    events: {},
    onReturn: () => Promise.resolve(),
    startTimeoutMs: 1500,
    answerTimeoutMs: 200,
  });
  await t.rejects(supervisor.ensure(), { code: 'ENGINE_NOT_STARTED', message: /does not answer within 1500 ms/ });
  await until(() => !isAlive(pids[0]!));
  t.notOk(isAlive(pids[0]!));
});
