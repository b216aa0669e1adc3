/** Two engines that are maps, and a stream between them that loses, doubles and swaps frames while it is told to. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { SessionsChanged, SessionsPage } from '../../../src/dataplane/protocol.js';
import { SESSION_RECORD_BYTES } from '../../../src/dataplane/protocol.js';
import { decodeSessions, encodeSessions } from '../../../src/dataplane/session-record.js';
import { type SyncEngine, SyncReceiver, SyncSender } from '../../../src/dataplane/session-sync.js';
import { encodeSync, packRecords } from '../../../src/dataplane/sync-codec.js';
import type { SyncStream } from '../../../src/dataplane/sync-link.js';
import { defaultSyncLimits, newSender, stepSender } from '../../../src/dataplane/sync-machine.js';
import { SessionOrigins } from '../../../src/dataplane/sync-origins.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';

const LIMITS = { beatMs: 100, windowBytes: 200, limitBytes: 1000, gapMs: 50, longestGapMs: 400 };

const record = (flow: number, server: number, gone = false, establishes = true): Uint8Array =>
  encodeSessions([
    {
      client: { address: `198.51.100.${flow + 1}`, port: 40_000 + flow },
      vip: { address: '10.0.0.1', port: 80 },
      destination: { address: `192.168.0.${server + 1}`, port: 80 },
      snat: undefined,
      protocol: 6,
      state: establishes ? 'established' : 'syn',
      affinity: false,
      gone,
      remainingMs: gone ? 0 : 1_000_000,
      service: 0,
      hash: BigInt(flow),
    },
  ]);

/** As the real one: answers and changes leave in one order, and all that is there comes in one piece. */
class MapEngine implements SyncEngine {
  readonly flows = new Map<number, Uint8Array>();
  readonly #out: (() => void)[] = [];
  onSessions: ((change: SessionsChanged) => void) | undefined;
  onEnd: (() => void) | undefined;
  isLost = false;
  fails = 0;

  set(flow: number, server: number, establishes: boolean): void {
    this.flows.set(flow, record(flow, server, false, establishes));
    this.tell(record(flow, server, false, establishes));
  }

  end(flow: number): void {
    if (this.flows.delete(flow)) this.tell(record(flow, 0, true));
  }

  tell(records: Uint8Array): void {
    const lost = this.isLost;
    this.isLost = false;
    this.#out.push(() => this.onSessions?.({ lost, records }));
  }

  deliver(): void {
    for (const one of this.#out.splice(0)) one();
  }

  sessions(cursor: bigint): Promise<SessionsPage> {
    const flows = [...this.flows].filter(([flow]) => BigInt(flow) >= cursor).sort(([a], [b]) => a - b);
    const page = flows.slice(0, 3);
    const last = page.at(-1);
    const answer = {
      next: last === undefined ? 0n : BigInt(last[0] + 1),
      records: Buffer.concat(page.map(([, r]) => r)),
    };
    // two turns, as the client has them between an answer and who asked
    return new Promise<SessionsPage>((resolve) => this.#out.push(() => resolve(answer))).then((page) => page);
  }

  loadSessions(records: Uint8Array): Promise<{ taken: number; refused: number }> {
    if (this.fails > 0) {
      this.fails--;
      return Promise.reject(new Error('no engine'));
    }
    for (const { client, gone, destination, state } of decodeSessions(records)) {
      const flow = client.port - 40_000;
      if (gone) this.flows.delete(flow);
      else this.flows.set(flow, record(flow, Number(destination!.address.split('.')[3]) - 1, false, state !== 'syn'));
    }
    return Promise.resolve({ taken: records.length / SESSION_RECORD_BYTES, refused: 0 });
  }

  follow(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.onSessions = undefined;
  }
}

type Fault = 'none' | 'lose' | 'double' | 'swap';

/** One frame per write. */
class Wire {
  readonly frames: Uint8Array[] = [];
  isOpen = true;
  received: (bytes: Uint8Array) => void = () => undefined;
  hasHello = false;

  deliver(fault: Fault): void {
    const frames = this.frames.splice(0, 1);
    const [frame] = frames;
    if (frame === undefined) return;
    if (!this.hasHello || fault === 'none') {
      this.hasHello = true;
      return this.received(frame);
    }
    if (fault === 'double') [frame, frame].forEach((each) => this.received(each.slice()));
    if (fault === 'swap') {
      if (this.frames.length === 0) this.frames.push(frame);
      else this.frames.splice(1, 0, frame);
    }
  }
}

/** What this end writes to, and what it hears by. */
const streamOf = (out: Wire, into: Wire): SyncStream => ({
  write: (bytes) => void out.frames.push(bytes),
  buffered: () => out.frames.reduce((sum, { length }) => sum + length, 0),
  pause: () => undefined,
  resume: () => undefined,
  close: () => undefined,
  listen: (received) => void (into.received = received),
});

class Pair {
  readonly clock = new FakeClock();
  readonly a = new MapEngine();
  readonly b = new MapEngine();
  readonly origins = new SessionOrigins(10_000, [7, 9]);
  #sender: SyncSender | undefined;
  #receiver: SyncReceiver | undefined;
  #there!: Wire;
  #back!: Wire;
  mostBuffered = 0;

  constructor() {
    this.join();
  }

  join(): void {
    this.close();
    this.#there = new Wire();
    this.#back = new Wire();
    const { clock, origins } = this;
    const again = (): void => this.join();
    this.#sender = new SyncSender({
      stream: streamOf(this.#there, this.#back),
      clock,
      limits: LIMITS,
      connect: (events) => {
        const { a } = this;
        a.onSessions = events.onSessions;
        a.onEnd = events.onEnd;
        return Promise.resolve({
          sessions: (cursor) => a.sessions(cursor),
          loadSessions: (records) => a.loadSessions(records),
          follow: () => a.follow(),
          // a connection that ends late is not the one that came after it
          close: () => {
            if (a.onSessions === events.onSessions) a.onSessions = undefined;
          },
        });
      },
      onEnd: again,
    });
    const stream = streamOf(this.#back, this.#there);
    this.#receiver = new SyncReceiver({
      stream,
      clock,
      limits: LIMITS,
      origins,
      engine: this.b,
      after: this.#receiver?.settled() ?? Promise.resolve(),
      onEnd: again,
    });
  }

  async there(fault: Fault): Promise<void> {
    this.#there.deliver(fault);
    this.mostBuffered = Math.max(this.mostBuffered, this.#there.frames.length);
    await settled();
  }

  async back(fault: Fault): Promise<void> {
    this.#back.deliver(fault);
    await settled();
  }

  async engines(): Promise<void> {
    this.a.deliver();
    this.b.deliver();
    await settled();
  }

  /** Without faults, for so long. */
  async heal(ms = 3000): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50);
      for (let i = 0; i < 12; i++) {
        await this.engines();
        while (this.#there.frames.length > 0) await this.there('none');
        while (this.#back.frames.length > 0) await this.back('none');
      }
    }
  }

  get sender(): SyncSender {
    return this.#sender!;
  }

  get receiver(): SyncReceiver {
    return this.#receiver!;
  }

  close(): void {
    this.#sender?.close();
    this.#receiver?.close();
  }
}

const plain = (engine: MapEngine): unknown =>
  [...engine.flows].map(([flow, r]) => [flow, decodeSessions(r)]).sort(([a], [b]) => Number(a) - Number(b));

type Op =
  | { readonly do: 'set'; readonly flow: number; readonly server: number; readonly establishes: boolean }
  | { readonly do: 'end'; readonly flow: number }
  | { readonly do: 'there' | 'back'; readonly fault: Fault }
  | { readonly do: 'engines' | 'join' | 'lost' | 'die' | 'fail' }
  | { readonly do: 'pass'; readonly ms: number };

const flow = fc.integer({ min: 0, max: 11 });
const fault = fc.constantFrom<Fault>('none', 'none', 'none', 'lose', 'double', 'swap');
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('set' as const), flow, server: fc.nat(4), establishes: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('end' as const), flow }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('there' as const, 'back' as const), fault }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('engines' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('join' as const, 'lost' as const, 'die' as const, 'fail' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 60, 120) }) },
);

async function run(pair: Pair, one: Op): Promise<void> {
  switch (one.do) {
    case 'set':
      pair.a.set(one.flow, one.server, one.establishes);
      return;
    case 'end':
      pair.a.end(one.flow);
      return;
    case 'there':
      return pair.there(one.fault);
    case 'back':
      return pair.back(one.fault);
    case 'engines':
      return pair.engines();
    case 'join':
      pair.join();
      return;
    case 'lost':
      pair.a.isLost = true;
      {
        pair.a.tell(new Uint8Array(0));
        return;
      }
    case 'die':
      pair.a.onEnd?.();
      return;
    case 'fail':
      pair.b.fails++;
      return;
    case 'pass':
      pair.clock.advance(one.ms);
      return settled();
  }
}

t.test('whatever is lost, doubled or swapped, and whenever it joins: in the end both tables are equal', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(op, { minLength: 20, maxLength: 120, size: 'max' }),
      async (isWhole, ops) => {
        const pair = new Pair();
        // a flow of the receiver's own, which nobody's table may end
        pair.b.flows.set(200, record(200, 0));
        for (let i = 0; i < 6; i++) pair.a.set(i, i % 3, true);
        await (isWhole ? pair.heal(200) : settled());
        for (const one of ops) await run(pair, one);
        pair.b.fails = 0;
        await pair.heal();
        pair.a.flows.set(200, record(200, 0));
        const hasAll = pair.receiver.status().isWhole;
        pair.close();
        return hasAll && isDeepStrictEqual(plain(pair.b), plain(pair.a));
      },
    ),
    { numRuns: Number(process.env['RUNS'] ?? 150) },
  );
});

t.test('a session that ends in the same breath in which its page is told does not come back', async (t) => {
  const pair = new Pair();
  pair.a.set(0, 0, true);
  await pair.there('none');
  await pair.back('none');
  pair.a.end(0);
  await pair.heal(500);
  t.strictSame(plain(pair.b), []);
  pair.close();
});

t.test('what ended while nobody listened ends with the next table', async (t) => {
  const pair = new Pair();
  for (let i = 0; i < 5; i++) pair.a.set(i, 0, true);
  await pair.heal(300);
  pair.a.flows.delete(2);
  pair.join();
  await pair.heal(300);
  t.strictSame(plain(pair.b), plain(pair.a));
  t.equal(pair.receiver.status().notes['purged'], 1);
  pair.close();
});

t.test('a connection that ends while its table is compared with ours: the next table decides', async (t) => {
  const pair = new Pair();
  for (let i = 0; i < 8; i++) pair.a.set(i, 0, true);
  await pair.heal(300);
  /** All but the receiver's engine, which does not answer. */
  const goOn = async (phase: string): Promise<void> => {
    while (pair.receiver.status().phase !== phase) {
      pair.clock.advance(10);
      pair.a.deliver();
      await settled();
      await pair.there('none');
      await pair.back('none');
    }
  };
  pair.a.flows.delete(2);
  pair.join();
  await goOn('following');
  t.notOk(pair.receiver.status().isWhole);
  pair.a.set(9, 0, true);
  pair.a.deliver();
  await pair.there('none'); // its load waits for the comparison
  pair.a.flows.delete(9);
  pair.join();
  await goOn('table');
  await pair.heal(500);
  t.strictSame(plain(pair.b), plain(pair.a));
  t.ok(pair.receiver.status().isWhole);
  pair.close();
});

t.test('changes of a table that is whole arrive without another', async (t) => {
  const pair = new Pair();
  for (let i = 0; i < 10; i++) pair.a.set(i, i % 3, true);
  await pair.heal(500);
  pair.a.end(3);
  pair.a.set(11, 2, false);
  await pair.heal(500);
  t.strictSame(plain(pair.b), plain(pair.a));
  t.match(pair.sender.status(), { table: 1, phase: 'changes', refused: 0, notes: { table: 1 } });
  pair.close();
});

t.test('one that does not take what it is sent: bounded, and a new table when it does', async (t) => {
  const pair = new Pair();
  await pair.heal(300);
  for (let i = 0; i < 2000; i++) {
    pair.a.set(i % 12, i % 5, true);
    await pair.engines();
  }
  t.equal(pair.sender.status().notes['overflow'], 1);
  t.ok(pair.sender.status().unconfirmedBytes <= LIMITS.limitBytes + 100, 'no more than the limit and one');
  await pair.heal(3000);
  t.strictSame(plain(pair.b), plain(pair.a));
  t.equal(pair.sender.status().table, 2);
  pair.close();
});

t.test(
  'the change log overflowed: what it did not tell comes with a full table, and what ended then ends',
  async (t) => {
    const pair = new Pair();
    for (let i = 0; i < 6; i++) pair.a.set(i, 0, true);
    await pair.heal(300);
    t.match(pair.sender.status(), { table: 1, phase: 'changes' });
    // of these the engine tells nothing but that it could not tell
    pair.a.flows.delete(1);
    pair.a.flows.set(3, record(3, 4));
    pair.a.flows.set(7, record(7, 2));
    pair.a.isLost = true;
    pair.a.tell(record(5, 3));
    await pair.engines();
    t.match(pair.sender.status(), { phase: 'table', table: 2, notes: { lost: 1 } }, 'the gap after the first is over');
    await pair.heal(200);
    t.strictSame(plain(pair.b), plain(pair.a));
    t.match(pair.receiver.status(), { isWhole: true, table: 2, notes: { purged: 1 } });
    pair.close();
  },
);

t.test('lost among the pages of a table: it is not called whole, and another follows', async (t) => {
  const pair = new Pair();
  for (let i = 0; i < 9; i++) pair.a.set(i, 0, true);
  await settled();
  await pair.back('none');
  await pair.engines();
  t.match(pair.sender.status(), { phase: 'table', table: 1 });
  pair.a.flows.delete(0);
  pair.a.isLost = true;
  pair.a.tell(new Uint8Array(0));
  await pair.engines();
  t.equal(pair.sender.status().phase, 'due');
  t.notOk(pair.receiver.status().isWhole);
  await pair.heal(300);
  t.strictSame(plain(pair.b), plain(pair.a));
  t.match(pair.receiver.status(), { isWhole: true, table: 2 });
  t.equal(pair.sender.status().notes['whole'], 1, 'the first one never was');
  pair.close();
});

t.test(
  'one that loses again and again gets a table at ever greater distances, and at once again when it is calm',
  async (t) => {
    const pair = new Pair();
    await pair.heal(100);
    const begun: number[] = [];
    for (let last = 1; pair.clock.now() < 3000; ) {
      pair.a.isLost = true;
      pair.a.tell(new Uint8Array(0));
      await pair.heal(50);
      const { table } = pair.sender.status();
      if (table !== last) begun.push(pair.clock.now());
      last = table;
    }
    const gaps = begun.slice(1).map((at, i) => at - begun[i]!);
    // beats come each 100 ms, and a table begins with whatever comes after its time
    for (const [i, gap] of gaps.entries())
      t.ok(gap >= Math.min(LIMITS.longestGapMs, 2 * LIMITS.gapMs * 2 ** i), `${gap}`);
    t.ok(Math.max(...gaps) <= LIMITS.longestGapMs + 2 * LIMITS.beatMs, gaps.join());
    await pair.heal(4 * LIMITS.longestGapMs);
    const before = pair.sender.status().table;
    for (let i = 0; i < 2; i++) {
      pair.a.isLost = true;
      pair.a.tell(new Uint8Array(0));
      await pair.heal(2 * LIMITS.beatMs);
    }
    t.equal(pair.sender.status().table, before + 2);
    pair.close();
  },
);

/** One end alone, and what a test lets the other one say. */
function alone(end: 'sender' | 'receiver') {
  const clock = new FakeClock();
  const ends: string[] = [];
  const engine = new MapEngine();
  let hangUp = (): void => undefined;
  let isClosed = false;
  const [out, into] = [new Wire(), new Wire()];
  const stream: SyncStream = {
    ...streamOf(out, into),
    close: () => void (isClosed = true),
    listen: (received, ended) => {
      into.received = received;
      hangUp = ended;
    },
  };
  const common = { stream, clock, limits: LIMITS, onEnd: (why: string) => void ends.push(why) };
  const one =
    end === 'sender'
      ? new SyncSender({ ...common, connect: () => Promise.resolve(engine) })
      : new SyncReceiver({ ...common, engine, origins: new SessionOrigins(10, [1, 2]) });
  return {
    clock,
    ends,
    engine,
    one,
    say: (frame: Parameters<typeof encodeSync>[0]) => into.received(encodeSync(frame)),
    hangUp: () => hangUp(),
    isClosed: () => isClosed,
  };
}

const hello = { kind: 'hello', version: 1, beatMs: LIMITS.beatMs } as const;
for (const [end, peer] of [
  ['sender', 'receiver'],
  ['receiver', 'sender'],
] as const) {
  const silence = `nothing is heard of the ${peer}`;
  const noise =
    end === 'sender'
      ? ({ kind: 'ack', table: 1, bytes: 0, taken: 0, refused: 0 } as const)
      : ({ kind: 'beat', table: 0, number: 0 } as const);

  t.test(`a ${end} whose hello is never answered gives up after three beats, whatever else it hears`, (t) => {
    for (const says of [false, true]) {
      const { clock, ends, say, isClosed } = alone(end);
      for (let beats = 0; beats < 3; beats++) {
        clock.advance(LIMITS.beatMs);
        if (says) say(noise);
      }
      t.strictSame(ends, []);
      clock.advance(LIMITS.beatMs);
      t.strictSame(ends, [silence]);
      t.ok(isClosed());
      t.equal(clock.pending, 0);
    }
    t.end();
  });

  t.test(`a ${end} whose peer falls silent ends it; one that is heard in time goes on`, (t) => {
    const { clock, ends, say } = alone(end);
    say(hello);
    for (let beats = 0; beats < 20; beats++) {
      clock.advance(LIMITS.beatMs);
      if (beats % 3 === 2) say(noise);
    }
    t.strictSame(ends, []);
    clock.advance(4 * LIMITS.beatMs);
    t.strictSame(ends, [silence]);
    clock.advance(10_000);
    t.equal(ends.length, 1);
    t.end();
  });

  t.test(`a ${end} waits three beats of the slower of the two`, (t) => {
    const { clock, ends, say } = alone(end);
    say({ ...hello, beatMs: 10 * LIMITS.beatMs });
    clock.advance(30 * LIMITS.beatMs);
    t.strictSame(ends, []);
    clock.advance(LIMITS.beatMs);
    t.strictSame(ends, [silence]);
    t.end();
  });

  t.test(`a ${end} whose peer is gone tells it once, and leaves no timer`, async (t) => {
    const { clock, ends, say, hangUp, isClosed } = alone(end);
    say(hello);
    await settled();
    hangUp();
    t.strictSame(ends, ['the connection ended']);
    t.ok(isClosed());
    t.equal(clock.pending, 0);
    say(noise);
    clock.advance(10_000);
    t.equal(ends.length, 1);
  });

  t.test(`a ${end} that is closed says nothing of it`, async (t) => {
    const { clock, ends, one, hangUp } = alone(end);
    await settled();
    one.close();
    hangUp();
    clock.advance(10_000);
    t.strictSame(ends, []);
    t.equal(clock.pending, 0);
  });
}

t.test('a receiver that does not listen because its engine lags does not take that for silence', async (t) => {
  const { clock, ends, engine, one, say } = alone('receiver');
  say(hello);
  say({ kind: 'begin', table: 1 });
  let go = (): void => undefined;
  engine.loadSessions = (records) =>
    new Promise((resolve) => (go = () => resolve({ taken: records.length / SESSION_RECORD_BYTES, refused: 0 })));
  // more than 4 MB of records wait
  const [payload] = packRecords(Buffer.concat(Array.from({ length: 1000 }, (_, i) => record(i % 100, 0))));
  for (let number = 1; number <= 50; number++) say({ kind: 'records', table: 1, number, payload: payload! });
  await settled();
  clock.advance(10 * LIMITS.beatMs);
  t.strictSame(ends, []);
  for (let i = 0; i < 50; i++) {
    go();
    await settled();
  }
  clock.advance(4 * LIMITS.beatMs);
  t.strictSame(ends, ['nothing is heard of the sender'], 'now it would hear');
  one.close();
});

t.test('silence, another version and bytes that are no sync end it', (t) => {
  const clock = new FakeClock();
  const make = () => {
    const ends: string[] = [];
    const [out, into] = [new Wire(), new Wire()];
    const receiver = new SyncReceiver({
      stream: streamOf(out, into),
      clock,
      engine: new MapEngine(),
      origins: new SessionOrigins(10, [1, 2]),
      limits: LIMITS,
      onEnd: (why) => ends.push(why),
    });
    return { ends, receiver, into };
  };
  const silent = make();
  clock.advance(500);
  t.strictSame(silent.ends, ['nothing is heard of the sender']);
  const other = make();
  other.into.received(encodeSync({ kind: 'hello', version: 9, beatMs: 100 }));
  t.strictSame(other.ends, ['the other side speaks version 9, this one 1']);
  const noise = make();
  noise.into.received(new Uint8Array(64).fill(255));
  t.strictSame(noise.ends, ['what the sender sends is no sync']);
  t.equal(clock.pending, 0, 'no timer is left');
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (chunks) => {
      const victim = make();
      victim.into.received(encodeSync({ kind: 'hello', version: 1, beatMs: 100 }));
      for (const payload of chunks) {
        const head = Buffer.alloc(12);
        head.writeUInt32LE(payload.length);
        head.writeUInt16LE((payload[0] ?? 0) % 9, 4);
        victim.into.received(Buffer.concat([head, payload]));
      }
      t.strictSame(victim.ends, []);
      victim.receiver.close();
    }),
  );
  t.end();
});

t.test('an answer about what was never sent moves nothing', (t) => {
  const now = { nowMs: 0, buffered: 0 };
  let state = newSender(0, defaultSyncLimits);
  const step = (event: Parameters<typeof stepSender>[1]): void =>
    void ([state] = stepSender(state, event, now, defaultSyncLimits));
  step({ on: 'engine', is: 'there' });
  step({ on: 'frame', frame: { kind: 'hello', version: 1, beatMs: 100 } });
  t.equal(state.phase, 'table');
  step({ on: 'page', next: 0n, records: record(1, 1) });
  step({ on: 'frame', frame: { kind: 'ack', table: 1, bytes: 4_000_000_000, taken: 9, refused: 0 } });
  t.strictSame([state.phase, state.sent, state.arrived, state.taken], ['changes', 25, 0, 0]);
  step({ on: 'frame', frame: { kind: 'ack', table: 1, bytes: 25, taken: 1, refused: 0 } });
  t.strictSame([state.arrived, state.taken], [25, 1]);
  t.end();
});

t.test('where sessions came from, against a map', (t) => {
  const told = fc.record({ flow: fc.nat(200), gone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fc.array(told, { maxLength: 60 }), { maxLength: 6 }), (tables) => {
      const origins = new SessionOrigins(1_000_000, [3, 4]);
      const all = Buffer.concat(Array.from({ length: 201 }, (_, i) => record(i, 0)));
      let model = new Map<number, number>();
      tables.forEach((table, n) => {
        origins.begin();
        for (const { flow, gone } of table) {
          origins.note(record(flow, 0, gone));
          if (gone) model.delete(flow);
          else model.set(flow, n);
        }
        const stale = decodeSessions(origins.stale(all)).map(({ client }) => client.port - 40_000);
        const expected = [...model].filter(([, of]) => of !== n).map(([flow]) => flow);
        t.strictSame(stale.sort(), expected.sort());
        origins.finish();
        model = new Map([...model].filter(([, of]) => of === n));
        t.equal(origins.size, model.size);
      });
    }),
  );
  t.end();
});
