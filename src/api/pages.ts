import { LvsError } from '../errors.js';
import { count, listOf, textOrNull } from './schema.js';

const USUAL = 100;
const MOST = 1000;

/** What every list may be asked. */
export const paging = {
  cursor: { type: 'string', maxLength: 1024, description: '`next` of the page before' },
  limit: { type: 'integer', minimum: 1, maximum: MOST, description: `rows of a page, ${USUAL} where it is not said` },
} as const;

export interface Paging {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** A page of rows: `next` is the cursor of the next one, null on the last; `total` counts the rows of all pages. */
export const pageOf = <const Row>(row: Row) =>
  ({
    type: 'object',
    additionalProperties: false,
    required: ['items', 'next', 'total'],
    properties: { items: listOf(row), next: textOrNull, total: count },
  }) as const;

export interface Page<Row> {
  readonly items: readonly Row[];
  readonly next: string | null;
  readonly total: number;
}

/**
 * Part of `rows`, which are made into what is shown only there. A cursor is the place and the name of the last row that was seen: rows that
 * come and go between two pages neither break it nor make it begin again. A row that is gone when it is shown is left out. @throws LvsError API_REQUEST
 */
export function page<Row, Shown>(
  rows: readonly Row[],
  { cursor, limit = USUAL }: Paging,
  nameOf: (row: Row) => string,
  show: (row: Row) => Shown | undefined,
): Page<Shown> {
  const from = cursor === undefined ? 0 : behind(rows, decodeCursor(cursor), nameOf);
  const part = rows.slice(from, from + limit);
  const last = part.at(-1);
  const isMore = from + part.length < rows.length && last !== undefined;
  return {
    items: part.flatMap((row) => show(row) ?? []),
    next: isMore ? encodeCursor({ at: from + part.length - 1, name: nameOf(last) }) : null,
    total: rows.length,
  };
}

interface Cursor {
  readonly at: number;
  readonly name: string;
}

function behind<Row>(rows: readonly Row[], { at, name }: Cursor, nameOf: (row: Row) => string): number {
  const there = rows[at];
  if (there !== undefined && nameOf(there) === name) return at + 1;
  const moved = rows.findIndex((row) => nameOf(row) === name);
  return moved < 0 ? at : moved + 1;
}

const encodeCursor = ({ at, name }: Cursor): string => Buffer.from(`${at} ${name}`).toString('base64url');

function decodeCursor(cursor: string): Cursor {
  const [, at, name] = /^(\d{1,9}) (.+)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at === undefined || name === undefined) throw new LvsError('API_REQUEST', ['the cursor is none of ours']);
  return { at: Number(at), name };
}
