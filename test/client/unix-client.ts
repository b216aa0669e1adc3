import createClient, { type Client } from 'openapi-fetch';
import { request } from 'node:http';
import type { paths } from './api-types.js';

export type ApiClient = Client<paths>;

/** What openapi-typescript makes of the OpenAPI document, over a Unix socket. */
export const apiClient = (socketPath: string): ApiClient =>
  createClient<paths>({ baseUrl: 'http://lvsd', fetch: (asked) => fetchFrom(socketPath, asked) });

/** fetch of Node knows no Unix sockets. */
async function fetchFrom(socketPath: string, asked: Request): Promise<Response> {
  const body = Buffer.from(await asked.arrayBuffer());
  const { pathname, search } = new URL(asked.url);
  const headers = Object.fromEntries(asked.headers);
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: `${pathname}${search}`, method: asked.method, headers, agent: false });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.once('error', reject);
      answer.once('end', () => {
        const told = new Headers();
        for (const [name, value] of Object.entries(answer.headers)) told.set(name, String(value));
        const status = answer.statusCode ?? 0;
        const text = parts.length === 0 ? null : Buffer.concat(parts);
        resolve(new Response(text, { status, headers: told }));
      });
    });
    sent.end(body);
  });
}
