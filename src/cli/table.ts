import { harmless } from './check/excerpt.js';
import type { Ink, Sheet } from './sheet.js';

/** A column of a table for people. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  readonly align?: 'right';
  readonly ink?: (row: Row) => Ink | undefined;
  /** It may be cut down to so many columns where there is no room: nothing that somebody must read or type again. */
  readonly least?: number;
  /** It may be left out where there is no room, the one with the greatest number first. */
  readonly spare?: number;
}

export const GAP = 2;
const CUT = '…';

/**
 * Titles and rows, columns as wide as they must be. Where there is no room spare columns are left out, then those that may be are cut; what is
 * left is longer than the line rather than less than whole.
 */
export const tableText = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], sheet: Sheet): string =>
  tablePrinter(columns, sheet)(rows);

/** The same of rows that come in parts: titles stand above the first, and no column becomes narrower. */
export function tablePrinter<Row>(
  columns: readonly Column<Row>[],
  { width, paint }: Sheet,
): (rows: readonly Row[]) => string {
  const widths = new Map(columns.map((column) => [column, lengthOf(column.title)]));
  let isFirst = true;
  return (rows) => {
    const all = columns.map((column) => {
      const cells = rows.map((row) => harmless(column.of(row)));
      widths.set(column, Math.max(widths.get(column) ?? 0, widest(cells)));
      return { column, cells, width: widths.get(column) ?? 0 };
    });
    const shown = fitted(all, width);
    const line = (textOf: (one: Fitted<Row>) => readonly [text: string, ink: Ink | undefined]): string =>
      shown
        .map((one) => cellText(one, ...textOf(one), paint))
        .join(' '.repeat(GAP))
        .trimEnd();
    const title = isFirst ? [line(({ column }) => [column.title, 'bold'])] : [];
    isFirst = false;
    const lines = rows.map((row, i) => line(({ column, cells }) => [cells[i] ?? '', column.ink?.(row)]));
    return [...title, ...lines].map((one) => `${one}\n`).join('');
  };
}

export function cellText<Row>(
  { column, width }: Fitted<Row>,
  text: string,
  ink: Ink | undefined,
  paint: Sheet['paint'],
): string {
  const cut = cutTo(text, width);
  const room = ' '.repeat(width - lengthOf(cut));
  return column.align === 'right' ? `${room}${paint(ink, cut)}` : `${paint(ink, cut)}${room}`;
}

/** A column in a line. */
export interface Fitted<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

/** What of `columns` is shown where there are `width`, and how wide. */
export function fitted<Row>(columns: readonly Fitted<Row>[], width: number): readonly Fitted<Row>[] {
  const excess = totalOf(columns) - width;
  if (excess <= 0) return columns;
  const spare = columns.reduce((most, { column }) => Math.max(most, column.spare ?? 0), 0);
  if (spare > 0)
    return fitted(
      columns.filter(({ column }) => column.spare !== spare),
      width,
    );
  const room = ({ column: { title, least }, width }: Fitted<Row>): number =>
    least === undefined ? 0 : Math.max(0, width - Math.max(least, lengthOf(title)));
  const roomiest = columns.reduce((best, one) => (room(one) > room(best) ? one : best), columns[0]!);
  if (room(roomiest) === 0) return columns;
  const narrower = { ...roomiest, width: roomiest.width - Math.min(excess, room(roomiest)) };
  return fitted(
    columns.map((one) => (one === roomiest ? narrower : one)),
    width,
  );
}

const totalOf = (columns: readonly { readonly width: number }[]): number =>
  columns.reduce((sum, one) => sum + one.width, 0) + GAP * (columns.length - 1);

export const lengthOf = (text: string): number => Array.from(text).length;
const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, lengthOf(text)), 0);

export const cutTo = (text: string, width: number): string =>
  lengthOf(text) <= width
    ? text
    : `${Array.from(text)
        .slice(0, Math.max(0, width - 1))
        .join('')}${width > 0 ? CUT : ''}`;
