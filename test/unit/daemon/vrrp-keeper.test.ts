/** The keeper before real sockets; the process behind them is a fake, and so is time. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { VrrpKeeper } from '../../../src/daemon/vrrp-keeper.js';
import { type VrrpOrder, vrrpOrderOf } from '../../../src/daemon/vrrp-order.js';
import { vrrpFiles } from '../../../src/daemon/vrrp-process.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { instance } from '../../helpers/vrrp-side.js';

const orderOf = (priority: number): VrrpOrder => vrrpOrderOf(configurationOf(instance(priority)))!;

/** Paths of sockets are short. */
function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The child as its parent sees it, and the process as its socket shows it. */
class FakeProcess extends EventEmitter {
  readonly told: { readonly do: string; readonly order?: VrrpOrder }[] = [];
  /** Why it refuses orders. */
  refuses: string | undefined;
  /** It never answers. */
  hangs = false;
  /** It does not let go. */
  isStubborn = false;
  killed: NodeJS.Signals | undefined;
  readonly #path: string;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(path: string) {
    super();
    this.#path = path;
  }

  listen(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket));
    return new Promise((resolve) => this.#server!.listen(this.#path, resolve));
  }

  /** It is gone, whoever killed it. */
  async die(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    this.emit('exit', null, 'SIGKILL');
  }

  kill(signal: NodeJS.Signals): boolean {
    this.killed = signal;
    return true;
  }

  get orders(): readonly number[] {
    return this.told.flatMap(({ order }) => order?.vrrp.instances[0]?.priority ?? []);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.setEncoding('utf8');
    let waiting = '';
    socket.on('data', (text: string) => {
      const lines = (waiting + text).split('\n');
      waiting = lines.pop() ?? '';
      for (const line of lines) this.#answer(socket, line);
    });
  }

  #answer(socket: Socket, line: string): void {
    const request = JSON.parse(line) as { readonly do: string; readonly order?: VrrpOrder };
    this.told.push(request);
    if (this.hangs) return;
    const answer =
      this.refuses !== undefined && request.do === 'configure'
        ? { ok: false, error: this.refuses }
        : { ok: true, result: request.do === 'status' ? { instances: [], groups: [] } : null };
    socket.write(`${JSON.stringify(answer)}\n`);
    if (request.do === 'stop' && !this.isStubborn) setImmediate(() => void this.die());
  }
}

t.setTimeout(120_000);

class World {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly started: FakeProcess[] = [];
  /** What happens to those that are started. */
  begin: (process: FakeProcess) => void = (process) => void process.listen();
  readonly keeper: VrrpKeeper;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.keeper = new VrrpKeeper({ folder, clock: this.clock, log: this.log, start: () => this.#start() });
  }

  /** A process that somebody else has started. */
  process(): FakeProcess {
    return new FakeProcess(vrrpFiles(this.#folder).socket);
  }

  /** Time and sockets go on until then. */
  async until(isSo: () => boolean, what: string, stepMs = 10): Promise<void> {
    for (let turn = 0; !isSo(); turn++) {
      assert.ok(turn < 20_000, `never: ${what}`);
      this.clock.advance(stepMs);
      await new Promise((resolve) => setTimeout(resolve, turn < 100 ? 0 : 1));
    }
  }

  async done<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const ended = work.finally(() => (isDone = true));
    ended.catch(() => undefined);
    await this.until(() => isDone, 'the answer');
    return ended;
  }

  #start(): ChildProcess {
    const process = this.process();
    this.started.push(process);
    setImmediate(() => this.begin(process));
    return process as unknown as ChildProcess;
  }
}

/** Without what JSON leaves out; what it would change stays as it is. */
const said = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(said);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [[key, said(one)]])),
  );
};

t.test('an order crosses the socket as it is', (t) => {
  const order = orderOf(150);
  t.strictSame(JSON.parse(JSON.stringify(order)), said(order));
  t.end();
});

t.test('started where there is none, and told each configuration', async (t) => {
  const world = new World(folderOf(t));
  await world.done(world.keeper.follow(orderOf(150)));
  await world.done(world.keeper.follow(orderOf(120)));
  t.equal(world.started.length, 1);
  t.same(world.started[0]!.orders, [150, 120]);
  t.same(await world.keeper.report(), { instances: [], groups: [] });
  await world.done(world.keeper.close('keep'));
  t.notOk(
    world.started[0]!.told.some(({ do: what }) => what === 'stop'),
    'it lives on',
  );
  t.equal(world.clock.pending, 0);
  await world.started[0]!.die();
});

t.test('one that runs is taken as it is, and let go when there is nothing for it', async (t) => {
  const world = new World(folderOf(t));
  const process = world.process();
  await process.listen();
  await world.done(world.keeper.follow(orderOf(150)));
  t.equal(world.started.length, 0);
  await world.done(world.keeper.follow(undefined));
  t.equal(process.told.at(-1)?.do, 'stop');
  t.equal(await world.keeper.report(), undefined);
  await world.done(world.keeper.follow(orderOf(100)));
  t.equal(world.started.length, 1, 'and another one where it is needed again');
  await world.done(world.keeper.close('stop'));
  t.equal(world.started[0]!.told.at(-1)?.do, 'stop');
  t.equal(world.clock.pending, 0);
});

t.test(
  'killed: started again at once with the last configuration; ever more slowly if it dies each time',
  async (t) => {
    const world = new World(folderOf(t));
    await world.done(world.keeper.follow(orderOf(150)));
    const [first] = world.started;
    world.clock.advance(60_000);
    const atMs = world.clock.now();
    await first!.die();
    await world.until(() => world.started[1]?.orders.length === 1, 'the second');
    t.ok(world.clock.now() - atMs < 2000, 'at once');
    t.same(world.started[1]!.orders, [150]);

    world.begin = (process) => void process.emit('exit', 1, null);
    const since = world.clock.now();
    await world.started[1]!.die();
    await world.until(() => world.clock.now() > since + 60_000, 'a minute', 100);
    t.ok(world.started.length > 5 && world.started.length < 20, `${world.started.length} starts`);
    t.equal(world.log.named('vrrp.not-running').length, 1, 'said once');
    world.begin = (process) => void process.listen();
    await world.until(() => world.started.at(-1)?.orders.length === 1, 'one that lives', 100);
    await world.done(world.keeper.close('stop'));
  },
);

t.test('it is greeted, so that the line stays open; nothing is configured anew', async (t) => {
  const world = new World(folderOf(t));
  await world.done(world.keeper.follow(orderOf(150)));
  const [process] = world.started;
  await world.until(() => process!.told.filter(({ do: what }) => what === 'hello').length === 5, 'five greetings', 100);
  t.same(process!.orders, [150]);
  await world.done(world.keeper.close('stop'));
});

t.test('it dies while it is told: who asked hears it, and the next one has it', async (t) => {
  const world = new World(folderOf(t));
  await world.done(world.keeper.follow(orderOf(150)));
  const [first] = world.started;
  world.clock.advance(60_000);
  first!.hangs = true;
  const told = world.keeper.follow(orderOf(120));
  await world.until(() => first!.orders.length === 2, 'the order');
  await first!.die();
  await t.rejects(world.done(told), { code: 'DIRECTOR_ABSENT' });
  await world.until(() => world.started[1]?.orders.length === 1, 'the second');
  t.same(world.started[1]!.orders, [120]);
  await world.done(world.keeper.close('stop'));
});

t.test('refused: who asked hears why, and it is tried again slowly', async (t) => {
  const world = new World(folderOf(t));
  const process = world.process();
  await process.listen();
  process.refuses = 'auth_hmac: key 1 cannot be used';
  await t.rejects(world.done(world.keeper.follow(orderOf(150))), { code: 'DIRECTOR_SAYS_NO' });
  const since = world.clock.now();
  await world.until(() => world.clock.now() > since + 60_000, 'a minute', 100);
  t.ok(process.orders.length > 5 && process.orders.length < 20, `${process.orders.length} times`);
  t.equal(world.log.named('vrrp.not-running').length, 0, 'who asked was told');
  process.refuses = undefined;
  const { length } = process.orders;
  await world.until(() => process.orders.length === length + 1, 'another try', 100);
  await world.until(() => world.clock.now() > since + 200_000, 'and then no more', 500);
  t.equal(process.orders.length, length + 1);
  await world.done(world.keeper.close('stop'));
});

t.test('one that does not listen in time is killed before another is started', async (t) => {
  const world = new World(folderOf(t));
  world.begin = () => undefined;
  await t.rejects(world.done(world.keeper.follow(orderOf(150))), { code: 'VRRP_NOT_STARTED' });
  t.equal(world.started[0]!.killed, 'SIGKILL');
  world.begin = (process) => void process.listen();
  await world.until(() => world.started[1]?.orders.length === 1, 'the next one');
  await world.done(world.keeper.close('stop'));
});

t.test('stopped while it starts: it comes up, and is told to let go', async (t) => {
  const world = new World(folderOf(t));
  world.begin = () => undefined;
  const told = world.keeper.follow(orderOf(150));
  await world.until(() => world.started.length === 1, 'the start');
  const closed = world.keeper.close('stop');
  await world.started[0]!.listen();
  await world.done(told);
  await world.done(closed);
  t.equal(world.started[0]!.told.at(-1)?.do, 'stop');
  t.equal(world.started.length, 1);
  t.equal(world.clock.pending, 0);
  await t.rejects(world.keeper.follow(orderOf(1)));
});

t.test('one that does not let go is not waited for', async (t) => {
  const world = new World(folderOf(t));
  await world.done(world.keeper.follow(orderOf(150)));
  const [process] = world.started;
  process!.isStubborn = true;
  await world.done(world.keeper.close('stop'));
  t.match(world.log.named('vrrp.not-stopped'), [{ level: 'error' }]);
  t.equal(world.clock.pending, 0);
  await process!.die();
});

t.test('two keepers have one process', async (t) => {
  const folder = folderOf(t);
  const [one, other] = [new World(folder), new World(folder)];
  await one.done(one.keeper.follow(orderOf(150)));
  await other.done(other.keeper.follow(orderOf(120)));
  t.equal(other.started.length, 0);
  t.same(one.started[0]!.orders, [150, 120]);
  await other.done(other.keeper.close('keep'));
  await one.done(one.keeper.close('stop'));
});
