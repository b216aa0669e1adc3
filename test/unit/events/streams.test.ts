/** Readers of the journal: fast, slow, gone, too many. */
import { PassThrough, Writable } from 'node:stream';
import t from 'tap';
import { Journal } from '../../../src/events/journal.js';
import { EventStreams, type StreamLimits, usualStreamLimits } from '../../../src/events/streams.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';

/** A reader that takes what it is given, when it is told to. */
class Reader extends Writable {
  readonly got: string[] = [];
  isTaking = true;
  readonly #waiting: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 1024 });
  }
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.got.push(chunk.toString());
    if (this.isTaking) done();
    else this.#waiting.push(done);
  }
  take(): void {
    this.isTaking = true;
    for (const done of this.#waiting.splice(0)) done();
  }
  get text(): string {
    return this.got.join('');
  }
  get names(): readonly string[] {
    return [...this.text.matchAll(/"event":"([a-z.-]+)"/g)].map(([, name = '']) => name);
  }
}

const all = { events: [], level: 'info' } as const;

function site(limits: Partial<StreamLimits> = {}, most = 10_000) {
  const clock = new FakeClock();
  const journal = new Journal({ wallMs: () => 1000, most });
  journal.open();
  const streams = new EventStreams(journal, clock, { ...usualStreamLimits, ...limits });
  const say = (...names: readonly string[]): void => {
    for (const event of names) journal.add('info', { event });
    journal.flush();
  };
  return { clock, journal, streams, say };
}

t.test('what happens, and what happened since', (t) => {
  const { streams, say, journal } = site();
  say('a.a', 'b.b');
  const [now, since, everything] = [new Reader(), new Reader(), new Reader()];
  streams.follow(now, undefined, all);
  streams.follow(since, journal.last - 1, all);
  streams.follow(everything, 0, all);
  say('c.c');
  t.same(now.names, ['c.c']);
  t.same(since.names, ['b.b', 'c.c']);
  t.same(everything.names, ['a.a', 'b.b', 'c.c']);
  t.equal(
    now.text,
    `retry: 2000\n\nid: ${journal.last}\ndata: {"id":${journal.last},"at":1000,"event":"c.c","level":"info"}\n\n`,
  );
  t.equal(streams.open, 3);
  streams.endAll();
  t.equal(streams.open, 0);
  t.ok(now.writableEnded);
  t.end();
});

t.test('who was away too long is told so, and gets what there is', (t) => {
  const { streams, say, journal } = site({}, 2);
  const before = journal.last;
  say('a.a', 'b.b', 'c.c');
  const reader = new Reader();
  streams.follow(reader, before, all);
  t.match(
    reader.text,
    `event: reset\ndata: {"after":${before},"oldest":${journal.last - 1},"last":${journal.last}}\n\n`,
  );
  t.same(reader.names, ['b.b', 'c.c']);
  t.end();
});

t.test('only what is wanted; a heartbeat says how far one is', (t) => {
  const { streams, say, journal, clock } = site({ heartbeatMs: 1000 });
  const reader = new Reader();
  streams.follow(reader, undefined, { events: ['vrrp.'], level: 'info' });
  say('health.verdict', 'vrrp.role', 'director.drift');
  t.same(reader.names, ['vrrp.role']);
  clock.advance(1000);
  t.ok(reader.text.endsWith(`\n\nid: ${journal.last}\n\n`));
  clock.advance(2000);
  t.equal(reader.text.split(`id: ${journal.last}\n\n`).length, 4, 'again and again');
  t.end();
});

t.test('a reader that has no time gets all of it later, and none of it waits in memory', async (t) => {
  const { streams, say } = site();
  const reader = new Reader();
  reader.isTaking = false;
  streams.follow(reader, undefined, all);
  const names = Array.from({ length: 3000 }, (_, n) => (n % 2 === 0 ? 'a.a' : 'b.b'));
  for (const name of names) say(name);
  t.ok(reader.writableLength < 4096, `${reader.writableLength} bytes wait`);
  reader.take();
  while (reader.names.length < names.length) await settled();
  t.same(reader.names, names);
});

t.test('one that takes nothing is cut off, also if nothing happens', (t) => {
  const { streams, say, clock } = site({ stallMs: 5000, heartbeatMs: 1000 });
  const reader = new Reader();
  reader.isTaking = false;
  streams.follow(reader, undefined, all);
  for (let n = 0; n < 100; n++) say('a.a');
  clock.advance(4999);
  t.notOk(reader.destroyed);
  clock.advance(1);
  t.ok(reader.destroyed);
  t.same([streams.open, streams.cut], [0, 1]);
  t.equal(clock.pending, 0, 'no timer is left');
  t.end();
});

t.test('so is one whose place in the journal is gone', async (t) => {
  const { streams, say } = site({}, 10);
  const reader = new Reader();
  reader.isTaking = false;
  streams.follow(reader, undefined, all);
  for (let n = 0; n < 200; n++) say('a.a');
  reader.take();
  for (let n = 0; n < 10 && !reader.destroyed; n++) await settled();
  t.ok(reader.destroyed, 'it would miss some: it comes back, and is told');
  t.equal(streams.cut, 1);
});

t.test('no more than there may be, and a place that was left is free', async (t) => {
  const { streams, say, clock } = site({ most: 3 });
  const readers = [new PassThrough(), new PassThrough(), new PassThrough()];
  for (const reader of readers) streams.follow(reader.resume(), undefined, all);
  t.throws(() => streams.follow(new PassThrough(), undefined, all), { code: 'EVENTS_FULL' });
  readers[0]!.destroy();
  await settled();
  t.equal(streams.open, 2);
  t.equal(streams.cut, 0, 'it went by itself');
  streams.follow(new PassThrough().resume(), undefined, all);
  readers[1]!.destroy(new Error('ECONNRESET'));
  await settled();
  t.equal(streams.open, 2);
  say('a.a');
  streams.endAll();
  t.equal(clock.pending, 0);
});
