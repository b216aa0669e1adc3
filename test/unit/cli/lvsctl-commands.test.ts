/** The table of lvsctl's commands is whole, and all that is made from it says the same. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { commands } from '../../../src/cli/lvsctl-commands.js';
import { parseLvsctl } from '../../../src/cli/lvsctl.js';
import { overview } from '../../../src/cli/overview.js';
import { foreignCommands } from '../../../src/cli/lb.js';
import { unlessInstalled } from '../../helpers/program.js';

const root = new URL('../../../../', import.meta.url).pathname;
const names = commands.map(({ name }) => name);

t.test('no two commands have one name', (t) => {
  t.equal(new Set([...names, ...foreignCommands.map(({ word }) => word)]).size, names.length + foreignCommands.length);
  t.end();
});

for (const { name, manual, options, usage } of commands)
  t.test(`lvsctl ${name}: told of as a whole`, (t) => {
    t.match(manual.summary, /^[a-z].*[^.]$/, 'a summary begins small and ends without a full stop');
    t.ok(manual.about.length > 0, 'it says what it does');
    t.match(usage, new RegExp(`^usage: lvsctl (\\[--.*\\] )?${name}`));
    t.same(parseLvsctl([name, '--help'], {}), { help: usage });
    for (const [option, { help, type, value }] of Object.entries(options)) {
      t.ok(help.length > 0, `--${option} says what it is for`);
      t.equal(value !== undefined, type === 'string', `--${option} names its value, if it has one`);
      t.match(usage, `--${option}`);
    }
    const long = usage.split('\n').filter((line) => line.length > 100 && !/^(usage:| {7})/.test(line));
    t.same(long, [], 'no line is too long for a terminal');
    t.end();
  });

t.test('the overview has every command once', (t) => {
  const text = overview(commands);
  for (const name of names) t.equal(text.match(new RegExp(`^  ${name} `, 'gm'))?.length, 1, name);
  t.end();
});

t.test('help', (t) => {
  t.match(parseLvsctl(['help'], {}), { own: 'help' });
  t.match(parseLvsctl(['--help'], {}), { help: overview(commands) });
  t.match(parseLvsctl(['statsu'], {}), { wrong: "no command 'statsu'; did you mean 'status'?" });
  t.end();
});

t.test('troff has nothing to complain about', { skip: unlessInstalled('man') }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-man-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const pages = readdirSync(join(root, 'packaging/man'));
  t.same(pages.toSorted(), ['lvsctl.1', 'lvsd.8', 'lvsd.conf.5']);
  for (const page of pages)
    for (const width of ['60', '80', '132']) {
      const { status, stdout, stderr } = spawnSync(
        'man',
        ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', join(root, 'packaging/man', page)],
        { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: width, HOME: folder } },
      );
      t.equal(status, 0, stderr);
      t.equal(stderr, '', `${page} at ${width} columns`);
      t.ok(stdout.length > 2000, 'and it is a page');
    }
  t.end();
});
