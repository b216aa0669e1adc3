import fastify from 'fastify';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { dashboardRoutes } from '../../../src/api/dashboard.js';
import type { Api } from '../../../src/api/schema.js';

const html = '<!doctype html><title>page</title>';

async function served(t: { teardown(run: () => unknown): void }): Promise<Api> {
  const api: Api = fastify().withTypeProvider();
  dashboardRoutes(api, [
    { path: '/', type: 'text/html; charset=utf-8', bytes: Buffer.from(html) },
    { path: '/dashboard/main.js', type: 'text/javascript; charset=utf-8', bytes: Buffer.from('1') },
  ]);
  await api.ready();
  t.teardown(() => api.close());
  return api;
}

t.test('its files, as they are or compressed, and once', async (t) => {
  const api = await served(t);
  const plain = await api.inject({ url: '/' });
  t.equal(plain.body, html);
  t.equal(plain.headers['content-type'], 'text/html; charset=utf-8');
  t.equal(plain.headers['content-encoding'], undefined);
  for (let i = 0; i < 2; i++) {
    const packed = await api.inject({ url: '/', headers: { 'accept-encoding': 'gzip, br' } });
    t.equal(packed.headers['content-encoding'], 'gzip');
    t.equal(gunzipSync(packed.rawPayload).toString(), html);
    t.equal(packed.headers.vary, 'accept-encoding');
  }
  const etag = String(plain.headers.etag);
  const again = await api.inject({ url: '/', headers: { 'if-none-match': etag } });
  t.equal(again.statusCode, 304);
  t.equal(again.body, '');
  const other = await api.inject({ url: '/dashboard/main.js', headers: { 'if-none-match': etag } });
  t.equal(other.statusCode, 200);
  t.not(other.headers.etag, etag);
  const head = await api.inject({ url: '/', method: 'HEAD' });
  t.equal(head.statusCode, 200);
  t.equal(head.body, '');
});

t.test('each forbids what the page does not need', async (t) => {
  const api = await served(t);
  for (const url of ['/', '/dashboard/main.js']) {
    const { headers } = await api.inject({ url });
    const policy = String(headers['content-security-policy']);
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      t.ok(policy.includes(rule), rule);
    t.notMatch(policy, /unsafe|\*|https?:/);
    t.equal(headers['referrer-policy'], 'no-referrer');
  }
});
