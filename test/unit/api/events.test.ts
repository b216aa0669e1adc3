/** Events over HTTP: pages, and streams over a real socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { httpServer } from '../../../src/api/connections.js';
import { FakeApi } from '../../helpers/fake-api.js';

async function serving(t: Test): Promise<{ readonly fake: FakeApi; readonly path: string }> {
  const fake = await FakeApi.open();
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  const path = join(folder, 's');
  const server = httpServer(fake.api);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await fake.close();
    rmSync(folder, { recursive: true });
  });
  return { fake, path };
}

interface Stream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Resolves when this was in what came. */
  until(part: string): Promise<string>;
  readonly ended: Promise<void>;
  close(): void;
}

const open = (socketPath: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Stream> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, agent: false, headers: { accept: 'text/event-stream', ...headers } });
    asked.on('error', reject);
    asked.once('response', (answer) => {
      let text = '';
      const waiting = new Set<() => void>();
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        for (const look of waiting) look();
      });
      resolve({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        until: (part) =>
          new Promise((resolve) => {
            const look = (): void => {
              if (text.includes(part)) resolve(text);
            };
            waiting.add(look);
            look();
          }),
        ended: new Promise((resolve) => answer.once('close', resolve)),
        close: () => asked.destroy(),
      });
    });
    asked.end();
  });

const say = (fake: FakeApi, event: string, fields: object = {}): void => {
  fake.journal.add('info', { event, ...fields });
  fake.journal.flush();
};

t.test('a page, and the next', async (t) => {
  const { fake } = await serving(t);
  for (const [n, event] of ['health.verdict', 'vrrp.role', 'health.verdict', 'director.drift'].entries())
    say(fake, event, { n });
  const page = async (query: string, headers = {}) =>
    (await fake.api.inject({ url: `/v1/events${query}`, headers })).json<{
      items: { n: number; id: number }[];
      next: number;
      isMore: boolean;
      reset: boolean;
    }>();
  const numbers = ({ items }: { items: { n: number }[] }) => items.map(({ n }) => n);
  t.same(await page(''), { items: [], next: fake.journal.last, isMore: false, reset: false }, 'where one may begin');
  const first = await page('?after=0&limit=2');
  t.same([numbers(first), first.isMore, first.reset], [[0, 1], true, false]);
  const second = await page(`?after=${first.next}`);
  t.same([numbers(second), second.isMore, second.next], [[2, 3], false, fake.journal.last]);
  t.same(numbers(await page('?after=0&event=health.,director.drift')), [0, 2, 3]);
  t.same(numbers(await page('?after=0&level=warn')), []);
  t.same(numbers(await page('?after=0', { 'last-event-id': String(fake.journal.last - 1) })), [3], 'the header wins');
  const lost = await page('?after=17');
  t.same([numbers(lost), lost.reset], [[0, 1, 2, 3], true]);
});

t.test('what is refused', async (t) => {
  const { fake } = await serving(t);
  for (const [url, headers] of [
    ['/v1/events?after=-1', {}],
    ['/v1/events?event=', {}],
    ['/v1/events?event=HEALTH', {}],
    ['/v1/events?level=debug', {}],
    ['/v1/events?limit=0', {}],
    ['/v1/events?limit=1', { accept: 'text/event-stream' }],
    ['/v1/events', { 'last-event-id': 'x' }],
    ['/v1/events?follow=true', {}],
  ] as const) {
    const answer = await fake.api.inject({ url, headers });
    t.equal(answer.statusCode, 400, url);
    t.match(answer.json(), { code: 'API_REQUEST' });
  }
});

t.test('a stream, resumed where it broke', async (t) => {
  const { fake, path } = await serving(t);
  const stream = await open(path, '/v1/events?event=health.');
  t.equal(stream.status, 200);
  t.match(stream.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', vary: 'accept' });
  say(fake, 'health.verdict', { server: 'one' });
  const text = await stream.until('"one"');
  const [, id = ''] = /^id: (\d+)$/m.exec(text) ?? [];
  stream.close();
  await stream.ended;
  say(fake, 'vrrp.role');
  say(fake, 'health.verdict', { server: 'two' });
  const again = await open(path, '/v1/events?event=health.', { 'last-event-id': id });
  const rest = await again.until('"two"');
  t.notMatch(rest, /"one"|vrrp/);
  fake.streams.endAll();
  await again.ended;
});

t.test('HEAD has no stream', async (t) => {
  const { fake } = await serving(t);
  const head = await fake.api.inject({ method: 'HEAD', url: '/v1/events', headers: { accept: 'text/event-stream' } });
  t.equal(head.statusCode, 200);
  t.equal(head.headers['content-type'], 'text/event-stream');
  t.equal(fake.streams.open, 0);
});

t.test(
  'thousands of streams: as many as may be, the others are refused, and everything else is answered',
  async (t) => {
    const { fake, path } = await serving(t);
    const sockets = await Promise.all(
      Array.from(
        { length: 2000 },
        () =>
          new Promise<{ readonly first: Promise<string>; readonly end: () => void }>((resolve) => {
            const socket = connect(path, () =>
              socket.write('GET /v1/events HTTP/1.1\r\nhost: h\r\naccept: text/event-stream\r\n\r\n'),
            );
            const first = new Promise<string>((resolve) => {
              socket.once('data', (part) => resolve(part.toString()));
              socket.once('close', () => resolve('closed'));
            });
            socket.on('error', () => undefined);
            void first.then(() => resolve({ first, end: () => socket.destroy() }));
          }),
      ),
    );
    const answers = await Promise.all(sockets.map(({ first }) => first));
    const count = (pattern: RegExp): number => answers.filter((answer) => pattern.test(answer)).length;
    t.equal(count(/^HTTP\/1\.1 200 /), 128);
    t.equal(fake.streams.open, 128);
    t.equal(
      count(/^HTTP\/1\.1 200 /) + count(/^HTTP\/1\.1 429 [^]*retry-after: 5[^]*EVENTS_FULL/) + count(/^closed$/),
      2000,
    );
    t.ok(count(/^HTTP\/1\.1 429 /) > 0);
    t.equal((await fake.api.inject('/v1/status')).statusCode, 200);
    for (const { end } of sockets) end();
    while (fake.streams.open > 0) await new Promise((resolve) => void setImmediate(resolve));
    const one = await open(path, '/v1/events?after=0');
    say(fake, 'health.verdict', { server: 'still' });
    await one.until('"still"');
    one.close();
  },
);
