/** Two engines that are maps, and a stream between them that loses, doubles and swaps frames while it is told to. */
import fc from 'fast-check';
import t from 'tap';
import type { SessionsChanged, SessionsPage } from '../../../src/dataplane/protocol.js';
import { SESSION_RECORD_BYTES } from '../../../src/dataplane/protocol.js';
import { decodeSessions, encodeSessions } from '../../../src/dataplane/session-record.js';
import { type SyncEngine, SyncReceiver, SyncSender, type SyncStream } from '../../../src/dataplane/session-sync.js';
import { encodeSync } from '../../../src/dataplane/sync-codec.js';
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
        this.a.onSessions = events.onSessions;
        this.a.onEnd = events.onEnd;
        return Promise.resolve(this.a);
      },
      onEnd: again,
    });
    const stream = streamOf(this.#back, this.#there);
    this.#receiver = new SyncReceiver({ stream, clock, limits: LIMITS, origins, engine: this.b, onEnd: again });
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

t.test('whatever is lost, doubled or swapped, and whenever it joins: in the end both tables are equal', async (t) => {
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
        t.strictSame(plain(pair.b), plain(pair.a));
        t.ok(pair.receiver.status().isWhole);
        pair.close();
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
