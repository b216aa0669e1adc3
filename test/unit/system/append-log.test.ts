/** Lines that are kept: over crashes within a line, full disks, files that go away, and only so many of them. */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { AppendLog } from '../../../src/system/append-log.js';

function placed(t: Test, { longest = 1000, older = 2 } = {}): { readonly path: string; readonly log: AppendLog } {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  const path = join(folder, 'sub', 'audit.log');
  mkdirSync(join(folder, 'sub'));
  const log = new AppendLog({ path, longest, older });
  t.teardown(() => {
    log.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { path, log };
}

const textOf = (path: string): string => readFileSync(path, 'utf8');

t.test('lines, behind those that are there, for its owner only', (t) => {
  const { path, log } = placed(t);
  t.equal(log.append('a'), undefined);
  t.equal(log.append('b'), undefined);
  t.equal(textOf(path), 'a\nb\n', 'at once');
  t.equal(statSync(path).mode & 0o777, 0o600);
  const again = new AppendLog({ path, longest: 1000, older: 2 });
  again.append('c');
  again.close();
  log.append('d');
  t.equal(textOf(path), 'a\nb\nc\nd\n');
  t.end();
});

t.test('what a crash left of a line does not spoil the next', (t) => {
  const { path, log } = placed(t);
  writeFileSync(path, 'a\nhalf of');
  log.append('b');
  log.append('c');
  t.equal(textOf(path), 'a\nhalf of\nb\nc\n');
  t.end();
});

t.test('so many bytes, and so many older files', (t) => {
  const { path, log } = placed(t, { longest: 10, older: 2 });
  for (const line of ['1234', '5678', 'abcd', 'efgh', 'ijkl', 'mnop', 'q']) log.append(line);
  t.equal(textOf(path), 'q\n');
  t.equal(textOf(`${path}.1`), 'ijkl\nmnop\n');
  t.equal(textOf(`${path}.2`), 'abcd\nefgh\n');
  t.notOk(existsSync(`${path}.3`));
  t.end();
});

t.test('moved away by somebody else: begun again; gone: too', (t) => {
  const { path, log } = placed(t);
  log.append('a');
  renameSync(path, `${path}.old`);
  log.append('b');
  t.same([textOf(`${path}.old`), textOf(path)], ['a\n', 'b\n']);
  rmSync(path);
  log.append('c');
  t.equal(textOf(path), 'c\n');
  t.end();
});

t.test('what cannot be written waits, in order', (t) => {
  const { path, log } = placed(t);
  const folder = join(path, '..');
  renameSync(folder, `${folder}.away`);
  t.match(log.append('a'), { code: 'ENOENT' });
  t.match(log.append('b'), { code: 'ENOENT' });
  t.match(log.flush(), { code: 'ENOENT' });
  renameSync(`${folder}.away`, folder);
  t.equal(log.append('c'), undefined);
  t.equal(textOf(path), 'a\nb\nc\n');
  renameSync(folder, `${folder}.away`);
  t.match(log.append('d'), { code: 'ENOENT' }, 'also of a file that is open');
  renameSync(`${folder}.away`, folder);
  t.equal(log.close(), undefined);
  t.equal(textOf(path), 'a\nb\nc\nd\n', 'at the end it is tried once more');
  t.equal(log.lost, 0);
  t.end();
});

t.test('a bound on what waits', (t) => {
  const { path, log } = placed(t);
  rmSync(join(path, '..'), { recursive: true });
  const line = 'x'.repeat(1024 * 1024 - 1);
  for (let i = 0; i < 10; i++) t.ok(log.append(line));
  t.equal(log.lost, 2, 'eight of them are kept');
  t.end();
});

// a real disk without room: a tmpfs of a namespace of its own
const unshare = spawnSync('unshare', ['-m', 'true']);
t.test('a full disk', { skip: unshare.status === 0 ? false : 'unshare(1) may not' }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const script = `
    const { AppendLog } = await import(${JSON.stringify(new URL('../../../src/system/append-log.js', import.meta.url).href)});
    const { readFileSync, rmSync, writeFileSync } = await import('node:fs');
    const path = ${JSON.stringify(join(folder, 'audit.log'))}, ballast = ${JSON.stringify(join(folder, 'ballast'))};
    writeFileSync(ballast, Buffer.alloc(56 * 1024));
    const log = new AppendLog({ path, longest: 1e9, older: 1 });
    const lines = Array.from({ length: 40 }, (_, i) => i + ' ' + 'x'.repeat(999));
    const failures = lines.map((line) => log.append(line)).filter((one) => one !== undefined);
    rmSync(ballast);
    const last = log.flush();
    log.close();
    console.log(JSON.stringify({ codes: [...new Set(failures.map(({ code }) => code))], last: last?.code ?? null, lost: log.lost,
      same: readFileSync(path, 'utf8') === lines.map((line) => line + '\\n').join('') }));`;
  const sh = `mount -t tmpfs -o size=64k none ${folder} && exec "$0" --input-type=module -e "$1"`;
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', sh, process.execPath, script], {
    encoding: 'utf8',
  });
  t.equal(stderr, '');
  t.same(JSON.parse(stdout), { codes: ['ENOSPC'], last: null, lost: 0, same: true }, 'each line once, whole, in order');
  t.end();
});

t.test('half of a line that is in another file now is whole in the new one', (t) => {
  const { path, log } = placed(t);
  log.append('a');
  appendFileSync(path, 'somebody else');
  renameSync(path, `${path}.old`);
  log.append('b');
  t.equal(textOf(path), 'b\n');
  t.end();
});
