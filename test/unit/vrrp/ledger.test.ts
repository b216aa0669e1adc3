/** The ledger of docs/vrrp.md: each clause names tests that exist, or says why there is none. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';

const root = new URL('../../../../', import.meta.url);
const page = readFileSync(new URL('docs/vrrp.md', root), 'utf8');

/** Rows of tables with four columns. */
const all = page
  .split('\n')
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .filter((cells) => cells.length === 4);
/** Clause, what it says, kept, violation. */
const rows = all.filter(([clause = '']) => clause.startsWith('§'));
/** Number, what others do, what we do, shown by. */
const weaknesses = all.filter(([number = '']) => /^\d+$/.test(number));

/** Why a cell is wrong; undefined: it is right. */
function wrongWith(cell: string, before: string): string | undefined {
  if (cell === 'nothing could') return undefined;
  if (cell === 'gap: same') return before.startsWith('gap: ') ? undefined : 'same as what?';
  if (cell.startsWith('gap: ')) return cell.length > 'gap: '.length + 10 ? undefined : 'a gap needs a reason';
  const [, file, sentence] = /^`([a-z/-]+): (.+)`$/.exec(cell) ?? [];
  if (file === undefined || sentence === undefined) return 'neither a test nor a gap';
  const path = [`unit/vrrp/${file}`, `unit/${file}`, `vrrp/${file}`]
    .map((name) => new URL(`test/${name}.test.ts`, root))
    .find((one) => existsSync(one));
  if (path === undefined) return `${file}.test.ts is missing`;
  return quotedIn(readFileSync(path, 'utf8'), sentence) ? undefined : `${file}.test.ts has no '${sentence}'`;
}

/** As a whole: a name, or the end of one that begins with what varies. */
const quotedIn = (text: string, sentence: string): boolean =>
  ["'", '"', '`'].some((quote) => text.includes(`${sentence}${quote}`));

t.test('there is a ledger', (t) => {
  t.ok(rows.length > 60, `${rows.length} rows`);
  t.end();
});

for (const [clause = '', says = '', kept = '', violation = ''] of rows)
  t.test(`${clause}: ${says}`, (t) => {
    t.equal(wrongWith(kept, ''), undefined);
    t.equal(wrongWith(violation, kept), undefined);
    t.end();
  });

t.test('each of the fifteen weaknesses', (t) => {
  t.equal(weaknesses.length, 15);
  for (const [number, , , shown = ''] of weaknesses) t.equal(wrongWith(shown, ''), undefined, `weakness ${number}`);
  t.end();
});

t.test('a name that is not there is found out', (t) => {
  t.type(wrongWith('`machine: no such sentence`', ''), 'string');
  t.type(wrongWith('`nowhere: no such file`', ''), 'string');
  t.type(wrongWith('', ''), 'string');
  t.type(wrongWith('gap: ', ''), 'string');
  t.end();
});
