import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import type { FileCheck } from '../../../src/config/check.js';
import type { Outcome } from '../../../src/health/check.js';
import { followFile, outcomeOfValue } from '../../../src/health/file.js';
import { parseFileValue } from '../../../src/health/value-file.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { anyCheck } from '../../helpers/probe-ports.js';

const check = (more: Partial<FileCheck> = {}): FileCheck => ({
  ...anyCheck,
  is: 'file',
  path: '/x',
  weight: 1,
  ...more,
});

t.test('numbers', (t) => {
  for (const [text, value] of [
    ['5', 5],
    ['  -12\n', -12],
    ['+7 \r\n', 7],
    ['2147483647', 2_147_483_647],
    ['-2147483648', -2_147_483_648],
  ] as const)
    t.same(parseFileValue(text), { value });
  for (const [text, reason] of [
    ['', /empty/],
    [' \n', /empty/],
    ['five', /no number/],
    ['5x', /no number/],
    ['1 2', /no number/],
    ['1.5', /no number/],
    ['2147483648', /range/],
    [`${'0'.repeat(200)}1`, /more than/],
  ] as const)
    t.match(parseFileValue(text), { none: reason });
  t.end();
});

t.test('any text is a number of 32 bits or none', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.bigInt().map(String)), (text) => {
      const found = parseFileValue(text);
      return 'none' in found || (Number.isInteger(found.value) && Math.abs(found.value) <= 2 ** 31);
    }),
  );
  t.end();
});

t.test('what a number means', (t) => {
  const rows: readonly (readonly [Partial<FileCheck>, number, object])[] = [
    [{ weight: 1 }, 5, { is: 'alive', weight: { add: 5 } }],
    [{ weight: -3 }, 5, { is: 'alive', weight: { add: -15 } }],
    [{ weight: 2 }, 2_147_483_647, { is: 'alive', weight: { add: 2_147_483_647 } }],
    [{ weight: 1 }, -2_147_483_648, { is: 'failed', why: 'file' }],
    [{ weight: 2 }, -1_073_741_824, { is: 'failed', why: 'file' }],
    [{ weight: 2 }, -1_073_741_823, { is: 'alive', weight: { add: -2_147_483_646 } }],
    [{ weight: 0 }, 0, { is: 'alive', weight: undefined }],
    [{ weight: 0 }, -1, { is: 'failed', why: 'file' }],
    [{ weight: 0, downAtZero: true }, 0, { is: 'failed', why: 'file' }],
    [{ weight: 0, downAtZero: true }, 4, { is: 'alive' }],
  ];
  for (const [more, value, outcome] of rows)
    t.match(outcomeOfValue(check(more), value), outcome, JSON.stringify([more, value]));
  t.end();
});

const until = async (is: () => boolean): Promise<void> => {
  const began = performance.now();
  while (!is() && performance.now() - began < 60_000)
    await new Promise((resolve) => void systemClock.after(5, () => resolve(0)));
};

t.test('it is told once it is known, and at each change: written, replaced, junk, gone', async (t) => {
  const path = `${t.testdir({ value: '3' })}/value`;
  const [log, told] = [new MemoryLog(), [] as Outcome[]];
  // a clock that stands still: all of it is inotify's work
  const stop = followFile(check({ path }), { clock: new FakeClock(), log })((outcome) => void told.push(outcome));
  const add = (): unknown => told.map((outcome) => (outcome.is === 'alive' ? outcome.weight : outcome.is));
  await until(() => told.length === 1);
  t.same(add(), [{ add: 3 }]);
  writeFileSync(path, '4\n');
  await until(() => told.length === 2);
  writeFileSync(`${path}.new`, '5');
  renameSync(`${path}.new`, path);
  await until(() => told.length === 3);
  t.same(add(), [{ add: 3 }, { add: 4 }, { add: 5 }]);
  rmSync(path);
  await new Promise((resolve) => void systemClock.after(100, () => resolve(0)));
  t.equal(told.length, 3, 'the last number holds');
  writeFileSync(path, '6');
  await until(() => told.length === 4);
  t.same(told[3], { is: 'alive', detail: 'value 6', weight: { add: 6 } });
  stop();
  writeFileSync(path, '7');
  await new Promise((resolve) => void systemClock.after(50, () => resolve(0)));
  t.equal(told.length, 4, 'nothing after the end');
});

t.test('a file that has never said a number is down; its folder may come later', async (t) => {
  const folder = t.testdir();
  const path = `${folder}/later/value`;
  const [log, clock, told] = [new MemoryLog(), new FakeClock(), [] as Outcome[]];
  const stop = followFile(check({ path }), { clock, log })((outcome) => void told.push(outcome));
  await until(() => told.length === 1);
  t.match(told, [{ is: 'failed', why: 'file', detail: /ENOENT/ }]);
  mkdirSync(`${folder}/later`);
  writeFileSync(path, '8');
  await until(() => {
    clock.advance(5000);
    return told.length === 2;
  });
  t.match(told[1], { is: 'alive', weight: { add: 8 } });
  // seen without waiting from now on
  writeFileSync(path, '9');
  await until(() => told.length === 3);
  t.match(told[2], { weight: { add: 9 } });
  stop();
  t.equal(clock.pending, 0);
});

t.test('junk keeps the last number and is logged once', async (t) => {
  const path = `${t.testdir({ value: '3' })}/value`;
  const [log, clock, told] = [new MemoryLog(), new FakeClock(), [] as Outcome[]];
  const stop = followFile(check({ path }), { clock, log })((outcome) => void told.push(outcome));
  await until(() => told.length === 1);
  writeFileSync(path, 'three');
  const look = async (): Promise<void> => {
    clock.advance(5000);
    await new Promise((resolve) => void systemClock.after(20, () => resolve(0)));
  };
  for (let i = 0; i < 3000 && log.events.length === 0; i++) await look();
  for (let i = 0; i < 4; i++) await look();
  t.equal(told.length, 1);
  t.match(log.named('health.file-unreadable'), [{ path, reason: 'it is no number', level: 'warn' }]);
  stop();
  await settled();
});

t.test('a pipe or a device is no file of numbers, and blocks nobody', async (t) => {
  const path = `${t.testdir()}/pipe`;
  execFileSync('mkfifo', [path]);
  for (const one of [path, '/dev/zero']) {
    const told: Outcome[] = [];
    const stop = followFile(check({ path: one }), { clock: new FakeClock(), log: new MemoryLog() })(
      (outcome) => void told.push(outcome),
    );
    await until(() => told.length === 1);
    t.match(told, [{ is: 'failed', detail: /not a regular file/ }]);
    stop();
  }
});
