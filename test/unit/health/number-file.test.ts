import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { followNumber } from '../../../src/health/number-file.js';
import { systemClock } from '../../../src/system/clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

function scene(t: Test): {
  readonly path: string;
  readonly told: number[];
  readonly log: MemoryLog;
  readonly begin: () => void;
  /** Resolves when this was told last. */
  readonly until: (value: number) => Promise<void>;
} {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  const path = join(folder, 'number');
  const told: number[] = [];
  const log = new MemoryLog();
  const begin = (): void => {
    const stop = followNumber(path, (value) => void told.push(value), { clock: systemClock, log });
    t.teardown(stop);
  };
  t.teardown(() => rmSync(folder, { recursive: true }));
  const until = async (value: number): Promise<void> => {
    while (told.at(-1) !== value) await new Promise<void>((resolve) => void systemClock.after(5, resolve));
  };
  return { path, told, log, begin, until };
}

t.test('a number, another one, one that was renamed into its place, and none', async (t) => {
  const { path, told, log, begin, until } = scene(t);
  writeFileSync(path, '7\n');
  begin();
  await until(7);
  writeFileSync(path, '-254\n');
  await until(-254);
  writeFileSync(`${path}.new`, '3');
  renameSync(`${path}.new`, path);
  await until(3);
  rmSync(path);
  await until(0);
  t.same(told, [7, -254, 3, 0]);
  t.equal(log.named('health.file-says-nothing').length, 1);
  writeFileSync(path, '5');
  await until(5);
});

t.test('no file says 0, at once', async (t) => {
  const { told, begin, until } = scene(t);
  begin();
  await until(0);
  t.same(told, [0]);
});

t.test('who writes it anew empties it first: nobody is told of that', async (t) => {
  const { path, told, begin, until } = scene(t);
  writeFileSync(path, '1');
  begin();
  await until(1);
  for (let i = 0; i < 50; i++) {
    writeFileSync(path, '');
    await new Promise<void>((resolve) => void systemClock.after(1, resolve));
    writeFileSync(path, '1');
  }
  writeFileSync(path, '2');
  await until(2);
  t.same(told, [1, 2]);
});
