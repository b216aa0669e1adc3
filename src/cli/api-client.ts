import { existsSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { dirname, join } from 'node:path';
import { LvsError } from '../errors.js';
import { reasonOf } from '../system/log.js';

/** What is asked of a path. undefined: it is not said. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A page of a list, as the API answers it. */
export interface Page<Row> {
  readonly items: readonly Row[];
  readonly next: string | null;
  readonly total: number;
}

export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * The REST API of a running lvsd, by its Unix socket. Everything it has throws LvsError API_ABSENT, API_NO_PERMISSION, API_OFF where nobody answers,
 * API_SAYS_NO with what a problem document says.
 */
export interface ApiClient {
  get<Answer>(path: string, query?: Query): Promise<Answer>;
  send<Answer>(method: Method, path: string, body?: object, query?: Query): Promise<Answer>;
  /** All pages of a list. */
  pages<Row, Answer extends Page<Row> = Page<Row>>(path: string, query?: Query): AsyncIterable<Answer>;
  /** All rows of a list. */
  rows<Row>(path: string, query?: Query): Promise<readonly Row[]>;
  /** Text as it comes. It ends when the other end does, or with `close`. */
  stream(path: string, query: Query, headers: Readonly<Record<string, string>>): Promise<AsyncIterable<string>>;
  close(): void;
}

/** Rows of a page: what the API's lists all give. */
const PAGE = 10_000;
/** Longer than any answer takes to begin, and than a stream is silent: its heart beats. */
const SILENCE_MS = 60_000;

/** `silenceMs`: without a byte of an answer for longer, nobody is there. */
export function openApi(socketPath: string, silenceMs = SILENCE_MS): ApiClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });

  const ask = (
    method: Method | 'GET',
    path: string,
    query: Query = {},
    { body, headers = {} }: { readonly body?: object | undefined; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const asked = request({
        socketPath,
        agent,
        method,
        timeout: silenceMs,
        path: `${path}${queryText(query)}`,
        headers: {
          accept: 'application/json',
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': payload.byteLength }),
          ...headers,
        },
      });
      asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.once('error', (error) => reject(notThere(socketPath, error)));
      asked.once('response', (answer) => {
        if ((answer.statusCode ?? 0) < 400) return resolve(answer);
        textOf(answer).then(
          (text) => reject(refusalOf(answer.statusCode ?? 0, text)),
          (error: unknown) => reject(notThere(socketPath, error)),
        );
      });
      asked.end(payload);
    });

  const documentOf = async <Answer>(answer: IncomingMessage): Promise<Answer> => {
    try {
      const text = await textOf(answer);
      return (text === '' ? {} : JSON.parse(text)) as Answer;
    } catch (error) {
      throw notThere(socketPath, error);
    }
  };

  const client: ApiClient = {
    get: async (path, query) => documentOf(await ask('GET', path, query, {})),
    send: async (method, path, body, query) => documentOf(await ask(method, path, query, { body })),
    async *pages(path, query = {}) {
      for (let cursor: string | undefined; ; ) {
        const page: Page<unknown> = await client.get(path, { limit: PAGE, ...query, cursor });
        yield page as never;
        if (page.next === null) return;
        cursor = page.next;
      }
    },
    async rows<Row>(path: string, query?: Query) {
      const all: Row[] = [];
      for await (const { items } of client.pages<Row>(path, query)) for (const one of items) all.push(one);
      return all;
    },
    async stream(path, query, headers) {
      const answer = await ask('GET', path, query, { headers });
      answer.setEncoding('utf8');
      return textsOf(answer, socketPath);
    },
    close: () => agent.destroy(),
  };
  return client;
}

async function* textsOf(answer: IncomingMessage, socketPath: string): AsyncIterable<string> {
  try {
    for await (const text of answer) yield text as string;
  } catch (error) {
    throw notThere(socketPath, error);
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function queryText(query: Query): string {
  const said = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return said.length === 0 ? '' : `?${said.join('&')}`;
}

/** One segment of a path. */
export const segment = (id: string): string => encodeURIComponent(id);

/** A daemon that runs without an API has its control socket beside where the API would be. */
function notThere(path: string, error: unknown): LvsError<'API_ABSENT' | 'API_NO_PERMISSION' | 'API_OFF'> {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES') return new LvsError('API_NO_PERMISSION', [path], { cause: error });
  if (code === 'ENOENT' && existsSync(join(dirname(path), 'control.sock')))
    return new LvsError('API_OFF', [path], { cause: error });
  return new LvsError('API_ABSENT', [path, reasonOf(error)], { cause: error });
}

/** A problem document (RFC 9457), or what somebody else answers. */
function refusalOf(status: number, text: string): LvsError<'API_SAYS_NO'> {
  const { detail, errors = [] } = problemOf(text);
  const places = errors.map(({ at, detail }) => `\n  ${at === undefined ? '' : `${at}: `}${detail}`);
  return new LvsError('API_SAYS_NO', [`${detail ?? `the answer was ${status}`}${places.join('')}`]);
}

interface Problem {
  readonly detail?: string;
  readonly errors?: readonly { readonly at?: string; readonly detail: string }[];
}

function problemOf(text: string): Problem {
  try {
    const told: unknown = JSON.parse(text);
    return typeof told === 'object' && told !== null ? told : {};
  } catch {
    return {};
  }
}
