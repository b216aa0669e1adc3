import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { VrrpMemory } from '../../../src/daemon/vrrp-memory.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

function world(path: string, bootId = 'boot-1') {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const masters: string[] = [];
  const advertClock = {
    now: () => clock.now(),
    after: (ms: number, run: () => void) => clock.after(ms, run),
    wallMs: (atMs: number) => atMs,
  };
  const headerSequences: Record<string, number> = {};
  const memory = new VrrpMemory({
    path,
    bootId,
    clock: advertClock,
    log,
    masters: () => masters,
    headerSequences: () => headerSequences,
  });
  return { clock, log, masters, headerSequences, memory };
}

t.test('who was master until when, to the process that comes after', (t) => {
  const path = join(t.testdir(), 'masters');
  const first = world(path);
  first.masters.push('V1', 'V2');
  first.memory.open();
  first.clock.advance(1020);
  first.masters.splice(0, 1);
  first.memory.write();
  first.clock.advance(20); // and then kill -9

  const before = world(path).memory.before();
  t.same(before('V2'), { aliveMs: 1020 });
  t.equal(before('V1'), undefined);
  t.equal(before('V3'), undefined);
  t.equal(world(path, 'boot-2').memory.before()('V2'), undefined, 'moments of another boot mean nothing');
  first.memory.close();
  t.equal(first.clock.pending, 0);
  t.end();
});

t.test('numbers of authentication headers go on above all that may have been used', (t) => {
  const path = join(t.testdir(), 'masters');
  const first = world(path);
  first.masters.push('V1', 'V2');
  first.headerSequences['V1'] = 41;
  first.memory.open();
  first.headerSequences['V1'] = 42;
  first.clock.advance(60);
  const before = world(path).memory.before();
  t.same(before('V1'), { aliveMs: 50, headerSequence: 1042 });
  t.same(before('V2'), { aliveMs: 50 });
  first.memory.close();
  t.end();
});

t.test('a process that dies before it is in the place of the one before leaves what that one wrote', (t) => {
  const path = join(t.testdir(), 'masters');
  const first = world(path);
  first.masters.push('V1');
  first.memory.open();
  const second = world(path);
  second.memory.before();
  second.memory.write();
  t.same(world(path).memory.before()('V1'), { aliveMs: 0 });
  second.memory.open();
  t.equal(world(path).memory.before()('V1'), undefined);
  first.memory.close();
  second.memory.close();
  second.memory.write();
  t.equal(second.clock.pending, 0);
  t.end();
});

t.test('shorter than before, longer than before, and with names of more than one byte a letter', (t) => {
  const path = join(t.testdir(), 'masters');
  const { memory, masters } = world(path);
  const all = Array.from({ length: 255 }, (_, i) => `Überall ${i}`);
  memory.open();
  for (const names of [['V1'], all, ['V2'], [], ['V3']]) {
    masters.splice(0, masters.length, ...names);
    memory.write();
    const before = world(path).memory.before();
    for (const name of [...all, 'V1', 'V2', 'V3']) t.equal(before(name) !== undefined, names.includes(name));
  }
  memory.close();
  t.end();
});

t.test('nothing there, and nonsense', (t) => {
  const path = join(t.testdir(), 'masters');
  t.equal(world(path).memory.before()('V1'), undefined);
  for (const text of [
    '',
    '{',
    '{"bootId":"boot-1"}',
    '{"bootId":"boot-1","aliveMs":"1","masters":["V1"]}',
    '[]',
    'null',
  ]) {
    writeFileSync(path, text);
    t.equal(world(path).memory.before()('V1'), undefined, text);
  }
  t.end();
});

t.test('a place that cannot be written is said once, and used as soon as it can be', (t) => {
  const folder = join(t.testdir(), 'later');
  const path = join(folder, 'masters');
  const { memory, masters, clock, log } = world(path);
  masters.push('V1');
  memory.open();
  clock.advance(10_000);
  t.match(log.named('vrrp.not-remembered'), [{ path }]);
  t.testdir({ later: {} });
  clock.advance(100);
  t.same(world(path).memory.before()('V1'), { aliveMs: 10_100 });
  memory.close();
  t.end();
});

t.test('a full disk: that nobody is master any more is written as soon as there is room', (t) => {
  const { memory, masters, clock, log } = world('/dev/full');
  memory.open();
  clock.advance(200);
  t.equal(log.named('vrrp.not-remembered').length, 1);
  t.match(log.named('vrrp.not-remembered')[0], { reason: /ENOSPC/ });
  masters.push('V1');
  clock.advance(200);
  t.equal(log.named('vrrp.not-remembered').length, 1);
  memory.close();
  t.end();
});

t.test('while nobody is master nothing is written', (t) => {
  const path = join(t.testdir(), 'masters');
  const { memory, clock } = world(path);
  memory.open();
  const text = readFileSync(path, 'utf8');
  clock.advance(10_000);
  t.equal(readFileSync(path, 'utf8'), text);
  memory.close();
  t.end();
});
