/** The API over TLS: tokens, certificates, what changes while it is served. Real sockets, real certificates. */
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { ApiListeners } from '../../../src/daemon/api-listeners.js';
import { tokenHash, tokenText } from '../../../src/model/api-token.js';
import { type Authority, type Certificate, makeAuthority } from '../../helpers/certificates.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeApi } from '../../helpers/fake-api.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { askTls, freePort, type HttpsOrder } from '../../helpers/https-client.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import type { Answer } from '../../helpers/unix-http.js';

const run = promisify(execFile);
const text = (seed: number): string => tokenText(new Uint8Array(32).fill(seed));
const hash = (seed: number): string => `sha256:${tokenHash(text(seed))}`;
const LOOK_MS = 5000;

t.setTimeout(300_000);
const shared = mkdtempSync(join(tmpdir(), 'lvsd-'));
t.teardown(() => rmSync(shared, { recursive: true }));
const authority = makeAuthority(shared);
const ofServer = authority.issue('server', 30);
const anna = authority.issue('anna', 10);

class Site {
  readonly folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  readonly log = new MemoryLog();
  readonly clock = new FakeClock();
  readonly fake: FakeApi;
  readonly port: number;
  readonly listeners: ApiListeners;
  readonly authority = authority;
  readonly own: Certificate;
  wallMs = Date.now();

  private constructor(fake: FakeApi, port: number) {
    this.fake = fake;
    this.port = port;
    const wallMs = (): number => this.wallMs;
    const peerOf = () => ({ pid: 1, uid: 0, gid: 0, groups: [] });
    this.listeners = new ApiListeners({
      ports: fake.ports,
      usualPath: undefined,
      peerOf,
      clock: this.clock,
      wallMs,
      log: this.log,
    });
    this.own = { certificate: this.at('own.pem'), key: this.at('own.key') };
    copyFileSync(ofServer.certificate, this.own.certificate);
    copyFileSync(ofServer.key, this.own.key);
    chmodSync(this.own.key, 0o600);
  }

  static async open(t: Test): Promise<Site> {
    const site = new Site(await FakeApi.open(), await freePort());
    t.teardown(async () => {
      const stopped = site.listeners.stop();
      let isStopped = false;
      void stopped.then(() => (isStopped = true));
      await site.look(() => isStopped); // streams that are open are cut off when the grace is over
      await site.fake.close();
      rmSync(site.folder, { recursive: true, force: true });
    });
    return site;
  }

  at = (name: string): string => join(this.folder, name);

  newAuthority(name: string): Authority {
    mkdirSync(this.at(name));
    return makeAuthority(this.at(name));
  }

  follow(lines: readonly string[] = [], tls: readonly string[] = []): Promise<void> {
    const { certificate, key } = this.own;
    const block = ['tls {', `certificate ${certificate}`, `key ${key}`, ...tls, '}', '}'];
    const all = ['api {', `listen 127.0.0.1 ${this.port} {`, ...block, ...lines, '}', ''];
    return this.listeners.follow(configurationOf(all.join('\n')).api);
  }

  ask(path: string, order: Omit<HttpsOrder, 'ca'> = {}): Promise<Answer> {
    return askTls(this.port, path, { ca: this.authority.certificate, ...order });
  }

  async status(path: string, order: Omit<HttpsOrder, 'ca'> = {}): Promise<number | string> {
    return this.ask(path, order).then(
      ({ status }) => status,
      (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'closed',
    );
  }

  /** What is looked at every five seconds has been. */
  async look(until: () => boolean | Promise<boolean>): Promise<void> {
    this.clock.advance(LOOK_MS);
    while (!(await until())) {
      await new Promise((resolve) => setImmediate(resolve));
      this.clock.advance(100); // or there would be too many handshakes for this moment
    }
  }
}

const WEIGHT = { method: 'PATCH', body: { weight: 0 } };
const server = '/v1/services/tcp-192.0.2.1-80/destinations/10.0.0.1-8080';

t.test('tokens: roles, grants, ends; over TLS only', async (t) => {
  const site = await Site.open(t);
  await site.follow([
    `token reader read ${hash(1)}`,
    `token operator operate ${hash(2)}`,
    `token deploy operate ${hash(3)} {\nservices tcp-192.0.2.1-80\n}`,
    `token other operate ${hash(4)} {\nservices udp-*\n}`,
    `token old admin ${hash(5)} {\nexpires 2020-01-01\n}`,
    `token far admin ${hash(6)} {\nfrom 192.0.2.0/24\n}`,
  ]);
  t.same(
    (await site.ask('/v1/identity', { token: text(3) })).text,
    '{"name":"deploy","role":"operate","services":["tcp-192.0.2.1-80"],"by":"token"}',
  );
  const rows: readonly (readonly [seed: number, read: number, weight: number, reload: number])[] = [
    [1, 200, 403, 403],
    [2, 200, 200, 403],
    [3, 200, 200, 403],
    [4, 200, 403, 403],
    [5, 401, 401, 401],
    [6, 401, 401, 401],
    [7, 401, 401, 401],
  ];
  for (const [seed, read, weight, reload] of rows) {
    const token = text(seed);
    t.equal(await site.status('/v1/status', { token }), read, `${seed} reads`);
    t.equal(await site.status(server, { ...WEIGHT, token }), weight, `${seed} weighs`);
    t.equal(await site.status('/v1/configuration/reload', { method: 'POST', token }), reload, `${seed} reloads`);
  }
  const none = await site.ask('/v1/status');
  t.equal(none.status, 401);
  t.equal(none.headers['www-authenticate'], 'Bearer realm="lvsd"');
  const words = ['-s', '-w', '%{http_code}', '-o', '/dev/null', '--cacert', site.authority.certificate];
  const { stdout } = await run('curl', [
    ...words,
    '-H',
    `Authorization: Bearer ${text(1)}`,
    `https://127.0.0.1:${site.port}/v1/status`,
  ]);
  t.equal(stdout, '200', 'curl');
  t.not(
    await site.status('/v1/status', {
      token: text(1),
      headers: { authorization: [`Bearer ${text(1)}`, `Bearer ${text(2)}`] as never },
    }),
    200,
  );
});

t.test(
  'a file of tokens is read again when it changes; who is out of it is out, also of what is under way',
  async (t) => {
    const site = await Site.open(t);
    const file = site.at('tokens');
    const line = (name: string, seed: number): string => `token ${name} read ${hash(seed)}\n`;
    writeFileSync(file, line('a', 1) + line('b', 2), { mode: 0o640 });
    await site.follow([`token_file ${file}`]);
    t.same(
      [await site.status('/v1/status', { token: text(1) }), await site.status('/v1/status', { token: text(2) })],
      [200, 200],
    );
    const streams = [text(1), text(2)].map((token) => new Stream(site, token));
    await Promise.all(streams.map(({ begun }) => begun));
    appendFileSync(file, line('c', 3));
    await site.look(async () => (await site.status('/v1/status', { token: text(3) })) === 200);
    writeFileSync(file, `rubbish\n${line('b', 2)}${line('b', 4)}`);
    await site.look(async () => (await site.status('/v1/status', { token: text(1) })) === 401);
    await streams[0]!.ended;
    t.equal(await site.status('/v1/status', { token: text(2) }), 200);
    t.equal(streams[1]!.isOpen, true, "the other's goes on");
    t.match(site.log.named('api.token-file'), [
      { complaint: `${file}:1:1: 'rubbish' is no keyword of a file of tokens` },
      { complaint: `${file}:3: the token 'b' is there already` },
    ]);
    chmodSync(file, 0o666);
    await site.look(async () => (await site.status('/v1/status', { token: text(2) })) === 401);
    await streams[1]!.ended;
    t.match(site.log.named('api.token-file').at(-1), { complaint: /others than its owner may write/ });
  },
);

t.test('a token ends while it is used', async (t) => {
  const site = await Site.open(t);
  await site.follow([`token a read ${hash(1)} {\nexpires 2100-01-01\n}`]);
  const stream = new Stream(site, text(1));
  await stream.begun;
  site.wallMs = Date.UTC(2100, 0, 1);
  const answer = await site.ask('/v1/status', { token: text(1) });
  t.equal(answer.status, 401);
  t.match(JSON.parse(answer.text), { detail: "it is not known who asks: the token 'a' has expired" });
  t.equal(stream.isOpen, true);
  await site.look(() => !stream.isOpen);
  t.pass('what was open is ended');
});

t.test('certificates of clients: by name; of others, expired and revoked: not', async (t) => {
  const site = await Site.open(t);
  const [bert, old] = [authority.issue('bert', 10), authority.issue('old', -1)];
  const stranger = site.newAuthority('other').issue('anna', 10);
  const ca = `client_ca ${authority.certificate}`;
  const lines = ['allow certificate cn:anna admin', 'allow certificate cn:old admin', `token t read ${hash(1)}`];
  await site.follow(lines, [ca]);
  t.match(JSON.parse((await site.ask('/v1/identity', { certificate: anna })).text), {
    name: 'cn:anna',
    role: 'admin',
    by: 'certificate',
  });
  t.equal(await site.status('/v1/configuration/reload', { method: 'POST', certificate: anna }), 200);
  const detail = async (certificate: Certificate): Promise<unknown> => {
    const { status, text } = await site.ask('/v1/status', { certificate });
    return [status, (JSON.parse(text) as { readonly detail: string }).detail];
  };
  t.same(await detail(stranger), [
    401,
    'it is not known who asks: the certificate of the client: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ]);
  t.same(await detail(old), [401, 'it is not known who asks: the certificate of the client: CERT_HAS_EXPIRED']);
  t.match(await detail(bert), [403, /^dns:www.example.com may nothing: no 'allow certificate'/]);
  t.equal(await site.status('/v1/status', { token: text(1) }), 200, 'without a certificate by token');
  t.match(
    JSON.parse((await site.ask('/v1/identity', { certificate: anna, token: text(1) })).text),
    { by: 'token' },
    'who shows a token is that',
  );
  t.equal(await site.status('/v1/status', { certificate: anna, token: text(9) }), 401, 'or nobody');

  await site.follow(lines, [`${ca} required`]);
  t.equal(await site.status('/v1/status', { certificate: anna }), 200);
  for (const certificate of [undefined, stranger, old])
    t.type(
      await site.status('/v1/status', certificate === undefined ? { token: text(1) } : { certificate }),
      'string',
      'cannot even connect',
    );
});

t.test('a certificate is looked at by the authorities of now, and the time of now', async (t) => {
  const site = await Site.open(t);
  const trusted = site.at('trusted.pem');
  copyFileSync(site.authority.certificate, trusted);
  await site.follow(['allow certificate cn:anna read'], [`client_ca ${trusted}`]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  t.equal(await site.status('/v1/status', { certificate: anna, agent }), 200);
  site.wallMs = Date.now() + 20 * 86_400_000;
  t.equal(await site.status('/v1/status', { certificate: anna, agent }), 401, 'over the same connection');
  site.wallMs = Date.now();
  t.equal(await site.status('/v1/status', { certificate: anna, agent }), 200);
  copyFileSync(site.newAuthority('next').certificate, trusted);
  await site.look(async () => (await site.status('/v1/status', { certificate: anna, agent })) === 401);
  t.equal(await site.status('/v1/status', { certificate: anna }), 401, 'and a new one');
});

t.test('our own certificate is renewed without a connection lost; what does not fit is not taken', async (t) => {
  const site = await Site.open(t);
  const { own } = site;
  await site.follow([`token a read ${hash(1)}`]);
  const stream = new Stream(site, text(1));
  await stream.begun;
  const next = authority.issue('next', 5);
  site.wallMs = Date.now() + 3_600_000;
  copyFileSync(next.certificate, own.certificate);
  await site.look(() => site.log.named('api.certificate-refused').length === 1);
  t.match(site.log.named('api.certificate-refused'), [{ place: `127.0.0.1:${site.port}`, reason: /own.pem.*key/ }]);
  t.equal(await nameOf(site), 'server', 'the old one, until its key is there, too');
  copyFileSync(next.key, own.key);
  await site.look(async () => (await nameOf(site)) === 'next');
  t.match(site.log.named('api.certificate-ends'), [{ path: own.certificate, days: 4 }], 'and it soon ends');
  t.equal(stream.isOpen, true);
  chmodSync(own.key, 0o644);
  await site.look(() => site.log.named('api.certificate-refused').length === 2);
  t.match(site.log.named('api.certificate-refused').at(-1), { reason: /everybody may read/ });
  t.equal(await nameOf(site), 'next');
  await site.follow([`token a read ${hash(1)}`, 'rate_limit 7']);
  t.equal(stream.isOpen, true, 'nor by a reload');
});

t.test('what cannot be had is tried again', async (t) => {
  const site = await Site.open(t);
  rmSync(site.own.key);
  await site.follow([`token a read ${hash(1)}`]);
  t.match(site.log.named('api.not-listening'), [{ path: `127.0.0.1:${site.port}`, reason: /own.key/ }]);
  site.clock.advance(LOOK_MS);
  await site.follow([`token a read ${hash(1)}`]);
  writeFileSync(site.own.key, readFileSync(ofServer.key), { mode: 0o600 });
  await site.look(async () => (await site.status('/v1/status', { token: text(1) })) === 200);
  t.ok(site.log.named('api.not-listening').length <= 3, 'and not told each time');
});

t.test('who fails too often hears no reasons; who may, goes on', async (t) => {
  const site = await Site.open(t);
  await site.follow([`token a read ${hash(1)}`, `audit_log ${site.at('audit.log')}`]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const statuses: unknown[] = [];
  for (let i = 0; i < 14; i++) statuses.push(await site.status('/v1/status', { token: text(100 + i) }));
  t.same(statuses, [...Array.from({ length: 10 }, () => 401), 429, 429, 429, 429]);
  const last = await site.ask('/v1/status', { token: text(99) });
  t.match(last.headers, { 'retry-after': '5', connection: 'close' });
  t.equal(await site.status('/v1/status', { token: text(1), agent }), 200, 'from the same address');
  site.clock.advance(5000);
  t.equal(await site.status('/v1/status', { token: text(99) }), 401);
  const noted = readFileSync(site.at('audit.log'), 'utf8')
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one) as Record<string, unknown>);
  t.equal(noted.length, 16);
  t.match(noted[0], {
    who: null,
    method: 'GET',
    path: '/v1/status',
    status: 401,
    code: 'API_UNAUTHENTICATED',
    from: /^127.0.0.1 port \d+$/,
    time: /^20.*Z$/,
  });
  t.notMatch(readFileSync(site.at('audit.log'), 'utf8'), /lvsd_/, 'no token is written down');
});

t.test('so many requests of one identity; another one is not touched by it', async (t) => {
  const site = await Site.open(t);
  await site.follow([`token a read ${hash(1)}`, `token b read ${hash(2)}`, 'rate_limit 2 3']);
  const ask = (seed: number): Promise<number | string> => site.status('/v1/status', { token: text(seed) });
  t.same([await ask(1), await ask(1), await ask(1), await ask(1)], [200, 200, 200, 429]);
  t.equal(await ask(2), 200);
  site.clock.advance(500);
  t.same([await ask(1), await ask(1)], [200, 429]);
  await site.follow([`token a read ${hash(1)}`, `token b read ${hash(2)}`, 'rate_limit 100']);
  t.equal(await ask(1), 200);
});

t.test('the page needs no token, and gives nothing away', async (t) => {
  const site = await Site.open(t);
  await site.follow([`token a read ${hash(1)}`]);
  const page = await site.ask('/');
  t.equal(page.status, 200);
  t.match(page.headers['content-type'], /text\/html/);
  t.notMatch(page.text, /192\.0\.2\.1|10\.0\.0\.1/);
  t.equal(await site.status('/dashboard/../v1/status'), 401);
  t.equal(await site.status('/dashboard/%2e%2e/v1/status'), 401);
  const statuses = new Set<unknown>();
  for (let i = 0; i < 210; i++) statuses.add(await site.status('/', { agent: keep }));
  t.same([...statuses], [200, 429], 'so often');
});

const keep = new Agent({ keepAlive: true, maxSockets: 1 });
t.teardown(() => keep.destroy());

/** A stream of events that is open. */
class Stream {
  isOpen = false;
  readonly begun: Promise<void>;
  readonly ended: Promise<void>;

  constructor({ port, authority }: Site, token: string) {
    const socket = connect(
      { port, host: '127.0.0.1', ca: readFileSync(authority.certificate), servername: 'www.example.com' },
      () =>
        socket.write(
          `GET /v1/events HTTP/1.1\r\nhost: www.example.com\r\naccept: text/event-stream\r\nauthorization: Bearer ${token}\r\n\r\n`,
        ),
    );
    this.begun = new Promise((resolve, reject) => {
      socket.once('data', (head: Buffer) => {
        this.isOpen = head.toString().startsWith('HTTP/1.1 200');
        if (this.isOpen) resolve();
        else reject(new Error(head.toString()));
      });
    });
    this.ended = new Promise((resolve) => {
      socket.once('error', () => undefined);
      socket.once('close', () => {
        this.isOpen = false;
        resolve();
      });
    });
  }
}

/** Whose certificate a new connection is shown. */
const nameOf = ({ port, authority }: Site): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(
      { port, host: '127.0.0.1', ca: readFileSync(authority.certificate), servername: 'www.example.com' },
      () => {
        const { CN } = socket.getPeerCertificate().subject;
        socket.destroy();
        resolve(String(CN));
      },
    );
    socket.once('error', reject);
  });
