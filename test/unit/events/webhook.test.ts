/** Webhooks against real HTTP servers that take, fail, hang, redirect, reset; and over a restart. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Webhooks } from '../../../src/daemon/webhooks.js';
import type { WebhookSettings } from '../../../src/config/webhook.js';
import { Journal } from '../../../src/events/journal.js';
import { journalledLog } from '../../../src/events/journalled-log.js';
import { outcomeOf, stepHook } from '../../../src/events/webhook-rules.js';
import { systemClock, wallMs } from '../../../src/system/clock.js';
import { makeAuthority } from '../../helpers/certificates.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

interface Told {
  readonly director: string;
  readonly events: readonly { readonly id: number; readonly event: string; readonly n?: number }[];
}
interface Heard {
  readonly told: Told;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}
type Behave = (answer: ServerResponse, heard: Heard, request: IncomingMessage) => void;

const taken: Behave = (answer) => void answer.writeHead(204).end();
const status =
  (code: number, headers = {}): Behave =>
  (answer) =>
    void answer.writeHead(code, headers).end('no');

/** A receiver that does what the list says, one after the other, and then takes everything. */
async function receiver(t: Test, ...behaviours: readonly Behave[]) {
  const waiting = [...behaviours];
  const heard: Heard[] = [];
  const took: number[] = [];
  const hear = (request: IncomingMessage, answer: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const told = JSON.parse(body) as Told;
      const one = { told, body, headers: request.headers };
      heard.push(one);
      const behave = waiting.shift() ?? taken;
      if (behave === taken) took.push(...told.events.map(({ n = -1 }) => n).filter((n) => n >= 0));
      behave(answer, one, request);
    });
  };
  const server = createServer(hear);
  const url = await listen(t, server);
  return { url, heard, took, hear };
}

async function listen(t: Test, server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

const settings = (url: string, more: Partial<WebhookSettings> = {}): WebhookSettings => ({
  position: { file: 'x', line: 1, column: 1 },
  name: 'hook',
  url,
  events: ['test.'],
  level: 'info',
  secret: undefined,
  authority: undefined,
  timeoutSeconds: 30,
  retrySeconds: 0.05, // the word takes no less than a second; a test need not wait for it
  keepSeconds: 3600,
  ...more,
});

function site(t: Test, file = new MemoryFile(), journal = new Journal({ wallMs })) {
  journal.open();
  const plain = new MemoryLog();
  const webhooks = new Webhooks({
    ...{ journal, file, clock: systemClock, wallMs, random: { next: () => 0.5 } },
    director: () => 'lb1',
    log: journalledLog(plain, journal),
  });
  t.teardown(() => webhooks.stop());
  const say = (...numbers: readonly number[]): void => {
    for (const n of numbers) journal.add('info', { event: 'test.thing', n });
    journal.flush();
  };
  return { webhooks, journal, log: plain, say, file };
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise<void>((resolve) => void systemClock.after(5, resolve));
};
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

t.test('what happens from now on, in order, signed', async (t) => {
  const { url, heard, took } = await receiver(t);
  const { webhooks, say, journal } = site(t);
  say(100);
  await webhooks.follow([settings(url, { secret: { text: 'swordfish' } })]);
  journal.add('info', { event: 'other.thing' });
  for (const n of numbers(250)) say(n);
  await until(() => took.length >= 250);
  t.same(took, numbers(250), 'what was before the hook was there is not told');
  const { body, headers, told } = heard[0]!;
  t.equal(told.director, 'lb1');
  t.match(headers, { 'content-type': 'application/json' });
  const [, seconds = '', hex = ''] = /^t=(\d+),v1=([\da-f]{64})$/.exec(String(headers['lvsd-signature'])) ?? [];
  t.equal(hex, createHmac('sha256', 'swordfish').update(`${seconds}.${body}`).digest('hex'));
  t.ok(Math.abs(Number(seconds) - wallMs() / 1000) < 600);
  const [first, last] = [told.events[0]!.id, told.events.at(-1)!.id];
  t.equal(headers['lvsd-delivery'], `${first}-${last}`);
  t.ok(heard.length < 100, `${heard.length} requests: what waits goes together`);
  t.ok(heard.every(({ told: { events } }) => events.length <= 100));
  await until(() => webhooks.status[0]?.waiting === 0);
  t.match(webhooks.status, [{ name: 'hook', waiting: 0, delivered: 250, failed: 0, lost: 0, isUp: true }]);
});

t.test('one that fails gets all of it later, in order and once', async (t) => {
  const reset: Behave = (_, __, request) => void request.socket.resetAndDestroy();
  const cut: Behave = (answer) => {
    answer.writeHead(200, { 'content-length': '100' });
    answer.write('half');
    answer.destroy();
  };
  const fails = [status(500), status(503, { 'retry-after': '0' }), status(404), status(429), reset, cut];
  const { url, took, heard } = await receiver(t, ...fails);
  const { webhooks, say, log } = site(t);
  await webhooks.follow([settings(url)]);
  say(...numbers(5));
  say(...numbers(5, 5));
  await until(() => took.length >= 10);
  t.same(took, numbers(10));
  t.equal(heard.length >= fails.length + 1, true);
  await until(() => webhooks.status[0]?.waiting === 0); // who heard it has not yet been heard to say so
  t.equal(log.named('webhook.failed').length, 1, 'said once');
  t.match(log.named('webhook.failed')[0], { webhook: 'hook', reason: 'it answered 500', level: 'warn' });
  t.equal(log.named('webhook.back').length, 1);
  t.match(webhooks.status, [{ delivered: 10, failed: fails.length, isUp: true }]);
});

t.test('redirections are not followed', async (t) => {
  const other = await receiver(t);
  const { url, took } = await receiver(t, status(302, { location: other.url }), status(307, { location: other.url }));
  const { webhooks, say } = site(t);
  await webhooks.follow([settings(url)]);
  say(0);
  await until(() => took.length > 0);
  t.same(other.heard, [], 'whoever answers does not choose whom we call');
});

t.test('one that hangs is given up in time, and one that does not stop answering', async (t) => {
  const hang: Behave = () => undefined;
  const endless: Behave = (answer) => {
    answer.writeHead(500);
    const more = (): void => {
      while (!answer.destroyed && answer.write('x'.repeat(10_000)));
      answer.once('drain', more);
    };
    more();
  };
  const { url, took } = await receiver(t, hang, endless);
  const { webhooks, say, log } = site(t);
  await webhooks.follow([settings(url, { timeoutSeconds: 0.2 })]);
  say(0, 1);
  await until(() => took.length === 2);
  t.match(log.named('webhook.failed')[0], { reason: 'it did not answer within 0.2 seconds' });
});

t.test('nobody listens, and then somebody does', async (t) => {
  const holder = createTcpServer();
  const url = await listen(t, holder);
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  const { webhooks, say, log } = site(t);
  await webhooks.follow([settings(url)]);
  say(...numbers(3));
  await until(() => log.named('webhook.failed').length > 0);
  t.match(log.named('webhook.failed')[0], { reason: /ECONNREFUSED/ });
  const { hear, took } = await receiver(t);
  const server = createServer(hear);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  await until(() => took.length >= 3);
  t.same(took, numbers(3));
});

t.test('what a receiver will never take is given up alone', async (t) => {
  const picky: Behave = (answer, { told }) =>
    void answer.writeHead(told.events.some(({ n }) => n === 3) ? 422 : 204).end();
  const { url, heard } = await receiver(t, ...Array.from({ length: 50 }, () => picky));
  const { webhooks, say, log } = site(t);
  await webhooks.follow([settings(url)]);
  say(...numbers(6));
  await until(() => webhooks.status[0]!.delivered >= 5);
  t.match(webhooks.status, [{ delivered: 5, lost: 1 }]);
  t.match(log.named('webhook.lost'), [{ webhook: 'hook', events: 1, reason: 'it answered 422' }]);
  const accepted = heard.filter(({ told }) => told.events.every(({ n }) => n !== 3));
  t.same(
    accepted.flatMap(({ told }) => told.events.map(({ n }) => n)),
    [0, 1, 2, 4, 5],
    'in order',
  );
});

t.test('what is too old is given up, and what comes then is told', async (t) => {
  const { url, took } = await receiver(t);
  const { webhooks, say, journal, log } = site(t);
  await webhooks.follow([settings(url, { keepSeconds: 60 })]);
  journal.add('info', { event: 'test.thing', n: 7 }, wallMs() - 61_000);
  journal.flush();
  say(8);
  await until(() => took.length > 0);
  t.same(took, [8]);
  t.match(log.named('webhook.lost'), [{ events: 1, reason: /^nobody took them within 60 seconds$/ }]);
});

t.test('the journal is all the room there is: what leaves it is lost, and said so', async (t) => {
  const { url, took } = await receiver(t, status(500));
  const { webhooks, say, log } = site(t, undefined, new Journal({ wallMs, most: 20 }));
  await webhooks.follow([settings(url, { retrySeconds: 0.2 })]);
  say(0);
  await until(() => log.named('webhook.failed').length > 0);
  say(...numbers(100, 1));
  await until(() => took.at(-1) === 100);
  t.ok(took.length <= 21 && took.length >= 15);
  t.match(log.named('webhook.lost')[0], { webhook: 'hook' });
});

t.test('it goes on after a restart where it was', async (t) => {
  const file = new MemoryFile();
  const journal = new Journal({ wallMs });
  const one = await receiver(t, taken, status(500));
  const before = site(t, file, journal);
  await before.webhooks.follow([settings(one.url, { retrySeconds: 30 })]);
  before.say(0, 1);
  await until(() => one.took.length === 2);
  before.say(2, 3);
  await until(() => one.heard.length === 2);
  await before.webhooks.stop();
  before.say(4); // while nobody is there
  const two = await receiver(t);
  const after = site(t, file, journal);
  await after.webhooks.follow([settings(two.url)]);
  await until(() => two.took.length >= 3);
  t.same(two.took, [2, 3, 4], 'nothing is missing, and what was taken is not told again');
});

t.test(
  'a reload: the same hook goes on, another place or secret begins where the last one was, and one that is gone is silent',
  async (t) => {
    const [one, two] = [await receiver(t), await receiver(t)];
    const { webhooks, say } = site(t);
    await webhooks.follow([settings(one.url)]);
    say(0);
    await until(() => one.took.length === 1);
    await webhooks.follow([settings(one.url)]);
    say(1);
    await until(() => one.took.length === 2);
    await webhooks.follow([settings(two.url)]);
    say(2);
    await until(() => two.took.length === 1);
    t.same([one.took, two.took], [[0, 1], [2]]);
    await webhooks.follow([]);
    t.same(webhooks.status, []);
    say(3);
    await until(() => true);
    t.same(two.took, [2]);
  },
);

t.test('TLS: only who is trusted', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const made = makeAuthority(folder);
  const issued = made.issue('server', 30);
  const certificate = { cert: readFileSync(issued.certificate), key: readFileSync(issued.key) };
  const { hear, took } = await receiver(t);
  const server = createTlsServer(certificate, hear);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { webhooks, say, log } = site(t);
  await webhooks.follow([settings(url)]);
  say(0);
  await until(() => log.named('webhook.failed').length > 0);
  t.match(log.named('webhook.failed')[0], { reason: /certificate/ });
  t.same(took, []);
  await webhooks.follow([settings(url, { authority: made.certificate })]);
  await until(() => took.length > 0);
  t.same(took, [0]);
});

t.test('a secret that cannot be read', async (t) => {
  const { webhooks, log } = site(t);
  await webhooks.follow([settings('http://127.0.0.1:1/', { secret: { file: '/nonexistent/secret' } })]);
  t.match(log.named('webhook.failed'), [{ level: 'error', reason: /ENOENT/ }]);
  t.same(webhooks.status, []);
});

t.test('pauses: doubled, never all at the same time, as long as the receiver says, and bounded', (t) => {
  const failed = { is: 'failed', why: '' } as const;
  const pauses = (random: number): number[] => {
    const list: number[] = [];
    let state = { batch: 100, failures: 0 };
    for (let n = 0; n < 12; n++) {
      const step = stepHook(state, failed, 1, { longestMs: 300_000 }, random);
      list.push(step.pauseMs);
      ({ state } = step);
    }
    return list;
  };
  t.same(pauses(1).slice(0, 4), [1000, 2000, 4000, 8000]);
  t.equal(pauses(1).at(-1), 300_000);
  t.same(pauses(0).slice(0, 3), [500, 1000, 2000]);
  const said = { ...failed, afterMs: 20_000 };
  t.equal(stepHook({ batch: 1, failures: 0 }, said, 1, { longestMs: 300_000 }, 1).pauseMs, 20_000);
  t.equal(stepHook({ batch: 1, failures: 0 }, said, 1, { longestMs: 5000 }, 1).pauseMs, 5000);
  t.match(outcomeOf(503, 'Thu, 01 Jan 1970 00:00:10 GMT', 4000), { afterMs: 6000 });
  t.match(outcomeOf(503, 'soon', 0), { afterMs: undefined });
  t.match(outcomeOf(301, undefined, 0), { is: 'failed' });
  t.match(outcomeOf(413, undefined, 0), { is: 'refused' });
  t.match(outcomeOf(204, undefined, 0), { is: 'taken' });
  t.end();
});
