import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { iprouteNames } from '../../../src/daemon/iproute-names.js';
import { Names, readNames } from '../../../src/links/names.js';

t.test('a file of names', (t) => {
  const text = '# reserved\n255\tlocal\n 0x10  hex # a comment\n\n#7 not\nnonsense\n12\n13 two words\n';
  t.same(
    [...readNames(text)],
    [
      ['local', 255],
      ['hex', 16],
    ],
  );
  t.end();
});

t.test('numbers, the kernel’s names, and those of files', (t) => {
  const names = new Names({ table: ['100 mine\n', '101 mine\n'] });
  const rows = [
    ['table', 'main', 254],
    ['table', 'local', 255],
    ['table', '0x64', 100],
    ['table', '77', 77],
    ['table', 'mine', 101],
    ['table', 'constructor', undefined],
    ['protocol', 'keepalived', 18],
    ['protocol', 'static', 4],
    ['scope', 'link', 253],
    ['scope', 'nosuch', undefined],
    ['group', 'default', 0],
    ['realm', 'mine', undefined],
  ] as const;
  for (const [kind, text, number] of rows) t.equal(names.number(kind, text), number, `${kind} ${text}`);
  t.end();
});

t.test('what an administrator writes counts', (t) => {
  const folder = t.testdir({ usr: { rt_tables: '100 a\n101 b\n' }, etc: { rt_tables: '200 b\n', group: '5 edge\n' } });
  mkdirSync(join(folder, 'etc/rt_tables.d'));
  writeFileSync(join(folder, 'etc/rt_tables.d/more.conf'), '300 c\n');
  writeFileSync(join(folder, 'etc/rt_tables.d/more.old'), '400 d\n');
  const names = iprouteNames([join(folder, 'usr'), join(folder, 'etc'), join(folder, 'nosuch')]);
  t.same(
    ['a', 'b', 'c', 'd'].map((name) => names.number('table', name)),
    [100, 200, 300, undefined],
  );
  t.equal(names.number('group', 'edge'), 5);
  t.end();
});
