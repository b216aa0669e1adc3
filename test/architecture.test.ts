/** The rules of docs/architecture.md as tests: who may import whom, who may touch time, where napi.h lives, what a folder says of itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A folder that is not in its line is a mistake, not a taste. Everybody may import errors.ts. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  schedulers: ['model'],
  config: ['model'],
  convert: ['model', 'config'],
  netlink: [],
  system: [],
  ipvs: ['model', 'netlink'],
  links: ['model', 'netlink', 'system'],
  netfilter: ['model', 'config', 'system'],
  realserver: ['model', 'links', 'system'],
  health: ['model', 'config', 'system'],
  bfd: ['health', 'config', 'system'],
  vrrp: ['model', 'config', 'system'],
  connsync: ['model', 'netlink', 'ipvs', 'dataplane', 'system'],
  pair: ['model', 'config', 'vrrp', 'system'],
  director: ['model', 'config', 'health', 'system'],
  notify: ['model', 'config', 'director', 'system'],
  dataplane: ['model', 'system'],
  routing: ['model', 'netlink', 'links', 'dataplane', 'system'],
  lb: ['model', 'config', 'dataplane', 'system'],
  declare: ['model', 'config', 'system'],
  events: ['model', 'config', 'system'],
  metrics: ['model', 'system'],
  fleet: ['model', 'config', 'declare', 'system'],
  announce: ['model', 'config', 'system'],
  doctor: ['model', 'config'],
  api: ['model', 'config', 'declare', 'events', 'metrics', 'doctor', 'system'],
  replay: ['model', 'config', 'director', 'schedulers', 'dataplane', 'lb', 'system'],
  addon: ['model', 'netlink', 'health', 'dataplane', 'vrrp', 'system'],
  library: ['model', 'config', 'netlink', 'ipvs', 'addon', 'system'],
  cli: [
    'model',
    'config',
    'convert',
    'netfilter',
    'netlink',
    'ipvs',
    'links',
    'schedulers',
    'realserver',
    'director',
    'dataplane',
    'routing',
    'lb',
    'replay',
    'system',
    'addon',
    'library',
    'vrrp',
    'pair',
    'declare',
    'doctor',
    'fleet',
    'announce',
  ],
  daemon: [
    'model',
    'config',
    'netlink',
    'ipvs',
    'links',
    'netfilter',
    'health',
    'bfd',
    'director',
    'notify',
    'dataplane',
    'routing',
    'lb',
    'replay',
    'schedulers',
    'system',
    'addon',
    'library',
    'cli',
    'vrrp',
    'connsync',
    'pair',
    'api',
    'declare',
    'events',
    'metrics',
    'fleet',
    'announce',
    'doctor',
  ],
};

const filesOf = (folder: string, ending: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Without comments, so that a word of prose is no import. */
const codeOf = (file: string): string => textOf(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());

for (const { name } of folders) {
  t.test(`src/${name} imports only what it may`, (t) => {
    const may = allowed[name];
    if (may === undefined) throw new Error(`add src/${name} to the table`);
    for (const file of filesOf(`src/${name}`, '.ts')) {
      const depth = file.split('/').length - 3;
      const outside = new RegExp(`from '(?:\\.\\./){${depth + 1}}([^/']+)`, 'g');
      for (const [, target = ''] of codeOf(file).matchAll(outside)) {
        t.ok(target === name || target === 'errors.js' || may.includes(target), `${file} imports ${target}`);
      }
    }
    t.end();
  });

  t.test(`src/${name} says in its main file what it is`, (t) => {
    const says = filesOf(`src/${name}`, '.ts').some((file) => textOf(file).startsWith(`/**\n * ${name}/ — `));
    t.ok(says, `one file begins with "/**\\n * ${name}/ — …"`);
    t.end();
  });
}

const only: readonly (readonly [what: string, pattern: RegExp, where: RegExp])[] = [
  [
    'timers, clocks and chance',
    /\b(setTimeout|setInterval|Date\.now|performance\.now|Math\.random)\b/,
    /^src\/system\//,
  ],
  ['barrels', /^export \* from/m, /^nowhere/],
  ['escapes from the type system', /\bas any\b|: any\b|@ts-ignore|@ts-expect-error|eslint-disable/, /^nowhere/],
];
for (const [what, pattern, where] of only) {
  t.test(`${what} only in ${where.source}`, (t) => {
    for (const file of filesOf('src', '.ts')) t.ok(where.test(file) || !pattern.test(codeOf(file)), file);
    t.end();
  });
}

t.test('napi.h only under native/binding', (t) => {
  for (const file of [...filesOf('native', '.h'), ...filesOf('native', '.cc')]) {
    if (file.startsWith('native/binding/') || file.startsWith('native/build')) continue;
    t.notMatch(textOf(file), /<napi\.h>|<uv\.h>/, file);
  }
  t.end();
});

/** Tables may be long; a tangle may not. */
const long: Readonly<Record<string, string>> = {};

t.test('no file above 500 lines without a reason', (t) => {
  for (const file of [
    ...filesOf('src', '.ts'),
    ...filesOf('native/binding', '.cc'),
    ...filesOf('native/socket', '.cc'),
  ]) {
    t.ok(textOf(file).split('\n').length <= 500 || file in long, file);
  }
  t.end();
});
