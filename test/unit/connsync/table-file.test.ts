import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connectionTableFile } from '../../../src/connsync/table-file.js';
import type { Clock } from '../../../src/system/clock.js';

const ROWS = 5000;
const folder = mkdtempSync(join(tmpdir(), 'lvsd-table-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'ip_vs_conn');
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0');
const lines = Array.from(
  { length: ROWS },
  (_, i) => `TCP 0A010002 ${hex(i + 1)} 0A090001 0050 0A02000B 0050 ESTABLISHED     891`,
);
writeFileSync(file, ['header', ...lines, 'nonsense', ''].join('\n'));

/** On which each look takes so long. */
function clockOf(stepMs: number): Clock {
  let now = 0;
  return { now: () => (now += stepMs), after: () => () => undefined };
}

async function read(t: Test, stepMs: number): Promise<number> {
  const ports: number[] = [];
  let slices = 0;
  let told = 0;
  let turns = 0;
  const turn = (): void => void (turns++, (timer = setImmediate(turn)));
  let timer = setImmediate(turn);
  const scan = await connectionTableFile(file, clockOf(stepMs)).scan(
    (row) => ports.push(row.clientPort),
    async (rows) => {
      slices++;
      told += rows;
      await Promise.resolve();
    },
  );
  clearImmediate(timer);
  t.strictSame(scan, { rows: ROWS, refused: 1 });
  t.equal(told, ROWS, 'each row is told once');
  t.strictSame(
    ports,
    Array.from({ length: ROWS }, (_, i) => i + 1),
  );
  t.ok(turns >= slices - 1, 'the event loop turns between');
  return slices;
}

t.test('pages that come at once are read together', async (t) => {
  const slices = await read(t, 0);
  t.ok(slices < 20, `${slices} slices for some 80 pages`);
});

t.test('pages that take long are read one by one, elsewhere', async (t) => {
  const slices = await read(t, 10);
  t.ok(slices > 70, `${slices} slices for some 80 pages`);
});

t.test('no such file', (t) =>
  t.rejects(
    connectionTableFile(join(folder, 'none')).scan(
      () => 0,
      () => Promise.resolve(),
    ),
    { code: 'ENOENT' },
  ),
);
