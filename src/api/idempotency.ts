import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { LvsError } from '../errors.js';
import { isReading } from './access.js';
import { type Api, text } from './schema.js';

/** Who does not know whether a change was made asks again with the same key, and is answered as the first time. */
const idempotencyHeader = {
  'idempotency-key': {
    ...text,
    minLength: 1,
    maxLength: 255,
    description: 'the same request with the same key is carried out once, and answered the same again for a day',
  },
} as const;

/** The schemas of a route, with the header where it changes something. */
export function withKey(
  method: string | readonly string[],
  schema: FastifySchema | undefined,
): FastifySchema | undefined {
  if (schema?.operationId === undefined || [method].flat().some(isReading)) return schema;
  const { properties = {} } = (schema.headers ?? {}) as { readonly properties?: object };
  return { ...schema, headers: { type: 'object', properties: { ...properties, ...idempotencyHeader } } };
}

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request that is to be carried out once. */
export interface Keyed {
  /** Of who asks, and what he calls it. */
  readonly key: string;
  readonly name: string;
  /** What is asked. */
  readonly request: string;
}

/** A request that was done. */
interface Done {
  readonly request: string;
  readonly answer: KeptAnswer;
  readonly atMs: number;
}

export interface AnswerKeeperOptions {
  /** Milliseconds that never jump. */
  readonly now: () => number;
  readonly keptMs?: number;
  readonly mostAnswers?: number;
  /** Characters of all of them. */
  readonly mostText?: number;
}

const DAY_MS = 24 * 3600 * 1000;

/** Answers of requests with keys, the oldest first to go: bounded in time, number and size. */
export class AnswerKeeper {
  readonly #now: () => number;
  readonly #keptMs: number;
  readonly #mostAnswers: number;
  readonly #mostText: number;
  readonly #done = new Map<string, Done>();
  readonly #underWay = new Set<string>();
  #text = 0;

  constructor({ now, keptMs = DAY_MS, mostAnswers = 10_000, mostText = 8 * 1024 * 1024 }: AnswerKeeperOptions) {
    this.#now = now;
    this.#keptMs = keptMs;
    this.#mostAnswers = mostAnswers;
    this.#mostText = mostText;
  }

  /** What was answered; undefined: it is to be carried out, and `end` is to be told. @throws LvsError API_KEY_BUSY, API_KEY_REUSED */
  begin({ key, name, request }: Keyed): KeptAnswer | undefined {
    this.#forgetOld();
    const done = this.#done.get(key);
    if (done !== undefined) {
      if (done.request !== request) throw new LvsError('API_KEY_REUSED', [name]);
      return done.answer;
    }
    if (this.#underWay.has(key)) throw new LvsError('API_KEY_BUSY', [name]);
    this.#underWay.add(key);
    return undefined;
  }

  /** Without an answer nothing was done: the key is as new. */
  end({ key, request }: Keyed, answer: KeptAnswer | undefined): void {
    this.#underWay.delete(key);
    if (answer === undefined) return;
    this.#done.set(key, { request, answer, atMs: this.#now() });
    this.#text += answer.body.length;
    this.#forgetOld();
  }

  #forgetOld(): void {
    for (const [key, { atMs, answer }] of this.#done) {
      const isOver = this.#now() - atMs >= this.#keptMs;
      if (!isOver && this.#done.size <= this.#mostAnswers && this.#text <= this.#mostText) return;
      this.#done.delete(key);
      this.#text -= answer.body.length;
    }
  }
}

const KEPT_HEADERS = ['content-type', 'etag', 'location'] as const;

/** From now on a change with a key that was done is answered, and not done again. Behind whatever says who asks. */
export function answerOnce(api: Api, keeper: AnswerKeeper): void {
  const begun = new WeakMap<FastifyRequest, Keyed>();
  api.addHook('preHandler', (request, reply, done) => {
    try {
      const keyed = keyOf(request);
      const before = keyed && keeper.begin(keyed);
      if (before !== undefined) return void repeat(reply, before);
      if (keyed !== undefined) begun.set(request, keyed);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  // whether or not the one who asked is still there
  api.addHook('onSend', (request, reply, payload, done) => {
    const keyed = begun.get(request);
    if (keyed !== undefined) {
      begun.delete(request);
      const isKept = reply.statusCode < 300 && typeof payload === 'string';
      keeper.end(keyed, isKept ? { status: reply.statusCode, headers: headersOf(reply), body: payload } : undefined);
    }
    done(null, payload);
  });
}

/** undefined: it has none, or changes nothing. Keys of different askers have nothing to do with each other. */
function keyOf(request: FastifyRequest): Keyed | undefined {
  const name = request.headers['idempotency-key'];
  if (isReading(request.method) || typeof name !== 'string' || isDry(request)) return undefined;
  const { method, url, body } = request;
  const hash = createHash('sha256').update(`${method} ${url}\n${body === undefined ? '' : JSON.stringify(body)}`);
  const { identity } = request;
  return { key: JSON.stringify([identity.by, identity.name, name]), name, request: hash.digest('base64') };
}

const isDry = ({ query }: FastifyRequest): boolean => (query as { readonly dryRun?: boolean }).dryRun === true;

const headersOf = (reply: FastifyReply): Readonly<Record<string, string>> =>
  Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = reply.getHeader(name);
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );

const repeat = (reply: FastifyReply, { status, headers, body }: KeptAnswer): FastifyReply =>
  reply.code(status).headers(headers).header('idempotent-replayed', 'true').send(body);
