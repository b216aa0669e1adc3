import fc from 'fast-check';
import t from 'tap';
import {
  checkScript,
  type FileFacts,
  findProgram,
  inspectScript,
  type SecurityFiles,
} from '../../../src/system/script-security.js';

interface Entry extends Partial<FileFacts> {
  readonly to?: string;
}

/** A file system of root's: folders 755, files 755, unless it is said otherwise. */
function filesOf(entries: Readonly<Record<string, Entry>>): SecurityFiles {
  const found = (path: string): FileFacts & Pick<Entry, 'to'> => {
    const entry = path === '/' ? {} : entries[path];
    const isFolder = Object.keys(entries).some((other) => other.startsWith(path === '/' ? '/' : `${path}/`));
    if (entry === undefined && !isFolder) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    const kind = isFolder ? 'directory' : entry?.to === undefined ? 'file' : 'link';
    return { kind, uid: 0, gid: 0, mode: 0o755, ...entry };
  };
  return {
    facts: (path) => Promise.resolve().then(() => found(path)),
    target: (path) => Promise.resolve(found(path).to ?? ''),
  };
}

const rows: readonly (readonly [
  what: string,
  entries: Readonly<Record<string, Entry>>,
  root: string | undefined,
  other?: string,
])[] = [
  ['all is root’s', { '/a/s': {} }, undefined],
  ['the file belongs to somebody', { '/a/s': { uid: 7 } }, '/a/s does not belong to root: it is not run as root'],
  ['the file is writable by all', { '/a/s': { mode: 0o757 } }, '/a/s is writable by everybody: it is not run as root'],
  [
    'the file is writable by a group',
    { '/a/s': { mode: 0o775, gid: 5 } },
    '/a/s is writable by group 5: it is not run as root',
  ],
  ['the file is writable by group root', { '/a/s': { mode: 0o775 } }, undefined],
  [
    'a folder is writable by all',
    { '/a': { mode: 0o777 }, '/a/s': {} },
    '/a is writable by everybody: it is not run as root',
  ],
  ['a folder is sticky', { '/a': { mode: 0o1777 }, '/a/s': {} }, undefined],
  [
    'a sticky folder is somebody’s',
    { '/a': { mode: 0o1777, uid: 7 }, '/a/s': {} },
    '/a does not belong to root: it is not run as root',
  ],
  [
    'a folder belongs to somebody',
    { '/a': { uid: 7 }, '/a/s': {} },
    '/a does not belong to root: it is not run as root',
  ],
  ['a merged /usr', { '/a': { to: 'usr/a' }, '/usr/a/s': {} }, undefined],
  [
    'the link belongs to somebody',
    { '/a/s': { to: '/b/s', uid: 7 }, '/b/s': {} },
    '/a/s does not belong to root: it is not run as root',
  ],
  [
    'a link into what is writable',
    { '/a/s': { to: '../b/s' }, '/b': { mode: 0o777 }, '/b/s': {} },
    '/b is writable by everybody: it is not run as root',
  ],
  [
    'a link out of what is writable',
    { '/a': { mode: 0o777 }, '/a/s': { to: '/b/s' }, '/b/s': {} },
    '/a is writable by everybody: it is not run as root',
  ],
  [
    'a link back through what is writable',
    { '/a/s': { to: '/w/../b/s' }, '/w': { mode: 0o777, kind: 'directory' }, '/b/s': {} },
    '/w is writable by everybody: it is not run as root',
  ],
  ['not there', { '/a/t': {} }, '/a/s does not exist', '/a/s does not exist'],
  ['a dangling link', { '/a/s': { to: '/b/s' } }, '/a/s does not exist', '/a/s does not exist'],
  [
    'a circle',
    { '/a/s': { to: '/a/t' }, '/a/t': { to: '/a/s' } },
    '/a/s: too many symbolic links',
    '/a/s: too many symbolic links',
  ],
  ['not executable', { '/a/s': { mode: 0o644 } }, '/a/s is not executable', '/a/s is not executable'],
  ['a folder', { '/a/s/x': {} }, '/a/s is a directory', '/a/s is a directory'],
  ['a device', { '/a/s': { kind: 'other' } }, '/a/s is not a regular file', '/a/s is not a regular file'],
  ['below a file', { '/a': { kind: 'file' }, '/a/s': {} }, '/a is not a directory', '/a is not a directory'],
];
for (const [what, entries, root, other] of rows)
  t.test(what, async (t) => {
    t.equal(await checkScript('/a/s', 'root', filesOf(entries)), root);
    t.equal(await checkScript('/a/s', 'other', filesOf(entries)), other);
  });

t.test('a relative path is none; `/`, `.` and `..` are what they are', async (t) => {
  const files = filesOf({ '/a/b/s': {} });
  t.match(await checkScript('a/s', 'other', files), /not an absolute path/);
  t.equal(await checkScript('//a/./c/../b//s', 'other', filesOf({ '/a/b/s': {}, '/a/c/x': {} })), undefined);
  t.equal(await checkScript('/../a/b/s', 'root', files), undefined);
  t.equal(await checkScript('/a/b/', 'other', files), '/a/b/ is a directory');
});

t.test('no part that is somebody else’s is overlooked, wherever it stands on the way', () =>
  fc.assert(
    fc.asyncProperty(
      fc.nat(4),
      fc.nat(3),
      fc.constantFrom<Entry>({ uid: 9 }, { mode: 0o757 }, { mode: 0o775, gid: 9 }),
      async (bad, link, how) => {
        const parts = ['a', 'b', 'c', 'd', 's'];
        const paths = parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`);
        const entries: Record<string, Entry> = { [paths[4]!]: {} };
        entries[paths[bad]!] = how;
        // the way may begin at a link to any of the folders
        entries['/l'] = { to: paths[link]! };
        const through = `/l${paths[4]!.slice(paths[link]!.length)}`;
        const { unsafe } = await inspectScript(through, filesOf(entries));
        t.ok(unsafe?.startsWith(`${paths[bad]!} `), `${through}: ${unsafe ?? 'safe'}`);
      },
    ),
  ),
);

t.test('a bare name is looked for in the folders of $PATH', async (t) => {
  const files = filesOf({ '/x/s': { mode: 0o644 }, '/y/s': {}, '/z/s': {} });
  t.equal(await findProgram('s', 'w:/x:/y:/z', files), '/y/s');
  t.equal(await findProgram('t', '/x:/y', files), undefined);
  t.equal(await findProgram('/q/s', '/x', files), '/q/s');
});
