import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { appendedFile, memoryFile } from '../../../src/system/appended-file.js';

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

t.test('lines behind what was written, until it is replaced', async (t) => {
  const path = join(folder(t), 'a.jsonl');
  const file = appendedFile(path);
  t.equal(await file.read(), undefined);
  await t.rejects(file.append('nobody began it\n'), { code: 'ENOENT' });
  await file.write('one\n');
  await file.append('two\n');
  await file.append('three\n');
  t.equal(await file.read(), 'one\ntwo\nthree\n');
  t.equal(statSync(path).mode & 0o777, 0o600);
  await file.write('four\n');
  t.equal(readFileSync(path, 'utf8'), 'four\n');
});

t.test('a disk without room is told', async (t) => {
  await t.rejects(appendedFile('/dev/full').append('line\n'), { code: 'ENOSPC' });
});

t.test('in memory', async (t) => {
  const file = memoryFile();
  t.equal(await file.read(), undefined);
  await file.append('a');
  await file.append('b');
  t.equal(await file.read(), 'ab');
  await file.write('c');
  t.equal(await file.read(), 'c');
});
