/** The engine's sync daemons: a fake engine, a fake group, a fake clock. */
import t from 'tap';
import { EngineSync, type EngineSyncOptions, type SyncRoles, withDefaults } from '../../../src/connsync/engine-sync.js';
import { connectionOf } from '../../../src/connsync/engine-records.js';
import { decodeMessage, MessageWriter, type SyncConnection } from '../../../src/connsync/message.js';
import type { SessionsChanged } from '../../../src/dataplane/protocol.js';
import { decodeSessions, encodeSessions, type SessionRecord } from '../../../src/dataplane/session-record.js';
import { LvsError } from '../../../src/errors.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const place = { method: 'masquerade', persistenceSeconds: 0 } as const;
const session = (port: number, more: Partial<SessionRecord> = {}): SessionRecord => ({
  client: { address: '198.51.100.7', port },
  vip: { address: '192.0.2.1', port: 80 },
  destination: { address: '10.0.0.1', port: 80 },
  snat: undefined,
  protocol: 6,
  state: 'established',
  affinity: false,
  gone: false,
  remainingMs: 900_000,
  service: undefined,
  hash: 0n,
  ...more,
});

/** One that lists a table and keeps what it is told. */
class EngineSide {
  table: readonly SessionRecord[] = [];
  loaded: SessionRecord[] = [];
  isThere = true;
  refuses = 0;
  connections = 0;
  pages = 0;
  #events: { onSessions(change: SessionsChanged): void; onEnd(): void } | undefined;

  readonly connect: EngineSyncOptions['connect'] = (events) => {
    if (!this.isThere) return Promise.reject(new LvsError('ENGINE_ABSENT', ['/run/engine.sock', 'nobody']));
    this.connections++;
    this.#events = events;
    return Promise.resolve({
      follow: () => Promise.resolve(),
      sessions: (cursor, most) => {
        this.pages++;
        const from = Number(cursor);
        const page = this.table.slice(from, from + most);
        const isLast = page.length === 0;
        return Promise.resolve({ next: isLast ? 0n : BigInt(from + most), records: encodeSessions(page) });
      },
      loadSessions: (records) => {
        if (!this.isThere) return Promise.reject(new LvsError('ENGINE_LOST', ['load sessions']));
        const sessions = decodeSessions(records);
        this.loaded.push(...sessions.slice(this.refuses));
        return Promise.resolve({ taken: sessions.length - this.refuses, refused: this.refuses });
      },
      close: () => undefined,
    });
  };

  change(sessions: readonly SessionRecord[], lost = false): void {
    this.#events?.onSessions({ lost, records: encodeSessions(sessions) });
  }

  die(): void {
    this.isThere = false;
    this.#events?.onEnd();
  }
}

class GroupSide {
  readonly sent: Uint8Array[] = [];
  isOpen = false;
  isLost = false;
  refuses: string | undefined;
  #hear: ((bytes: Uint8Array) => void) | undefined;

  readonly open: EngineSyncOptions['openGroup'] = (order, events) => {
    if (this.refuses !== undefined) throw new Error(`${this.refuses} ${order.interface}`);
    this.isOpen = true;
    this.isLost = false;
    this.#hear = (bytes) => events.message(bytes);
    return {
      send: (message) => {
        if (this.isLost) throw Object.assign(new Error('no device'), { code: 'ENODEV' });
        this.sent.push(message);
      },
      isLost: () => this.isLost,
      close: () => void (this.isOpen = false),
    };
  };

  hear(connections: readonly SyncConnection[], syncId = 7): void {
    const writer = new MessageWriter(syncId, 1472);
    for (const connection of connections) {
      const full = writer.add(connection);
      if (full instanceof Uint8Array) this.#hear?.(full);
    }
    const last = writer.flush();
    if (last !== undefined) this.#hear?.(last);
  }

  noise(bytes: Uint8Array): void {
    this.#hear?.(bytes);
  }

  /** Client ports of all that was sent, with the kernel's number of the state. */
  get told(): readonly string[] {
    return this.sent.flatMap((bytes) => {
      const message = decodeMessage(bytes);
      if (typeof message === 'string') throw new Error(message);
      return message.connections.map(({ clientPort, state }) => `${clientPort}:${state}`);
    });
  }
}

const connection = (one: SessionRecord): SyncConnection => {
  const told = connectionOf(one, place);
  if (typeof told === 'string') throw new Error(told);
  return told;
};

const MASTER: SyncRoles = { master: true, backup: false };
const BACKUP: SyncRoles = { master: false, backup: true };
const BOTH: SyncRoles = { master: true, backup: true };

async function scene(roles: SyncRoles, prepare: (engine: EngineSide, group: GroupSide) => void = () => undefined) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const engine = new EngineSide();
  const group = new GroupSide();
  prepare(engine, group);
  const sync = new EngineSync({
    settings: { interface: 'eth1', syncId: 7 },
    clock,
    log,
    connect: engine.connect,
    openGroup: group.open,
    place: () => place,
  });
  sync.follow(roles);
  sync.open();
  await clock.run(500);
  return { clock, log, engine, group, sync };
}

t.test('a master tells the whole table, then what changes', async (t) => {
  const { clock, engine, group, sync, log } = await scene(MASTER, (engine) => {
    engine.table = Array.from({ length: 3000 }, (_, i) => session(1000 + i));
  });
  t.equal(group.told.length, 3000);
  t.equal(new Set(group.told).size, 3000);
  t.ok(group.sent.every((bytes) => bytes.length <= 1472));
  group.sent.length = 0;
  engine.change([session(1, { state: 'syn' }), session(2), session(3, { gone: true }), session(2, { state: 'fin' })]);
  t.strictSame(group.told, ['2:1', '2:4'], 'in order, at once');
  const { told } = sync.status();
  t.strictSame(
    [...told.untold],
    [
      ['half-open', 1],
      ['ended', 1],
    ],
  );
  t.equal(told.connections, 3002);
  t.equal(told.messages, 26 + 26 + 24 + 1, '40 in each, 1024 of a page');
  t.match(log.named('engine.sync-role'), [{ master: true, backup: false, interface: 'eth1', group: '224.0.0.81' }]);

  group.sent.length = 0;
  await clock.run(306_000, 1000);
  t.equal(group.told.length, 3000, 'and all of them again after five minutes');
  await sync.close();
  t.notOk(group.isOpen);
  t.equal(clock.pending, 0);
});

t.test('what the engine could not tell is asked for again', async (t) => {
  const { clock, engine, group, sync } = await scene(MASTER);
  engine.table = [session(1)];
  engine.change([], true);
  await clock.run(5000);
  t.strictSame(group.told, [], 'not at once: it may be under a flood');
  await clock.run(6000);
  t.strictSame(group.told, ['1:1']);
  await sync.close();
});

t.test('a backup takes what others tell, in batches', async (t) => {
  const { clock, engine, group, sync } = await scene(BACKUP);
  const sessions = Array.from({ length: 100 }, (_, i) => session(1000 + i));
  group.hear(sessions.map(connection));
  t.strictSame(engine.loaded, [], 'more may come in a moment');
  await clock.run(100);
  t.strictSame(engine.loaded, sessions);
  t.match(sync.status().taken, { messages: 3, taken: 100 });
  engine.change([session(5)]);
  t.strictSame(group.sent, [], 'it tells nothing');
  group.hear([connection(session(9))]);
  await sync.close();
  t.equal(engine.loaded.length, 101, 'what was heard last is there');
});

t.test('what is wrong, or not for us, is counted, and is in the log once a minute', async (t) => {
  const { clock, engine, group, sync, log } = await scene(BACKUP);
  group.hear([connection(session(1))], 8);
  group.noise(Uint8Array.of(0, 7));
  group.hear([{ ...connection(session(1)), state: 44 }, connection(session(2))]);
  engine.refuses = 1;
  await clock.run(3000);
  t.strictSame([...sync.status().taken.refused].sort(), [
    ['not-here', 1],
    ['short', 1],
    ['state', 1],
    ['sync-id', 1],
  ]);
  t.match(log.named('engine.sync-refused'), [{ level: 'warn', refused: { short: 1, state: 1, 'sync-id': 1 } }]);
  for (let i = 0; i < 50; i++) {
    group.noise(Uint8Array.of(0, 7));
    await clock.run(1000, 1000);
  }
  t.equal(log.named('engine.sync-refused').length, 1);
  await clock.run(30_000, 1000);
  t.equal(log.named('engine.sync-refused').length, 2);
  await sync.close();
});

t.test('sync id 0 takes every one, as in the kernel', async (t) => {
  const clock = new FakeClock();
  const engine = new EngineSide();
  const group = new GroupSide();
  const sync = new EngineSync({
    settings: { interface: 'eth1', syncId: 0 },
    clock,
    log: new MemoryLog(),
    connect: engine.connect,
    openGroup: group.open,
    place: () => place,
  });
  sync.open();
  await clock.run(100);
  group.hear([connection(session(1))], 99);
  await clock.run(100);
  t.equal(engine.loaded.length, 1);
  await sync.close();
});

t.test('roles change while it runs', async (t) => {
  const { clock, engine, group, sync } = await scene(BACKUP);
  group.hear([connection(session(1))]);
  engine.table = [session(1), session(2)];
  sync.follow(MASTER);
  await clock.run(100);
  t.strictSame(engine.loaded.length, 1, 'what came before is taken');
  t.strictSame(group.told, ['1:1', '2:1']);
  group.hear([connection(session(3))]);
  await clock.run(100);
  t.equal(engine.loaded.length, 1, 'and nothing after');
  sync.follow(BACKUP);
  group.sent.length = 0;
  engine.change([session(4)]);
  t.strictSame(group.told, []);
  await clock.run(400_000, 1000);
  t.strictSame(group.told, [], 'no walk goes on');
  await sync.close();
});

t.test('with both roles nobody is told what he said himself', async (t) => {
  const { clock, engine, group, sync } = await scene(BOTH);
  group.hear([connection(session(1)), connection(session(2))]);
  await clock.run(100);
  engine.change([session(1, { remainingMs: 899_900 }), session(2), session(3)]);
  t.strictSame(group.told, ['3:1']);
  await clock.run(100_000, 1000);
  engine.change([session(1, { remainingMs: 800_000 }), session(2, { remainingMs: 899_000 })]);
  t.strictSame(group.told, ['3:1', '2:1'], 'one that went on here is ours');
  engine.change([session(1, { state: 'fin', remainingMs: 120_000 })]);
  t.strictSame(group.told, ['3:1', '2:1', '1:4'], 'and one that ends here');
  await sync.close();
});

t.test('an engine that comes, goes and comes', async (t) => {
  const { clock, engine, group, sync, log } = await scene(MASTER, (engine) => {
    engine.isThere = false;
    engine.table = [session(1)];
  });
  await clock.run(5000);
  t.match(sync.status(), { isRunning: false, trouble: undefined }, 'where nobody needs one that is no trouble');
  t.notOk(group.isOpen);
  engine.isThere = true;
  await clock.run(2000);
  t.match(sync.status(), { isRunning: true });
  t.strictSame(group.told, ['1:1']);
  engine.die();
  t.notOk(group.isOpen);
  engine.isThere = true;
  await clock.run(2000);
  t.equal(engine.connections, 2);
  t.strictSame(group.told, ['1:1', '1:1'], 'the new one is told from the start');
  t.strictSame(log.named('engine.sync-not-running'), []);
  await sync.close();
});

t.test('an engine that dies while it is given something', async (t) => {
  const { clock, engine, group, sync } = await scene(BACKUP);
  group.hear([connection(session(1))]);
  engine.isThere = false;
  await clock.run(100);
  t.match(sync.status(), { isRunning: false });
  engine.isThere = true;
  await clock.run(2000);
  group.hear([connection(session(2))]);
  await clock.run(100);
  t.match(engine.loaded, [{ client: { port: 2 } }]);
  await sync.close();
  t.equal(clock.pending, 0);
});

t.test('an interface that is not there, comes, and is lost', async (t) => {
  const { clock, group, sync, log, engine } = await scene(MASTER, (_, group) => {
    group.refuses = 'there is no';
  });
  await clock.run(5000);
  t.match(sync.status(), { isRunning: false, trouble: 'there is no eth1' });
  t.equal(log.named('engine.sync-not-running').length, 1, 'said once');
  group.refuses = undefined;
  await clock.run(2000);
  t.match(sync.status(), { isRunning: true, trouble: undefined });
  group.isLost = true;
  engine.change([session(1)]);
  t.strictSame([...sync.status().told.failed], [['ENODEV', 1]]);
  group.refuses = 'no more';
  await clock.run(4000);
  t.match(sync.status(), { isRunning: false, trouble: 'no more eth1' });
  t.match(log.named('engine.sync-not-running').at(1), { reason: 'interface eth1 is gone' });
  group.refuses = undefined;
  await clock.run(2000);
  t.match(sync.status(), { isRunning: true });
  await sync.close();
});

t.test('closed while it connects', async (t) => {
  const { clock, engine, sync } = await scene(MASTER, (engine) => {
    engine.isThere = false;
  });
  engine.isThere = true;
  clock.advance(1000);
  await sync.close();
  await settled();
  t.match(sync.status(), { isRunning: false });
  t.equal(clock.pending, 0);
});

t.test("the kernel's numbers where the file says none", (t) => {
  t.strictSame(withDefaults({ interface: 'eth0', syncId: 1 }), {
    interface: 'eth0',
    syncId: 1,
    group: '224.0.0.81',
    port: 8848,
    ttl: 1,
    maxLength: 1472,
  });
  t.match(withDefaults({ interface: 'eth0', syncId: 1, group: 'ff02::81' }), { maxLength: 1452 });
  t.match(withDefaults({ interface: 'eth0', syncId: 1, maxLength: 600, ttl: 3 }), { maxLength: 600, ttl: 3 });
  t.end();
});
