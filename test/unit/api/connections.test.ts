/** HTTP as it should not be: slow, too long, not HTTP at all. Over a real socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { httpServer } from '../../../src/api/connections.js';
import { FakeApi } from '../../helpers/fake-api.js';
import { ask, sendRaw } from '../../helpers/unix-http.js';

async function serving(t: Test, limits = {}): Promise<{ readonly path: string; readonly fake: FakeApi }> {
  const fake = await FakeApi.open();
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  const path = join(folder, 's');
  const server = httpServer(fake.api, {
    longestHeader: 4096,
    headerMs: 60_000,
    requestMs: 60_000,
    idleMs: 30_000,
    silenceMs: 60_000,
    mostConnections: 8,
    ...limits,
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await fake.close();
    rmSync(folder, { recursive: true });
  });
  return { path, fake };
}

/** The problem of a raw answer. */
const problemOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));

t.test('it is HTTP', async (t) => {
  const { path } = await serving(t);
  const { status, headers, text } = await ask(path, '/v1/services/tcp-192.0.2.1-80');
  t.equal(status, 200);
  t.match(headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' });
  t.match(JSON.parse(text), { id: 'tcp-192.0.2.1-80' });
});

t.test('what is no HTTP, and headers without end', async (t) => {
  const { path } = await serving(t);
  const bad = await sendRaw(path, 'hello\r\n\r\n');
  t.match(bad, /^HTTP\/1\.1 400 Bad Request\r\nconnection: close\r\n/);
  t.match(problemOf(bad), { status: 400, code: 'API_REQUEST', title: 'Bad Request' });
  const long = await sendRaw(path, `GET / HTTP/1.1\r\nhost: h\r\nx: ${'x'.repeat(10_000)}\r\n\r\n`);
  t.match(problemOf(long), { status: 431, title: 'Request Header Fields Too Large' });
  const twice =
    'POST /v1/configuration/reload HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
  t.match(problemOf(await sendRaw(path, twice)), { status: 400 }, 'two lengths: a request that is two');
  t.equal((await ask(path, '/v1/status')).status, 200);
});

t.test('who sends slowly is told, and does not hold his place', async (t) => {
  const { path, fake } = await serving(t, { headerMs: 200, requestMs: 400 });
  const slow = [
    'GET /v1/status HTTP/1.1\r\nhost:',
    'PATCH /v1/services/tcp-192.0.2.1-80/destinations/10.0.0.1-8080 HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"wei',
  ];
  for (const answer of await Promise.all(slow.map((bytes) => sendRaw(path, bytes))))
    t.match(problemOf(answer), { status: 408, code: 'API_REQUEST' });
  t.same(fake.changes, []);
});

t.test('more connections than there may be are closed, and those that are there go on', async (t) => {
  const { path } = await serving(t);
  const held = await Promise.all(
    Array.from(
      { length: 8 },
      () =>
        new Promise<ReturnType<typeof connect>>((resolve) => {
          const socket = connect(path, () => {
            socket.on('error', () => undefined);
            socket.write('GET /v1/engine HTTP/1.1\r\nhost: h\r\n\r\n');
            socket.once('data', () => resolve(socket)); // so it was accepted
          });
        }),
    ),
  );
  t.equal(await sendRaw(path, 'GET /v1/engine HTTP/1.1\r\nhost: h\r\n\r\n'), '');
  for (const socket of held) socket.destroy();
  const freed = async (): Promise<boolean> =>
    ask(path, '/v1/engine').then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await freed()));
  t.pass('again there is room');
});
