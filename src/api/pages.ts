import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LvsError } from '../errors.js';
import { count, JSON_TYPE, listOf, textOrNull } from './schema.js';

const USUAL = 100;
const MOST = 100_000;

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

/** The same, with more members beside the rows. */
export const pageWith = <const Row, const More extends Readonly<Record<string, unknown>>>(row: Row, more: More) =>
  ({
    type: 'object',
    additionalProperties: false,
    required: ['items', 'next', 'total', ...Object.keys(more)] as readonly (
      | 'items'
      | 'next'
      | 'total'
      | (keyof More & string)
    )[],
    properties: { ...more, items: listOf(row), next: textOrNull, total: count },
  }) as const;

export interface Page<Row> {
  readonly items: readonly Row[];
  readonly next: string | null;
  readonly total: number;
}

/** A page whose rows are not yet made into what is shown. */
export interface Part<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
  readonly total: number;
}

/**
 * Part of `rows`. A cursor is the place and the name of the last row that was seen: rows that come and go between two pages neither break it
 * nor make it begin again. @throws LvsError API_REQUEST
 */
export function partOf<Row>(
  rows: readonly Row[],
  { cursor, limit = USUAL }: Paging,
  nameOf: (row: Row) => string,
): Part<Row> {
  const from = cursor === undefined ? 0 : behind(rows, decodeCursor(cursor), nameOf);
  const part = rows.slice(from, from + limit);
  const last = part.at(-1);
  const isMore = from + part.length < rows.length && last !== undefined;
  return {
    rows: part,
    next: isMore ? encodeCursor({ at: from + part.length - 1, name: nameOf(last) }) : null,
    total: rows.length,
  };
}

/** Rows of an answer that is made in one go; a longer one is made and sent piece by piece, so that nothing else waits for it. */
const AT_ONCE = 200;
/** Characters. */
const PIECE = 32 * 1024;

/** Answers with a part, rows that are gone when they are shown left out; `more` are members beside them. */
export function sendPart<Row, Shown, More extends object>(
  reply: FastifyReply,
  part: Part<Row>,
  show: (row: Row) => Shown | undefined,
  more: More,
): Page<Shown> & More {
  const { rows, next, total } = part;
  if (rows.length <= AT_ONCE) return { ...more, items: rows.flatMap((row) => show(row) ?? []), next, total };
  void reply.type(`${JSON_TYPE}; charset=utf-8`);
  // fastify sends a stream as it is, which its types do not say
  return Readable.from(piecesOf(part, show, more), { objectMode: false }) as unknown as Page<Shown> & More;
}

async function* piecesOf<Row>(
  { rows, next, total }: Part<Row>,
  show: (row: Row) => unknown,
  more: object,
): AsyncGenerator<string> {
  let piece = `${JSON.stringify({ ...more, next, total }).slice(0, -1)},"items":[`;
  let isFirst = true;
  for (const row of rows) {
    const shown = show(row);
    if (shown === undefined) continue;
    piece += `${isFirst ? '' : ','}${JSON.stringify(shown)}`;
    isFirst = false;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
    await nextTurn();
  }
  yield `${piece}]}`;
}

export interface Cursor {
  readonly at: number;
  readonly name: string;
}

function behind<Row>(rows: readonly Row[], { at, name }: Cursor, nameOf: (row: Row) => string): number {
  const from = Math.min(at, rows.length);
  const isHere = (i: number): boolean => rows[i] !== undefined && nameOf(rows[i]) === name;
  // the nearest first: it moves by as many rows as came or went before it
  for (let away = 0; away <= Math.max(from, rows.length - from); away++) {
    if (isHere(from - away)) return from - away + 1;
    if (isHere(from + away)) return from + away + 1;
  }
  return from;
}

export const encodeCursor = ({ at, name }: Cursor): string => Buffer.from(`${at} ${name}`).toString('base64url');

/** @throws LvsError API_REQUEST */
export function decodeCursor(cursor: string): Cursor {
  const [, at, name] = /^(\d{1,9}) (.+)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at === undefined || name === undefined) throw new LvsError('API_REQUEST', ['the cursor is none of ours']);
  return { at: Number(at), name };
}
