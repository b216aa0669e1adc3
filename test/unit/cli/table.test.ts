/** Tables for people: what is left out where there is no room, what is cut, and what never is. */
import fc from 'fast-check';
import t from 'tap';
import { coloured, plain, sheetOf } from '../../../src/cli/sheet.js';
import { type Column, tablePrinter, tableText } from '../../../src/cli/table.js';

interface Row {
  readonly name: string;
  readonly count: number;
  readonly note: string;
  readonly extra: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'COUNT', align: 'right', of: ({ count }) => String(count) },
  { title: 'NOTE', of: ({ note }) => note, least: 6 },
  { title: 'EXTRA', of: ({ extra }) => extra, spare: 1 },
  { title: 'MORE', of: ({ extra }) => extra, spare: 2 },
];
const rows: readonly Row[] = [
  { name: 'tcp 192.0.2.1:80', count: 7, note: 'all is well here', extra: 'x' },
  { name: 'b', count: 12_345, note: '', extra: 'yy' },
];
const wide = { width: Infinity, paint: plain };

t.test('columns as wide as they must be, numbers to the right, no blanks at ends', (t) => {
  t.equal(
    tableText(rows, columns, wide),
    `NAME              COUNT  NOTE              EXTRA  MORE
tcp 192.0.2.1:80      7  all is well here  x      x
b                 12345                    yy     yy
`,
  );
  t.end();
});

t.test('where there is no room: spare columns go, the last one first; then what may be is cut', (t) => {
  const titles = (width: number): string => tableText(rows, columns, { width, paint: plain }).split('\n')[0] ?? '';
  t.equal(titles(54), 'NAME              COUNT  NOTE              EXTRA  MORE');
  t.equal(titles(53), 'NAME              COUNT  NOTE              EXTRA');
  t.equal(titles(47), 'NAME              COUNT  NOTE');
  t.match(tableText(rows, columns, { width: 31, paint: plain }), /\ntcp 192\.0\.2\.1:80 {6}7 {2}all i…\n/);
  t.match(
    tableText(rows, columns, { width: 5, paint: plain }),
    /\ntcp 192\.0\.2\.1:80 {6}7 {2}all i…\n/,
    'no more is cut',
  );
  t.end();
});

t.test('rows that come in parts: titles once, no column becomes narrower', (t) => {
  const print = tablePrinter(columns.slice(0, 2), wide);
  t.equal(print(rows.slice(0, 1)), 'NAME              COUNT\ntcp 192.0.2.1:80      7\n');
  t.equal(print(rows.slice(1)), 'b                 12345\n');
  t.end();
});

t.test('what a server says does not talk to the terminal', (t) => {
  const nasty = [{ name: 'a\x1b[2Jb\nc', count: 1, note: '', extra: '' }];
  t.equal(tableText(nasty, columns.slice(0, 1), wide), 'NAME\na·[2Jb·c\n');
  t.end();
});

t.test('colours take no room', (t) => {
  const inked: readonly Column<Row>[] = [
    { title: 'NAME', of: ({ name }) => name, ink: () => 'red' },
    { title: 'COUNT', align: 'right', of: ({ count }) => String(count), ink: () => 'green' },
  ];
  const text = tableText(rows, inked, { width: 80, paint: coloured });
  t.match(text, '\x1b[31mtcp 192.0.2.1:80\x1b[0m');
  t.equal(text.replace(/\x1b\[\d+m/g, ''), tableText(rows, inked, wide));
  t.end();
});

t.test('no cell that may not be cut is, and a line is longer than the sheet only then', (t) => {
  const cell = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: cell, count: fc.nat(), note: cell, extra: cell }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 120 }),
      (all, width) => {
        const text = tableText(all, columns, { width, paint: plain });
        const lines = text.split('\n').slice(1, -1);
        for (const [i, row] of all.entries()) {
          if (!lines[i]?.includes(row.name.trimEnd())) return false;
          if (!lines[i].includes(String(row.count))) return false;
        }
        const must = Math.max(4, ...all.map(({ name }) => name.length)) + 2;
        const least = must + Math.max(5, ...all.map(({ count }) => String(count).length)) + 2 + 6;
        return lines.every((line) => line.length <= Math.max(width, least));
      },
    ),
  );
  t.end();
});

t.test('what is printed on: $COLUMNS, the terminal, or neither; colours are for terminals', (t) => {
  const output = { out: () => undefined, err: () => undefined };
  const terminal = { ...output, terminal: { columns: 80 } };
  t.match(sheetOf(output, {}), { width: Infinity, paint: plain });
  t.match(sheetOf(output, { COLUMNS: '40' }), { width: 40, paint: plain });
  t.match(sheetOf(terminal, {}), { width: 80, paint: coloured });
  t.match(sheetOf(terminal, { COLUMNS: '132', NO_COLOR: '1' }), { width: 132, paint: plain });
  t.match(sheetOf(terminal, { COLUMNS: 'wide', NO_COLOR: '' }), { width: 80, paint: coloured });
  t.match(sheetOf(terminal, { TERM: 'dumb' }), { paint: plain });
  t.end();
});
