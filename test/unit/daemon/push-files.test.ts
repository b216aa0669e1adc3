import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Bundle } from '../../../src/config/bundle.js';
import { PushFiles } from '../../../src/daemon/push-files.js';
import { stateFile } from '../../../src/system/state-file.js';

const before: Bundle = {
  main: 'include conf.d/*.conf\n',
  included: [
    { path: 'conf.d/a.conf', text: 'a, before\n' },
    { path: 'conf.d/gone.conf', text: 'gone\n' },
  ],
};
const after: Bundle = {
  main: '# after\ninclude conf.d/*.conf\n',
  included: [
    { path: 'conf.d/a.conf', text: 'a, after\n' },
    { path: 'more/new.conf', text: 'new\n' },
  ],
};

/** A folder with `before` in it. */
function folderOf(t: { testdir(fixture: { 'conf.d': Record<string, never> }): string }): string {
  const folder = t.testdir({ 'conf.d': {} });
  mkdirSync(join(folder, 'conf.d'), { recursive: true });
  writeFileSync(join(folder, 'lvsd.conf'), before.main, { mode: 0o640 });
  for (const { path, text } of before.included) writeFileSync(join(folder, path), text);
  return folder;
}

/** Every file that is not hidden. */
function visible(folder: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(folder, below)).filter((one) => !one.startsWith('.'))) {
    const path = below === '' ? name : `${below}/${name}`;
    if (statSync(join(folder, path)).isDirectory()) Object.assign(found, visible(folder, path));
    else found[path] = readFileSync(join(folder, path), 'utf8');
  }
  return found;
}

const asFiles = ({ main, included }: Bundle): Record<string, string> => ({
  'lvsd.conf': main,
  ...Object.fromEntries(included.map(({ path, text }) => [path, text])),
});

const begin = (files: PushFiles): Promise<void> => files.begin('id', { before, after, present: before, doubt: ['1'] });

t.test('what is tried takes the place of what was, with its mode, and what was lies beside it', async (t) => {
  const folder = folderOf(t);
  const files = new PushFiles(join(folder, 'lvsd.conf'));
  await begin(files);
  t.same(visible(folder), asFiles(after));
  t.same(visible(join(folder, '.lvsd.conf.before')), asFiles(before));
  t.equal(statSync(join(folder, 'lvsd.conf')).mode & 0o777, 0o640);
  t.equal(statSync(join(folder, 'more/new.conf')).mode & 0o777, 0o640, 'as secret as the main file');
  t.ok(await files.isOnTrial());
  await files.keep();
  t.notOk(await files.isOnTrial());
  t.equal(await files.recover(), undefined);
  t.same(visible(folder), asFiles(after));
  t.same(await files.doubts(), ['1']);
  await files.clear();
  t.same(await files.doubts(), []);
  t.notOk(readdirSync(folder).includes('.lvsd.conf.push'));
});

t.test('what goes back is what was, and what was tried lies beside it', async (t) => {
  const folder = folderOf(t);
  await begin(new PushFiles(join(folder, 'lvsd.conf')));
  // a start that finds it
  const files = new PushFiles(join(folder, 'lvsd.conf'));
  t.equal(await files.recover(), 'id');
  t.same(visible(folder), asFiles(before));
  t.same(visible(join(folder, '.lvsd.conf.refused')), asFiles(after));
  t.notOk(await files.isOnTrial());
  t.same(await files.doubts(), ['1'], 'the other side may have it');
});

/** Files of a process that is killed before it has written more than `most`. */
function dyingAfter(most: number): typeof stateFile {
  let writes = 0;
  return (path, mode) => ({
    ...stateFile(path, mode),
    write: (text) => (writes++ < most ? stateFile(path, mode).write(text) : Promise.reject(new Error('killed'))),
  });
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

t.test('killed between any two writes: all of what was, or nothing had begun', async (t) => {
  for (let most = 0; ; most++) {
    const folder = folderOf(t);
    const isWhole = await succeeds(begin(new PushFiles(join(folder, 'lvsd.conf'), dyingAfter(most))));
    if (isWhole) {
      t.ok(most >= 7, `${most} writes`);
      break;
    }
    await new PushFiles(join(folder, 'lvsd.conf')).recover();
    t.same(visible(folder), asFiles(before), `after ${most} writes`);
  }
});

t.test('killed while it goes back: the next start goes on', async (t) => {
  for (let most = 0; ; most++) {
    const folder = folderOf(t);
    const main = join(folder, 'lvsd.conf');
    await begin(new PushFiles(main));
    const isWhole = await succeeds(new PushFiles(main, dyingAfter(most)).recover());
    if (isWhole) {
      t.ok(most >= 6, `${most} writes`);
      break;
    }
    t.equal(await new PushFiles(main).recover(), 'id');
    t.same(visible(folder), asFiles(before), `after ${most} writes`);
  }
});

t.test('a note that is none of ours is none', async (t) => {
  const folder = folderOf(t);
  for (const text of ['', 'x', '5', 'null', '{}', '{"trial":{},"doubt":[]}', '{"trial":null,"doubt":5}']) {
    writeFileSync(join(folder, '.lvsd.conf.push'), text);
    t.notOk(await new PushFiles(join(folder, 'lvsd.conf')).isOnTrial(), text);
  }
});

t.test('what was before is gone: a sentence, and nothing is touched', async (t) => {
  const folder = folderOf(t);
  const files = new PushFiles(join(folder, 'lvsd.conf'));
  await begin(files);
  rmSync(join(folder, '.lvsd.conf.before/conf.d/a.conf'));
  await t.rejects(files.recover(), { code: 'PUSH_FILES', message: /\.lvsd\.conf\.before is not whole$/ });
  t.same(visible(folder), asFiles(after));
  t.ok(await files.isOnTrial());
});

t.test('a link is followed, and stays one', async (t) => {
  const folder = folderOf(t);
  const main = join(folder, 'link.conf');
  symlinkSync(join(folder, 'lvsd.conf'), main);
  const files = new PushFiles(main);
  await begin(files);
  t.ok(lstatSync(main).isSymbolicLink());
  t.equal(readFileSync(join(folder, 'lvsd.conf'), 'utf8'), after.main);
  await files.recover();
  t.equal(readFileSync(main, 'utf8'), before.main);
});

t.test('a folder that cannot be written is a sentence', async (t) => {
  const files = new PushFiles('/proc/lvsd.conf');
  t.match(new PushFiles('/no/such/folder/lvsd.conf').unwritable(), /^its files cannot be replaced: ENOENT/);
  t.equal(new PushFiles(join(folderOf(t), 'lvsd.conf')).unwritable(), undefined);
  await t.rejects(begin(files), {
    code: 'PUSH_FILES',
    message: /^the files of \/proc\/lvsd\.conf cannot be replaced: /,
  });
});
