/** How the API is asked: pages, what is refused, nobody there, nobody who may, and silence. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { openApi } from '../../../src/cli/api-client.js';
import { temporaryDirectory } from '../../helpers/program.js';
import { Problem, scriptedApi } from '../../helpers/scripted-api.js';

t.test('pages one after the other, queries as they are written', async (t) => {
  const { path, asked } = await scriptedApi(t, {
    'GET /v1/things': ({ query }) =>
      query.get('cursor') === 'a b' ? { items: [3], next: null } : { items: [1, 2], next: 'a b' },
  });
  const api = openApi(path);
  t.teardown(() => api.close());
  t.same(await api.rows('/v1/things', { name: 'x&y', none: undefined, limit: 2 }), [1, 2, 3]);
  t.same(asked, ['GET /v1/things?limit=2&name=x&y', 'GET /v1/things?limit=2&name=x&y&cursor=a b']);
});

t.test('what is refused, by whoever', async (t) => {
  const { path } = await scriptedApi(t, {
    'POST /v1/x': () => new Problem(409, 'not now', [{ at: '/body', detail: 'never' }]),
    'GET /v1/page': (_, response) => void response.writeHead(502).end('<html>'),
    'GET /v1/torn': (_, response) => void response.writeHead(200, { 'content-length': '100' }).end('{"a'),
  });
  const api = openApi(path);
  t.teardown(() => api.close());
  await t.rejects(api.send('POST', '/v1/x', { a: 1 }), { code: 'API_SAYS_NO', message: 'not now\n  /body: never' });
  await t.rejects(api.get('/v1/page'), { code: 'API_SAYS_NO', message: 'the answer was 502' });
  await t.rejects(api.get('/v1/torn'), { code: 'API_ABSENT' });
});

t.test('nobody is there; or an lvsd without an API', async (t) => {
  const folder = temporaryDirectory(t);
  const path = join(folder, 'api.sock');
  const ask = async (): Promise<unknown> => {
    const api = openApi(path);
    try {
      return await api.get('/v1/x');
    } finally {
      api.close();
    }
  };
  await t.rejects(ask(), { code: 'API_ABSENT', message: /is 'lvsd run' running/ });
  writeFileSync(join(folder, 'control.sock'), '');
  await t.rejects(ask(), { code: 'API_OFF', message: /'api' block/ });
});

t.test(
  'nobody who may',
  { skip: process.getuid?.() === 0 ? false : 'only root can become somebody else' },
  async (t) => {
    const folder = temporaryDirectory(t);
    chmodSync(folder, 0o755);
    const { path } = await scriptedApi(t, {}, folder);
    chmodSync(path, 0o600);
    const api = openApi(path);
    process.seteuid?.(65_534);
    try {
      await t.rejects(api.get('/v1/x'), { code: 'API_NO_PERMISSION', message: /you may not use/ });
    } finally {
      process.seteuid?.(0);
      api.close();
    }
  },
);

t.test('somebody who says nothing is not waited for', async (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(join(folder, 'x'));
  const path = join(folder, 'x/api.sock');
  const server = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => void server.close());
  const api = openApi(path, 50);
  await t.rejects(api.get('/v1/x'), { code: 'API_ABSENT', message: /no answer in time/ });
  api.close();
});
