import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { stateFile } from '../../../src/system/state-file.js';

t.test('written, read, replaced, removed', async (t) => {
  const file = stateFile(join(t.testdir(), 'lvsd', 'state.json'));
  t.equal(await file.read(), undefined);
  await file.write('one');
  t.equal(await file.read(), 'one');
  await file.write('two');
  t.equal(readFileSync(file.path, 'utf8'), 'two');
  t.strictSame(readdirSync(join(file.path, '..')), ['state.json'], 'nothing else is left');
  await file.remove();
  await file.remove();
  t.equal(await file.read(), undefined);
});

t.test('a folder that cannot be made, a path that is a folder', async (t) => {
  await t.rejects(stateFile(join(t.testdir(), 'a', 'b', 'state.json')).write('x'), { code: 'ENOENT' });
  const folder = join(t.testdir(), 'folder');
  mkdirSync(folder);
  await t.rejects(stateFile(folder).read(), { code: 'EISDIR' });
});
