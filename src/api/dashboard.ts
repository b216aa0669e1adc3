import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Api } from './schema.js';

/** A file of the dashboard as it is served: `/` is the page, what it loads is beside it under `/dashboard/`. */
export interface DashboardFile {
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** Nothing but its own files and the API beside them: no script, style or form of anybody else, and nobody's frame around it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  vary: 'accept-encoding',
};

const compress = promisify(gzip);

/** The page and its files. They have no secret, and whoever has no token yet must be able to type it: they need no identity. */
export function dashboardRoutes(api: Api, files: readonly DashboardFile[]): void {
  for (const { path, type, bytes } of files) {
    const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    let small: Promise<Buffer> | undefined;
    api.get(path, { config: { needs: 'nothing' } }, async ({ headers }, reply) => {
      void reply.headers(HEADERS).header('etag', tag).type(type);
      if (headers['if-none-match']?.includes(tag) === true) return reply.code(304).send();
      if (headers['accept-encoding']?.includes('gzip') !== true) return reply.send(bytes);
      return reply.header('content-encoding', 'gzip').send(await (small ??= compress(bytes)));
    });
  }
}
