import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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

t.test('its mode is what was asked for, whatever the old file and a left temporary one had', async (t) => {
  const folder = t.testdir();
  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  const usual = stateFile(join(folder, 'usual.json'));
  await usual.write('one');
  t.equal(modeOf(usual.path), '644');
  const secret = stateFile(join(folder, 'secret.json'), 0o600);
  writeFileSync(secret.path, 'old', { mode: 0o644 });
  writeFileSync(join(folder, `.secret.json.${process.pid}.new`), 'half of it', { mode: 0o666 });
  await secret.write('new');
  t.equal(modeOf(secret.path), '600');
  t.equal(await secret.read(), 'new');
  t.strictSame(readdirSync(folder).sort(), ['secret.json', 'usual.json']);
});

t.test('what cannot be put in its place leaves nothing behind', async (t) => {
  const folder = t.testdir({ 'state.json': { inside: 'a folder that is not empty' } });
  await t.rejects(stateFile(join(folder, 'state.json')).write('x'), { code: 'EISDIR' });
  t.strictSame(readdirSync(folder), ['state.json']);
});
