/** An API that answers what a test says, over a real Unix socket: for the faces that ask it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Test } from 'tap';
import { temporaryDirectory } from './program.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

/** What is answered: a document, or whatever the test writes itself. */
export type Script = (asked: Asked, response: ServerResponse) => object | undefined;

/** `GET /v1/services` and what it answers; `*` stands for one segment. */
export type Scripts = Readonly<Record<string, Script>>;

export interface ScriptedApi {
  /** Of its socket. */
  readonly path: string;
  /** `METHOD path?query`, and the body if there was one. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A problem document. */
export class Problem {
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly { readonly at?: string; readonly detail: string }[];

  constructor(status: number, detail: string, errors: Problem['errors'] = []) {
    this.status = status;
    this.detail = detail;
    this.errors = errors;
  }
}

/** A list of one page. */
export const listed = (...items: readonly object[]): object => ({ items, next: null, total: items.length });

export async function scriptedApi(t: Test, scripts: Scripts, folder = temporaryDirectory(t)): Promise<ScriptedApi> {
  const path = join(folder, 'api.sock');
  const asked: string[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const url = new URL(request.url ?? '/', 'http://lvsd');
    const { method = '', headers } = request;
    asked.push(`${method} ${decodeURIComponent(request.url ?? '')}${text === '' ? '' : ` ${text}`}`);
    const script = find(scripts, method, url.pathname);
    const told: object | undefined =
      script === undefined
        ? new Problem(404, `the API has no ${url.pathname}`)
        : script(
            {
              method,
              path: url.pathname,
              query: url.searchParams,
              body: text === '' ? undefined : JSON.parse(text),
              headers,
            },
            response,
          );
    if (told === undefined) return; // the script writes itself
    if (told instanceof Problem) {
      const { status, detail, errors } = told;
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: 'urn:x', title: 'No', status, code: 'X', detail, errors }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
  }

  await new Promise<void>((resolve) => server.listen(path, resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.teardown(close);
  return { path, asked, close };
}

function find(scripts: Scripts, method: string, path: string): Script | undefined {
  const exact = scripts[`${method} ${path}`];
  if (exact !== undefined) return exact;
  const pattern = Object.keys(scripts).find((key) => {
    const segments = key.split(' ')[1]?.split('/') ?? [];
    const real = path.split('/');
    return (
      key.startsWith(`${method} `) &&
      segments.length === real.length &&
      segments.every((one, i) => one === '*' || one === real[i])
    );
  });
  return pattern === undefined ? undefined : scripts[pattern];
}
