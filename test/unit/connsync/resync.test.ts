import { duplexPair } from '../../helpers/duplex-pair.js';
import t, { type Test } from 'tap';
import type { MessageSink } from '../../../src/connsync/backup-daemon.js';
import { connectionFlag } from '../../../src/connsync/kernel-words.js';
import { decodeLine, encodeLine, type ReplayReport } from '../../../src/connsync/lines.js';
import { decodeMessage, type SyncConnection } from '../../../src/connsync/message.js';
import { takeConnections } from '../../../src/connsync/newcomer.js';
import { broadcastConnections, defaultPace, giveConnections } from '../../../src/connsync/running.js';
import type { ConnectionTable } from '../../../src/connsync/table-file.js';
import { TableReader } from '../../../src/connsync/table-reader.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';

/** A kernel's connections as lines, and its backup daemon, which loses the messages that `loses` says. */
class FakeKernel implements ConnectionTable, MessageSink {
  readonly lines = new Map<string, string>();
  readonly #loses: (message: number) => boolean;
  messages = 0;
  longest = 0;
  /** Before each look. */
  beforeScan: () => void = () => undefined;

  constructor(count = 0, loses: (message: number) => boolean = () => false) {
    this.#loses = loses;
    for (let i = 0; i < count; i++) this.open(i);
  }

  open(i: number): void {
    const port = (1024 + i).toString(16).toUpperCase().padStart(4, '0');
    this.#put(`TCP 0A010002 ${port} 0A090001 0050 0A02000B 0050`, 'ESTABLISHED 600');
  }

  #put(key: string, rest: string): void {
    this.lines.set(key, `${key} ${rest}`);
  }

  scan: ConnectionTable['scan'] = async (each, between) => {
    this.beforeScan();
    const reader = new TableReader(each);
    reader.push(Buffer.from('header\n'));
    for (const line of [...this.lines.values()]) {
      reader.push(Buffer.from(`${line}\n`));
      await between(1);
    }
    return { rows: reader.rows, refused: reader.refused };
  };

  send(bytes: Uint8Array): Promise<void> {
    this.longest = Math.max(this.longest, bytes.length);
    if (this.#loses(this.messages++)) return Promise.resolve();
    const message = decodeMessage(bytes);
    if (typeof message === 'string') throw new Error(message);
    for (const one of message.connections) this.#learn(one);
    return Promise.resolve();
  }

  #learn({ client, clientPort, virtual, destination, flags, timeoutSeconds }: SyncConnection): void {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
    const port = clientPort.toString(16).toUpperCase().padStart(4, '0');
    const state = (flags & connectionFlag.inactive) === 0 ? 'ESTABLISHED' : 'NONE';
    this.#put(`TCP ${hex(client)} ${port} ${hex(virtual)} 0050 ${hex(destination)} 0050`, `${state} ${timeoutSeconds}`);
  }

  drained = (): Promise<void> => Promise.resolve();
  close = (): void => undefined;
}

const daemon = { state: 'backup', interface: 'eth0', syncId: 5, maxLength: 600 } as const;
const running = (table: ConnectionTable) => ({
  clock: systemClock,
  table,
  services: () => Promise.resolve([]),
  pace: { connectionsPerSecond: 1e9, bytesPerSecond: 1e12 },
});

async function resync(from: FakeKernel, to: FakeKernel): Promise<ReplayReport> {
  const [a, b] = duplexPair();
  const [given, taken] = await Promise.all([
    giveConnections(a, running(from)),
    takeConnections({ stream: b, clock: systemClock, table: to, daemon, sink: to, seed: 77 }),
  ]);
  t.strictSame(given, taken, 'both say the same');
  return taken;
}

const same = (t: Test, from: FakeKernel, to: FakeKernel): void =>
  void t.strictSame([...to.lines].sort(), [...from.lines].sort());

t.test('everything arrives, in messages as long as the daemon takes', async (t) => {
  const [from, to] = [new FakeKernel(2000), new FakeKernel()];
  const report = await resync(from, to);
  t.match(report, { rounds: 2, connections: 2000, sent: 2000, repeated: 0, missing: 0, unverified: 0 });
  t.ok(to.longest <= 600 && to.longest > 550, String(to.longest));
  same(t, from, to);
});

t.test('what is lost is found and sent again, and nothing else', async (t) => {
  const [from, to] = [new FakeKernel(2000), new FakeKernel(0, (message) => message % 5 === 1)];
  const report = await resync(from, to);
  t.match(report, { missing: 0, unverified: 0 });
  t.ok(report.repeated > 300 && report.repeated < 600, `${report.repeated} were sent again`);
  t.equal(report.sent, 2000 + report.repeated);
  same(t, from, to);
});

t.test('only what differs is sent to one that has most', async (t) => {
  const [from, to] = [new FakeKernel(2000), new FakeKernel(1990)];
  t.match(await resync(from, to), { sent: 10, missing: 0 });
  same(t, from, to);
  t.match(await resync(from, to), { sent: 0, rounds: 1 });
});

t.test('a kernel that takes nothing: what is missing is told, after some rounds', async (t) => {
  const [from, to] = [new FakeKernel(100), new FakeKernel(0, () => true)];
  t.match(await resync(from, to), { rounds: 5, missing: 100 });
});

t.test('connections that begin meanwhile do not keep it from ending', async (t) => {
  const [from, to] = [new FakeKernel(100), new FakeKernel()];
  let next = 1000;
  from.beforeScan = () => from.open(next++);
  t.match(await resync(from, to), { rounds: 2, missing: 0, unverified: 1 });
});

t.test('a broadcast sends each once', async (t) => {
  const [from, to] = [new FakeKernel(500), new FakeKernel()];
  t.match(await broadcastConnections(to, running(from), { syncId: 5, maxLength: 1472 }), { sent: 500, messages: 13 });
  same(t, from, to);
});

t.test('who refuses says why', async (t) => {
  const [a, b] = duplexPair();
  const kernel = new FakeKernel();
  const given = giveConnections(a, running(kernel), () => 'it is a backup itself');
  const taken = takeConnections({ stream: b, clock: systemClock, table: kernel, daemon, sink: kernel, seed: 1 });
  await t.rejects(given, { code: 'RESYNC_FAILED', message: /it is a backup itself/ });
  await t.rejects(taken, { code: 'RESYNC_FAILED', message: /it is a backup itself/ });
});

t.test('a peer that speaks nonsense, out of turn, or not at all', async (t) => {
  const messages = (...bytes: Uint8Array[]): string => encodeLine({ kind: 'messages', number: 1, messages: bytes });
  const rows: readonly (readonly [string, RegExp])[] = [
    ['hello\n', /is no resync/],
    ['{"kind":"taken","number":-1}\n', /is no resync/],
    ['x'.repeat(300_000), /is no resync/],
    ['{"kind":"taken","number":1}\n', /which is ours to say/],
    [messages(Uint8Array.of(1, 2, 3)), /that is none: short/],
  ];
  for (const [text, why] of rows) {
    const [a, b] = duplexPair();
    const kernel = new FakeKernel();
    const taken = takeConnections({ stream: b, clock: systemClock, table: kernel, daemon, sink: kernel, seed: 1 });
    a.write(text);
    await t.rejects(taken, { code: 'RESYNC_FAILED', message: why }, text.slice(0, 40));
    t.ok(b.destroyed);
  }
  const [a, b] = duplexPair();
  const given = giveConnections(a, running(new FakeKernel()));
  b.end();
  await t.rejects(given, { message: /the connection ended/ });
});

t.test('silence ends it', async (t) => {
  const [, b] = duplexPair();
  const clock = new FakeClock();
  const kernel = new FakeKernel();
  const taken = takeConnections({ stream: b, clock, table: kernel, daemon, sink: kernel, seed: 1 });
  const ended = t.rejects(taken, { message: /does not answer/ });
  await settled();
  for (let i = 0; i < 40; i++) await clock.run(1000, 1000);
  await ended;
  t.equal(clock.pending, 0);
});

t.test('the pace is kept', async (t) => {
  const kernel = new FakeKernel(2000);
  const began = performance.now();
  const pace = { ...defaultPace, connectionsPerSecond: 10_000 };
  await broadcastConnections(new FakeKernel(), { ...running(kernel), pace }, { syncId: 5, maxLength: 1472 });
  t.ok(performance.now() - began >= 180, '2000 connections at 10,000 a second');
});

t.test('lines are read as they were written; others are none', (t) => {
  for (const text of [
    '',
    '[]',
    'null',
    '{"kind":"what"}',
    '{"kind":"digests","count":1,"digests":"AAAA"}',
    '{"kind":"keys","keys":"/////wAAAAA=","last":true}',
    '{"kind":"messages","number":1,"messages":[1]}',
    '{"kind":"complete","report":{}}',
  ])
    t.equal(decodeLine(text), undefined, text);
  t.match(decodeLine(encodeLine({ kind: 'ask', version: 1, syncId: 5, maxLength: 1472, seed: 7 }).trim()), {
    syncId: 5,
  });
  t.end();
});
