/** What `lvsctl top` shows: as many lines as the terminal has, none longer than it is wide. Pure. */
import { clockText, counted, short } from '../amounts.js';
import { harmless } from '../check/excerpt.js';
import { listText } from '../manual.js';
import { type Ink, type Paint, plain } from '../sheet.js';
import { cellText, cutTo, type Fitted, fitted, GAP, lengthOf } from '../table.js';
import { topColumns } from './columns.js';
import { roomFor, rowsOf, type TopState } from './machine.js';
import { serviceText } from '../names.js';
import type { Row } from './rates.js';

export function linesOf(state: TopState, paint: Paint): readonly string[] {
  const { columns, lines } = state;
  const line = (text: string, ink?: Ink): string => paint(ink, cutTo(harmless(text), columns));
  if (state.isHelping)
    return helpText
      .split('\n')
      .slice(0, lines)
      .map((one) => line(one));
  const rows = rowsOf(state);
  const shown = columnsOf(rows, columns);
  const all = [
    line(totalsText(state)),
    noteOf(state, rows.length, line),
    paint('bold', titleText(shown, state)),
    ...rows.slice(state.above, state.above + roomFor(state)).map((row) => {
      const isChosen = row.id === (state.chosen ?? rows[0]?.id);
      const text = cutTo(rowText(shown, row, isChosen ? columns : 0), columns);
      return isChosen ? paint('inverse', text) : text;
    }),
  ];
  const room = Math.max(0, lines - 1 - all.length);
  const keys = line('q quit  ? help  cpban sort  r reverse  enter servers  / filter  space pause', 'dim');
  return [...all, ...Array<string>(room).fill(''), keys].slice(0, lines);
}

/** Of all rows, also of those that are not shown: they must not move when somebody scrolls. */
function columnsOf(rows: readonly Row[], width: number): readonly Fitted<Row>[] {
  const name = rows.reduce((most, row) => Math.max(most, lengthOf(row.name)), 0);
  return fitted(
    topColumns.map((column) => ({
      column,
      cells: [],
      width: Math.max(column.title.length + MARK, column.key === 'name' ? name : 0),
    })),
    width,
  );
}

/** Columns of the mark at the title that rows are sorted by. */
const MARK = 1;

const joined = (cells: readonly string[]): string => cells.join(' '.repeat(GAP));

/** The column that it is sorted by is marked. */
function titleText(shown: readonly Fitted<Row>[], { sort, isReversed, columns }: TopState): string {
  const marked = topColumns.find(({ key }) => key === sort)?.title;
  const mark = (sort === 'name') === isReversed ? '▼' : '▲';
  const cells = shown.map((one) => {
    const { title } = one.column;
    return cellText(one, title === marked ? `${mark}${title}` : title, undefined, plain);
  });
  return cutTo(joined(cells), columns);
}

/** `fill`: so wide at least. */
function rowText(shown: readonly Fitted<Row>[], row: Row, fill: number): string {
  const text = joined(shown.map((one) => cellText(one, harmless(one.column.of(row)), undefined, plain)));
  return text.padEnd(fill);
}

/** `lvsctl top 03:04:05  3 services  12 conn/s  1.2M B/s in, 40M out  812 active  every 2 s` */
function totalsText({ rates, shows, service, intervalMs }: TopState): string {
  if (rates === undefined) return 'lvsctl top';
  const of = rates.services.filter(({ id }) => service === undefined || id === service);
  const sum = (valueOf: (row: Row) => number | null): string =>
    short(of.reduce((all, row) => all + (valueOf(row) ?? 0), 0));
  return [
    `lvsctl top ${clockText(rates.at)}`,
    service === undefined ? counted(rates[shows].length, shows.slice(0, -1)) : serviceText(service),
    `${sum((row) => row.connections)} conn/s`,
    `${sum((row) => row.inBytes)} B/s in, ${sum((row) => row.outBytes)} out`,
    `${sum((row) => row.active)} active`,
    `every ${intervalMs / 1000} s`,
  ].join('  ');
}

function noteOf(state: TopState, count: number, line: (text: string, ink?: Ink) => string): string {
  const { trouble, isTyping, filter, isPaused, rates } = state;
  if (isTyping) return line(`filter: ${filter}▏`);
  if (trouble !== undefined) return line(trouble, 'red');
  const notes = [
    ...(isPaused ? ['paused'] : []),
    ...(filter === '' ? [] : [`filter '${filter}': ${count} left`]),
    ...(rates !== undefined && rates.seconds === 0 ? ['counting ...'] : []),
  ];
  return line(notes.join('  '), 'yellow');
}

const helpText = `lvsctl top: what passes through, a second long

${listText([
  ...topColumns.map(({ press, means }) => [press, `sort by ${means}; again: the other way round`] as const),
  ['< >', 'sort by the column beside'],
  ['r', 'the other way round'],
  ['up down', 'choose a row; page up, page down, home, end, j, k too'],
  ['enter', 'the servers of the chosen service'],
  ['escape', 'back to the services; forget the filter'],
  ['s d', 'all services, all servers'],
  ['/', 'only names with what is typed; enter ends it'],
  ['+ -', 'slower, faster'],
  ['space', 'stop counting, go on'],
  ['q', 'quit'],
])}

Any key goes on.`;
