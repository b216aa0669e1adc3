import { STATUS_CODES } from 'node:http';
import { nearest } from '../config/nearest.js';
import { type ErrorCode, LvsError } from '../errors.js';
import { type Document, listOf, partial, text } from './schema.js';

/** RFC 9457. `code` is of docs/errors.md; `errors` says what of a request, or of the file, is wrong, and where. */
export const problem = {
  title: 'Problem',
  ...partial(
    {
      type: text,
      title: text,
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: text,
      detail: text,
      errors: listOf(partial({ at: text, detail: text }, 'detail')),
    },
    'type',
    'title',
    'status',
    'code',
    'detail',
  ),
} as const;
export type Problem = Document<typeof problem>;

/** Bytes of a body: what is sent is mostly no longer than a few words. */
export const BODY_LIMIT = 64 * 1024;
/** The same of what declares whole services. */
export const LONG_BODY_LIMIT = 1024 * 1024;
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** A code that is not here is a failure of something beneath us: 503. */
const statuses: Partial<Readonly<Record<ErrorCode, number>>> = {
  API_REQUEST: 400,
  API_UNAUTHENTICATED: 401,
  API_FORBIDDEN: 403,
  API_ORIGIN: 403,
  API_NO_ROUTE: 404,
  API_NO_SERVICE: 404,
  API_NO_DESTINATION: 404,
  API_METHOD: 405,
  API_NOT_OF_FILE: 409,
  API_CHANGED: 412,
  API_TOO_LARGE: 413,
  API_MEDIA_TYPE: 415,
  API_EXISTS: 409,
  API_READ_ONLY: 409,
  API_KEY_REUSED: 422,
  API_KEY_BUSY: 409,
  API_BUSY: 429,
  EVENTS_FULL: 429,
  API_TOO_MANY: 429,
  API_FAILED: 500,
  LAYERS_CLASH: 409,
  DECLARED_INVALID: 422,
  DECLARED_MISSING: 404,
  DECLARED_REVISION: 412,
  DECLARED_PENDING: 409,
  DECLARED_NOT_PENDING: 409,
  DECLARED_NO_REVISION: 409,
  DECLARED_NOT_STORED: 507,
  DECLARED_NOT_TAKEN: 409,
  DRAIN_MISSING: 404,
  CONFIG_REFUSED: 409,
  NAMESPACE_OTHER: 409,
  DIRECTOR_SAYS_NO: 409,
  SERVER_UNKNOWN: 409,
  ENGINE_CANNOT: 409,
  PAIR_NOBODY: 409,
  PAIR_REFUSED: 409,
  PAIR_KEY: 409,
  VRRP_KEY: 409,
};
const BENEATH = 503;
/** More would not be read, and a request may have thousands. */
const MOST_ERRORS = 20;

/** What is answered for an error; of one that nobody expected nothing but that it was there. */
export function problemOf(error: unknown, bodyLimit = BODY_LIMIT): Problem {
  const known: LvsError = error instanceof LvsError ? (error as LvsError) : ofFramework(error, bodyLimit);
  const status = statuses[known.code] ?? BENEATH;
  const errors = errorsOf(error instanceof LvsError ? known.cause : error);
  return {
    type: `urn:problem-type:lvsd:${known.code}`,
    title: STATUS_CODES[status] ?? 'Problem',
    status,
    code: known.code,
    detail: known.message,
    ...(errors.length === 0 ? {} : { errors }),
  };
}

/** What fastify refuses before a handler is asked. */
function ofFramework(error: unknown, bodyLimit: number): LvsError {
  const { statusCode, message, validation } = error as Readonly<Partial<Record<string, unknown>>>;
  if (Array.isArray(validation)) return new LvsError('API_REQUEST', ['it is not what the OpenAPI document says']);
  if (statusCode === 413) return new LvsError('API_TOO_LARGE', [bodyLimit]);
  if (statusCode === 415) return new LvsError('API_MEDIA_TYPE', []);
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return new LvsError('API_REQUEST', [String(message)]);
  return new LvsError('API_FAILED', []);
}

/** Of ajv, which says where in which part; or complaints about the file, which know their places themselves. */
function errorsOf(cause: unknown): NonNullable<Problem['errors']> {
  if (Array.isArray(cause)) return cause.slice(0, MOST_ERRORS).map(errorOf);
  const { validation, validationContext = '' } = (cause ?? {}) as {
    readonly validation?: readonly Misfit[];
    readonly validationContext?: string;
  };
  return (validation ?? []).slice(0, MOST_ERRORS).map((misfit) => ({
    at: `/${validationContext}${misfit.instancePath}`,
    detail: sentenceOf(misfit),
  }));
}

/** A sentence, or a complaint about one place of what was sent (declare/). */
function errorOf(told: unknown): { readonly at?: string; readonly detail: string } {
  if (typeof told !== 'object' || told === null || !('pointer' in told)) return { detail: String(told) };
  return { at: `/body${String(told.pointer)}`, detail: String('message' in told ? told.message : '') };
}

/** An error of ajv, as verbose as it can be. */
interface Misfit {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema?: { readonly properties?: Readonly<Record<string, unknown>> };
}

function sentenceOf({ keyword, params, message = 'is wrong', parentSchema }: Misfit): string {
  if (keyword === 'enum') return `must be one of ${String(params['allowedValues'])}`;
  if (keyword !== 'additionalProperties') return message;
  const word = String(params['additionalProperty']);
  const meant = nearest(word, Object.keys(parentSchema?.properties ?? {}));
  return `'${word}' is unknown${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
}
