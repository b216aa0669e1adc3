/** Clients that mean harm, over real sockets: refused in bounded time and memory, and nobody else notices. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { httpsServer } from '../../../src/api/connections.js';
import { ApiListeners } from '../../../src/daemon/api-listeners.js';
import { tokenHash, tokenText } from '../../../src/model/api-token.js';
import { makeAuthority } from '../../helpers/certificates.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeApi } from '../../helpers/fake-api.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { askTls, freePort } from '../../helpers/https-client.js';
import { MemoryLog } from '../../helpers/memory-log.js';

t.setTimeout(300_000);
const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const authority = makeAuthority(folder);
const { certificate, key } = authority.issue('server', 30);
chmodSync(key, 0o600);
const ca = authority.certificate;
const reader = tokenText(new Uint8Array(32).fill(1));
const LOCAL = '127.0.0.1';
const OTHER = '127.0.0.2';

interface Site {
  readonly fake: FakeApi;
  readonly port: number;
  readonly clock: FakeClock;
}

async function served(t: Test): Promise<Site> {
  const fake = await FakeApi.open();
  const [clock, port, log] = [new FakeClock(), await freePort(), new MemoryLog()];
  const peerOf = () => ({ pid: 1, uid: 0, gid: 0, groups: [] });
  const listeners = new ApiListeners({
    ports: fake.ports,
    usualPath: undefined,
    peerOf,
    clock,
    wallMs: () => Date.now(),
    log,
  });
  const lines = ['api {', `listen ${LOCAL} ${port} {`, 'tls {', `certificate ${certificate}`, `key ${key}`, '}', '}'];
  await listeners.follow(
    configurationOf([...lines, `token reader read sha256:${tokenHash(reader)}`, '}', ''].join('\n')).api,
  );
  t.teardown(async () => {
    await listeners.stop();
    await fake.close();
  });
  return { fake, port, clock };
}

const opened = (port: number, localAddress = LOCAL): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: LOCAL, localAddress }, () => resolve(socket));
    socket.on('error', () => undefined);
  });
const openedTls = (port: number): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: LOCAL, ca: readFileSync(ca) }, () => resolve(socket));
    socket.once('error', reject);
  });
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    socket.resume();
    socket.once('close', () => resolve());
  });

/** What came until the other end closed. */
async function told(port: number, ...bytes: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = await openedTls(port);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('error', () => undefined);
  for (const some of bytes) socket.write(some);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(parts).toString('latin1');
}

const AUTHORIZATION = `authorization: Bearer ${reader}`;
const head = (line: string, ...headers: readonly string[]): string =>
  `${[line, 'host: h', 'connection: close', ...headers].join('\r\n')}\r\n\r\n`;
const statusesOf = (answers: string): readonly number[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

t.test('what is no TLS is closed', async (t) => {
  const { port } = await served(t);
  for (const bytes of [
    'GET /v1/status HTTP/1.1\r\nhost: h\r\n\r\n',
    'SSH-2.0-x\r\n',
    '\x16\x03\x01\xff\xff',
    '\0'.repeat(100_000),
  ]) {
    const socket = await opened(port);
    socket.end(bytes);
    await closed(socket);
  }
  t.equal((await askTls(port, '/v1/status', { ca, token: reader })).status, 200);
});

t.test('who does not go on with his handshake is cut off', async (t) => {
  const { fake } = await served(t);
  const limited = async (headerMs: number): Promise<number> => {
    const times = { headerMs, requestMs: 2 * headerMs, idleMs: 30_000, silenceMs: 60_000 };
    const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
    const server = httpsServer(fake.api, tls, () => true, { ...times, longestHeader: 4096, mostConnections: 8 });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, LOCAL, resolve));
    t.teardown(() => new Promise((resolve) => server.close(resolve)));
    return port;
  };
  const port = await limited(200);
  const silent = await opened(port);
  await closed(silent);
  const half = await opened(port);
  half.write('\x16\x03\x01\x02');
  await closed(half);
  const slow = await limited(5000); // there is time for the handshake, also where machines are busy
  t.equal(
    statusesOf(
      await new Promise<string>((resolve) => {
        const socket = connectTls({ port: slow, host: LOCAL, ca: readFileSync(ca) }, () =>
          socket.write('GET / HTTP/1.1\r\nhost:'),
        );
        let text = '';
        socket.on('data', (part: Buffer) => (text += part.toString()));
        socket.on('close', () => resolve(text));
      }),
    )[0],
    408,
    'nor with his head',
  );
});

t.test('a thousand connections of one address: it has 64, and others are served', async (t) => {
  const { port, clock } = await served(t);
  const before = process.memoryUsage().rss;
  const sockets: Socket[] = [];
  for (let i = 0; i < 1000; i++) sockets.push(await opened(port));
  const open = (): number => sockets.filter((socket) => !socket.closed).length;
  for (const socket of sockets) socket.resume();
  while (open() > 64) await new Promise((resolve) => setImmediate(resolve));
  t.equal((await askTls(port, '/v1/status', { ca, token: reader, localAddress: OTHER })).status, 200);
  t.ok(open() <= 64, `${open()} are open`);
  t.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024);
  for (const socket of sockets) socket.destroy();
  const again = async (): Promise<boolean> => {
    clock.advance(1000); // there were too many handshakes for a moment
    return askTls(port, '/v1/status', { ca, token: reader }).then(
      ({ status }) => status === 200,
      () => false,
    );
  };
  while (!(await again()));
  t.pass('and when they are gone it may come back');
});

t.test('handshakes cost us more than him: so many of one network', async (t) => {
  const { port, clock } = await served(t);
  let refused = 0;
  for (let i = 0; i < 120; i++)
    await openedTls(port).then(
      (socket) => socket.destroy(),
      () => refused++,
    );
  t.equal(refused, 20);
  t.equal((await askTls(port, '/v1/status', { ca, token: reader, localAddress: OTHER })).status, 200);
  clock.advance(1000);
  t.equal((await askTls(port, '/v1/status', { ca, token: reader })).status, 200);
});

t.test('who is nobody is answered before his body is read', async (t) => {
  const { port, fake } = await served(t);
  const answer = await told(
    port,
    head('POST /v1/configuration/reload HTTP/1.1', 'content-type: application/json', 'content-length: 99999999999'),
    'x'.repeat(10_000),
  );
  t.equal(statusesOf(answer)[0], 401);
  t.same(fake.changes, []);
});

t.test('a thousand requests at once of nobody: a few answers, then the end', async (t) => {
  const { port } = await served(t);
  const answers = await told(port, 'GET /v1/status HTTP/1.1\r\nhost: h\r\n\r\n'.repeat(1000));
  t.equal(statusesOf(answers)[0], 401);
  t.ok(statusesOf(answers).length <= 11, `${statusesOf(answers).length} answers`);
});

t.test('answers that nobody waits for any more count no more', async (t) => {
  const { port, clock } = await served(t);
  const asks = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: h\r\n${AUTHORIZATION}\r\n\r\n`;
  for (let i = 0; i < 4; i++) {
    const socket = await openedTls(port);
    socket.write(asks('/v1/events') + asks('/v1/status').repeat(40)); // a stream has no end: those behind it are not told
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await closed(socket);
    clock.advance(60_000);
  }
  t.equal((await askTls(port, '/v1/status', { ca, token: reader })).status, 200);
});

const tricks: readonly (readonly [name: string, statuses: readonly number[], request: string])[] = [
  ['two lengths', [400], head('PATCH /v1/status HTTP/1.1', AUTHORIZATION, 'content-length: 2', 'content-length: 3')],
  [
    'a length and chunks',
    [400],
    head('POST /v1/configuration/reload HTTP/1.1', AUTHORIZATION, 'content-length: 4', 'transfer-encoding: chunked'),
  ],
  [
    'chunks that are none',
    [403, 400],
    head('POST /v1/configuration/reload HTTP/1.1', AUTHORIZATION, 'transfer-encoding: xchunked'),
  ],
  ['a blank before the colon', [400], head('GET /v1/status HTTP/1.1', AUTHORIZATION.replace(':', ' :'))],
  ['a line that goes on', [400], head('GET /v1/status HTTP/1.1', 'x: y', ` ${AUTHORIZATION}`)],
  ['a zero in a header', [400], head('GET /v1/status HTTP/1.1', AUTHORIZATION, 'x: a\0b')],
  ['a bare line feed', [400], `GET /v1/status HTTP/1.1\nhost: h\n${AUTHORIZATION}\rx: y\n\n`],
  ['no host', [400], `GET /v1/status HTTP/1.1\r\n${AUTHORIZATION}\r\n\r\n`],
  ['two tokens', [401], head('GET /v1/status HTTP/1.1', AUTHORIZATION, AUTHORIZATION)],
  ['a token in the query', [401], head(`GET /v1/status?access_token=${reader} HTTP/1.1`)],
  ['a token in a cookie', [401], head('GET /v1/status HTTP/1.1', `cookie: authorization=${reader}`)],
  [
    'somebody who says who he is',
    [401],
    head(
      'GET /v1/status HTTP/1.1',
      'x-forwarded-for: 127.0.0.1',
      'x-remote-user: root',
      'x-ssl-client-verify: SUCCESS',
    ),
  ],
  [
    'another method in a header',
    [200],
    head('GET /v1/status HTTP/1.1', AUTHORIZATION, 'x-http-method-override: DELETE'),
  ],
  [
    'a method that is another',
    [403],
    head('POST /v1/configuration/reload HTTP/1.1', AUTHORIZATION, 'x-http-method-override: GET'),
  ],
  ['a whole address, as RFC 9112 has it', [200], head('GET https://h/v1/status HTTP/1.1', AUTHORIZATION)],
  ['CONNECT', [], head('CONNECT 127.0.0.1:22 HTTP/1.1', AUTHORIZATION)],
  ['another protocol', [200], head('GET /v1/status HTTP/1.1', AUTHORIZATION, 'connection: upgrade', 'upgrade: h2c')],
  ['an endless head', [431], head('GET /v1/status HTTP/1.1', AUTHORIZATION, `x: ${'y'.repeat(20_000)}`)],
  [
    'many heads',
    [431],
    head('GET /v1/status HTTP/1.1', AUTHORIZATION, ...Array.from({ length: 3000 }, (_, i) => `x${i}: y`)),
  ],
  ['up and down', [401], head('GET /dashboard/../v1/status HTTP/1.1')],
  ['… escaped', [401], head('GET /dashboard/%2e%2e/v1/status HTTP/1.1')],
  ['… by a backslash', [401], head('GET /dashboard\\..\\v1\\status HTTP/1.1')],
  ['… twice escaped', [401], head('GET /dashboard/%252e%252e/v1/status HTTP/1.1')],
  ['two slashes', [401], head('GET //v1/status HTTP/1.1')],
  ['a file', [401], head('GET /../../../../etc/passwd HTTP/1.1')],
  ['a file of the page', [401], head('GET /dashboard/../../../../etc/passwd HTTP/1.1')],
  ['a zero in the path', [401], head('GET /v1/status%00 HTTP/1.1')],
  ['a parameter in the path', [401], head('GET /;/v1/status HTTP/1.1')],
];
t.test('tricks with heads and paths', async (t) => {
  const { port, fake, clock } = await served(t);
  await askTls(port, '/v1/status', { ca, token: reader }); // the first one waits until all is loaded
  for (const [name, statuses, request] of tricks) {
    clock.advance(10_000); // of each what it is answered, and not that there were many
    t.same(statusesOf(await told(port, request)), statuses, name);
  }
  t.same(fake.changes, []);
});
