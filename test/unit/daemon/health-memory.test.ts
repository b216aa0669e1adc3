import fc from 'fast-check';
import t from 'tap';
import { HealthMemory, type HealthMemoryOptions } from '../../../src/daemon/health-memory.js';
import { decodeHealth, encodeHealth, type HealthState, type KeptCheck } from '../../../src/daemon/health-state.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const wallMs = fc.integer({ min: 0, max: 2 ** 42 });
const name = fc.string({ unit: 'binary', maxLength: 20 });
const keptCheck: fc.Arbitrary<KeptCheck> = fc.record(
  {
    is: fc.constantFrom('tcp', 'http'),
    verdict: fc.constantFrom('up', 'down'),
    sinceMs: wallMs,
    weight: fc.oneof(fc.record({ set: fc.nat() }), fc.record({ add: fc.integer() })),
    fellAtMs: fc.array(wallMs, { maxLength: 5 }),
    damped: fc.constant<true>(true),
  },
  { requiredKeys: ['is', 'verdict'], noNullPrototype: true },
);
const server = fc
  .record(
    { up: fc.boolean(), checks: fc.array(fc.tuple(name, keptCheck)), goneMs: wallMs },
    { requiredKeys: ['up', 'checks'], noNullPrototype: true },
  )
  .map((kept) => ({ ...kept, checks: new Map(kept.checks) }));
const state: fc.Arbitrary<HealthState> = fc.record({
  servers: fc.array(fc.tuple(name, server)).map((all) => new Map(all)),
  told: fc.array(fc.tuple(name, fc.boolean())).map((all) => new Map(all)),
});

const entries = ({ servers, told }: HealthState): unknown => [
  [...servers].map(([name, { checks, ...rest }]) => [name, rest, [...checks].sort(byName)]).sort(byName),
  [...told].sort(byName),
];
const byName = ([a]: readonly unknown[], [b]: readonly unknown[]): number => (String(a) < String(b) ? -1 : 1);

t.test('what is written is read again', (t) => {
  fc.assert(
    fc.property(state, (state) => {
      const read = decodeHealth(encodeHealth(state));
      return read !== undefined && JSON.stringify(entries(read)) === JSON.stringify(entries(state));
    }),
  );
  t.end();
});

t.test('whatever stands in the file, it is read or refused as a whole', (t) => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((servers) => `{"version":1,"told":{},"servers":${servers}}`),
    fc.tuple(state, fc.nat(), fc.nat(3)).map(([state, at, cut]) => {
      const good = encodeHealth(state);
      return good.slice(0, at % good.length) + good.slice((at % good.length) + cut);
    }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const read = decodeHealth(text);
      if (read === undefined) return true;
      return [...read.servers.values()].every(({ up }) => typeof up === 'boolean');
    }),
  );
  t.end();
});

const refused: readonly [what: string, text: string][] = [
  ['nothing', ''],
  ['another version', '{"version":2,"servers":{},"told":{}}'],
  [
    'a verdict that is none',
    '{"version":1,"told":{},"servers":{"a":{"up":true,"checks":{"x":{"is":"tcp","verdict":"maybe"}}}}}',
  ],
  ['a time that is none', '{"version":1,"told":{},"servers":{"a":{"up":true,"goneMs":"yesterday"}}}'],
  ['a list of servers', '{"version":1,"told":{},"servers":[]}'],
];
for (const [what, text] of refused)
  t.test(`refused: ${what}`, (t) => {
    t.equal(decodeHealth(text), undefined);
    t.end();
  });

interface Scene {
  readonly memory: HealthMemory;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
}

async function scene(file: HealthMemoryOptions['file']): Promise<Scene> {
  const [clock, log] = [new FakeClock(), new MemoryLog()];
  const memory = new HealthMemory({ file, clock, wallMs: () => 1e12 + clock.now(), log });
  await memory.open();
  return { memory, clock, log };
}

t.test('a file that cannot be read is a warning, and nothing is known', async (t) => {
  const { memory, log } = await scene(new MemoryFile('{"version":99}'));
  t.equal(memory.recall('a'), undefined);
  t.match(log.events, [{ level: 'warn', event: 'health.memory-unreadable' }]);
  const broken = { path: '/x', read: () => Promise.reject(new Error('EIO')), write: () => Promise.resolve() };
  const { log: other } = await scene(broken);
  t.match(other.events, [{ level: 'error', event: 'health.memory-failed', operation: 'read', reason: 'EIO' }]);
});

t.test('the first change is written at once, those that follow together after a pause', async (t) => {
  const file = new MemoryFile();
  const { memory, clock } = await scene(file);
  memory.tell('a', true);
  memory.tell('b', false);
  await clock.run(1, 1);
  t.equal(file.writes, 1);
  for (let i = 0; i < 10; i++) {
    memory.tell('a', i % 2 === 1);
    await clock.run(10, 10);
  }
  memory.tell('c', true);
  t.equal(file.writes, 1);
  await clock.run(200, 50);
  t.equal(file.writes, 2);
  memory.tell('c', true);
  await clock.run(1000);
  t.equal(file.writes, 2, 'nothing new');
  t.equal(clock.pending, 0);
  const { memory: next } = await scene(new MemoryFile(file.text));
  t.same(
    ['a', 'b', 'c', 'd'].map((name) => next.toldOf(name)),
    [true, false, true, undefined],
  );
});

t.test('stop writes what is not written yet, and leaves no timer', async (t) => {
  const file = new MemoryFile();
  const { memory, clock } = await scene(file);
  memory.tell('a', true);
  await memory.stop();
  t.match(file.text, '"a":true');
  t.equal(clock.pending, 0);
});

t.test('a full disk is said once, tried again, and nobody dies of it', async (t) => {
  let isFull = true;
  let written = '';
  const file = {
    path: '/full',
    read: () => Promise.resolve(undefined),
    write: (text: string) => {
      if (isFull) return Promise.reject(new Error('ENOSPC'));
      written = text;
      return Promise.resolve();
    },
  };
  const { memory, clock, log } = await scene(file);
  memory.tell('a', true);
  await clock.run(60_000, 1000);
  t.match(log.events, [{ level: 'error', event: 'health.memory-failed', operation: 'write', reason: 'ENOSPC' }]);
  t.equal(log.events.length, 1);
  isFull = false;
  await clock.run(10_000, 1000);
  t.match(written, '"a":true');
  t.equal(clock.pending, 0);
  await memory.stop();
});

t.test('who is gone is kept if it was down, for an hour, and not more than so many', async (t) => {
  const { memory, clock } = await scene(new MemoryFile());
  memory.leave('up', { up: true, checks: new Map() });
  for (let i = 0; i < 10_005; i++) memory.leave(`down ${i}`, { up: false, checks: new Map() });
  memory.settle(new Set(['here']));
  t.equal(memory.recall('up'), undefined);
  t.equal(memory.recall('down 4'), undefined, 'the oldest go');
  t.match(memory.recall('down 5'), { up: false });
  clock.advance(3_600_001);
  t.equal(memory.recall('down 5'), undefined);
  await settled();
  await memory.stop();
});
