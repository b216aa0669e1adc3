/** The director’s side, before a real socket; the process behind it is its own control socket with nothing else. */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { serveControl } from '../../../src/daemon/control.js';
import { PeerQuestions } from '../../../src/daemon/peer-questions.js';
import { SyncKeeper } from '../../../src/daemon/sync-keeper.js';
import { decodeSyncRequest, type SyncOrder, type SyncRequest, syncOrderOf } from '../../../src/daemon/sync-order.js';
import { syncFiles } from '../../../src/daemon/sync-process.js';
import { LvsError } from '../../../src/errors.js';
import { systemClock } from '../../../src/system/clock.js';
import { configurationOf } from '../../helpers/configuration.js';
import { MemoryLog } from '../../helpers/memory-log.js';

t.setTimeout(120_000);

/** No answer is that late, on whatever machine. */
const WITHIN_MS = 60_000;

const order = (port: number): SyncOrder =>
  syncOrderOf(
    configurationOf(`global_defs {
  pair_peer 10.0.0.2 ${port}
  pair_key "correct horse battery staple"
}`),
  )!;

/** What is asked of the process, and how it answers. */
class Process {
  readonly asked: SyncRequest[] = [];
  readonly questions = new PeerQuestions(systemClock);
  readonly log = new MemoryLog();
  /** What the other director says. */
  peer: () => Promise<unknown> = () => Promise.resolve({ ok: true, result: 42 });
  readonly #path: string;
  readonly #child = new EventEmitter();
  #close: (() => Promise<void>) | undefined;

  constructor(folder: string) {
    this.#path = syncFiles(folder).socket;
  }

  start(): ChildProcess {
    void this.listen();
    return this.#child as unknown as ChildProcess;
  }

  async listen(): Promise<void> {
    const answer = (request: SyncRequest): Promise<unknown> => {
      this.asked.push(request);
      switch (request.do) {
        case 'ask':
          return this.peer();
        case 'next-question':
          return this.questions.next();
        case 'answer':
          this.questions.answer(request.id, request.answer);
          return Promise.resolve();
        case 'stop':
          setImmediate(() => void this.die());
          return Promise.resolve();
        default:
          return Promise.resolve({ ours: request.do, theirs: null });
      }
    };
    this.#close = await serveControl(
      this.#path,
      { decode: decodeSyncRequest, answer },
      { log: this.log, clock: systemClock },
    );
  }

  async die(): Promise<void> {
    await this.#close?.();
    this.#child.emit('exit', null, 'SIGKILL');
  }

  get ports(): readonly number[] {
    return this.asked.flatMap((request) => (request.do === 'configure' ? [request.order.pair.port] : []));
  }
}

interface Kept {
  readonly process: Process;
  readonly keeper: SyncKeeper;
  readonly log: MemoryLog;
}

function begin(t: Test): Kept {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  const process = new Process(folder);
  const log = new MemoryLog();
  const keeper = new SyncKeeper({ folder, start: () => process.start(), clock: systemClock, log });
  t.teardown(async () => {
    process.questions.close();
    await keeper.close('stop');
    rmSync(folder, { recursive: true, force: true });
  });
  return { process, keeper, log };
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};

t.test('started and told; what it sees is shown; killed: another one is told again', async (t) => {
  const { process, keeper } = begin(t);
  t.equal(await keeper.report(), null, 'there is no other director yet');
  await keeper.follow(order(7000));
  t.match(await keeper.report(), { ours: 'status' });
  await process.die();
  await until(() => process.ports.length === 2);
  t.same(process.ports, [7000, 7000]);
  await keeper.follow(order(7001));
  t.equal(process.ports.at(-1), 7001);
  await keeper.follow(undefined);
  t.match(process.asked.at(-1), { do: 'stop' });
  t.equal(await keeper.report(), null);
});

t.test('the other director is asked by way of it', async (t) => {
  const { process, keeper } = begin(t);
  await t.rejects(keeper.peer.ask({ do: 'x' }, WITHIN_MS), { code: 'PAIR_NOBODY' });
  await keeper.follow(order(7000));
  t.same(await keeper.peer.ask({ do: 'x', n: 1 }, WITHIN_MS), { ok: true, result: 42 });
  t.match(
    process.asked.filter(({ do: what }) => what === 'ask'),
    [{ question: { do: 'x', n: 1 }, withinMs: WITHIN_MS }],
  );
  process.peer = () => Promise.reject(new LvsError('PAIR_REFUSED', ['the other director: it is away']));
  await t.rejects(keeper.peer.ask({ do: 'x' }, WITHIN_MS), {
    code: 'PAIR_REFUSED',
    message: 'the other director: it is away; nothing was changed',
  });
});

t.test('what the other director asks is answered, also by the next process', async (t) => {
  const { process, keeper } = begin(t);
  keeper.answerPeer(async ({ do: what, n }) => {
    if (what === 'fail') throw new Error('it cannot be done');
    return Promise.resolve({ ok: true, result: Number(n) + 1 });
  });
  await keeper.follow(order(7000));
  t.same(await process.questions.post({ do: 'add', n: 1 }), { ok: true, result: 2 });
  t.same(await process.questions.post({ do: 'fail' }), { ok: false, error: 'it cannot be done' });
  await process.die();
  process.questions.close();
  t.same(await process.questions.post({ do: 'add', n: 2 }), { ok: true, result: 3 });
});

t.test('an engine is not kept waiting: for nothing, for a dead process, or for ever', async (t) => {
  const { process, keeper } = begin(t);
  await keeper.restoreSessions();
  await keeper.follow(order(7000));
  await keeper.restoreSessions();
  t.notOk(
    process.asked.some(({ do: what }) => what === 'restore'),
    'no service of it',
  );
});

t.test('requests', (t) => {
  for (const request of [
    { do: 'stop' },
    { do: 'status' },
    { do: 'restore' },
    { do: 'next-question' },
    { do: 'ask', question: { do: 'x' }, withinMs: 5 },
    { do: 'answer', id: 1, answer: { ok: false, error: 'no' } },
    { do: 'configure', order: order(1) },
  ])
    t.match(decodeSyncRequest(JSON.stringify(request)), JSON.parse(JSON.stringify(request)) as object);
  for (const text of ['', '{}', 'null', '{"do":"ask","question":{}}', '{"do":"answer","id":1}', '{"do":"configure"}'])
    t.equal(decodeSyncRequest(text), undefined, text);
  t.equal(syncOrderOf(configurationOf('')), undefined, 'there is no other director');
  t.end();
});
