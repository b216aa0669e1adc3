import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { LvsError } from '../errors.js';
import { text } from './schema.js';

/** Who changes something may say of which state of it, so that nobody undoes what he has not seen. */
export const ifMatch = {
  type: 'object',
  properties: {
    'if-match': { ...text, maxLength: 1024, description: 'the ETag that it must have to be changed, or *' },
  },
} as const;

/** It is sent again only if it is not the one that the client has. */
export const ifNoneMatch = {
  type: 'object',
  properties: { 'if-none-match': { ...text, maxLength: 1024, description: 'the ETag that the client has' } },
} as const;

/** Strong: other bytes, another tag. */
export const etagOf = (document: unknown): string =>
  `"${createHash('sha256').update(JSON.stringify(document)).digest('base64url').slice(0, 22)}"`;

const tagsOf = (header: string): readonly string[] => header.split(',').map((tag) => tag.trim());

/** RFC 9110 13.1.1: a weak tag matches nothing. @throws LvsError API_CHANGED */
export function mustMatch(header: string | undefined, document: unknown, what: string): void {
  if (header === undefined || header.trim() === '*' || tagsOf(header).includes(etagOf(document))) return;
  throw new LvsError('API_CHANGED', [what]);
}

/** With its ETag; 304 without it where the client has it already (RFC 9110 13.1.2, which compares weakly). */
export function sendTagged<T>(reply: FastifyReply, document: T, header?: string): T | undefined {
  const tag = etagOf(document);
  void reply.header('etag', tag);
  const isKnown =
    header !== undefined && (header.trim() === '*' || tagsOf(header).some((one) => one.replace(/^W\//, '') === tag));
  if (!isKnown) return document;
  void reply.code(304).send();
  return undefined;
}
