/** Where the API is served, as files come and go. Real sockets in a folder of the test. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { peerCredentialsOf } from '../../../src/addon/peer-credentials.js';
import { ApiListeners } from '../../../src/daemon/api-listeners.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeApi } from '../../helpers/fake-api.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { ask } from '../../helpers/unix-http.js';

t.setTimeout(300_000);

class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  readonly log = new MemoryLog();
  readonly clock = new FakeClock();
  readonly fake: FakeApi;
  readonly listeners: ApiListeners;

  constructor(fake: FakeApi) {
    this.fake = fake;
    this.listeners = new ApiListeners({
      ports: fake.ports,
      usualPath: this.at('usual'),
      peerOf: peerCredentialsOf,
      clock: this.clock,
      wallMs: () => 0,
      log: this.log,
    });
  }

  at = (name: string): string => join(this.folder, name);

  /** `api` with these lines, each of a socket of this folder. */
  follow(...lines: readonly string[]): Promise<void> {
    const text = lines.map((line) => `listen unix:${this.at(line)}\n`).join('');
    return this.listeners.follow(configurationOf(text === '' ? 'api off\n' : `api {\n${text}}\n`).api);
  }

  /** `api` with these lines, as they are. */
  followLines(...lines: readonly string[]): Promise<void> {
    return this.listeners.follow(configurationOf(['api {', ...lines, '}', ''].join('\n')).api);
  }

  status = async (name: string): Promise<number | string> =>
    ask(this.at(name), '/v1/status').then(
      ({ status }) => status,
      (error: unknown) => (error as NodeJS.ErrnoException).code ?? '',
    );
}

async function place(t: Test): Promise<Place> {
  const one = new Place(await FakeApi.open());
  t.teardown(async () => {
    await one.listeners.stop();
    await one.fake.close();
    rmSync(one.folder, { recursive: true, force: true });
  });
  return one;
}

/** The next reload ends when it is told to. */
function slowReload({ ports }: FakeApi): { readonly asked: Promise<void>; readonly end: () => void } {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const asked = new Promise<void>((resolve) => {
    const reload = (): Promise<void> => {
      resolve();
      return ended;
    };
    Object.assign(ports.configuration, { reload });
  });
  return { asked, end };
}

const modeOf = (path: string): number => lstatSync(path).mode & 0o777;

t.test('where the file says; its owner only may connect, or a group', async (t) => {
  const one = await place(t);
  await one.follow();
  t.same(readdirSync(one.folder), []);
  await one.follow('a', 'b 0660', 'c root', 'deep/er/d');
  t.same(readdirSync(one.folder).sort(), ['a', 'b', 'c', 'deep'], 'and nothing else is left there');
  t.same([modeOf(one.at('a')), modeOf(one.at('b')), modeOf(one.at('c'))], [0o600, 0o660, 0o660]);
  for (const name of ['a', 'b', 'c', 'deep/er/d']) t.equal(await one.status(name), 200, name);
  t.equal(one.log.named('api.listening').length, 4);
  await one.listeners.stop();
  t.same(readdirSync(one.folder), ['deep'], 'nothing is left');
});

t.test('a file that changes adds and removes, and drops no other', async (t) => {
  const one = await place(t);
  await one.follow('a', 'b');
  const inode = lstatSync(one.at('a')).ino;
  await one.follow('a', 'c');
  t.equal(lstatSync(one.at('a')).ino, inode, 'the same socket');
  t.same([await one.status('a'), await one.status('b'), await one.status('c')], [200, 'ENOENT', 200]);
  await one.follow('a 0640', 'c');
  t.equal(modeOf(one.at('a')), 0o640);
  t.equal(await one.status('a'), 200);
});

t.test('who asked before his socket goes is answered: it may be he who asked for it to go', async (t) => {
  const one = await place(t);
  await one.follow('a');
  const reload = slowReload(one.fake);
  const asked = ask(one.at('a'), '/v1/configuration/reload', { method: 'POST' });
  await reload.asked;
  await one.follow();
  t.equal(await one.status('a'), 'ENOENT');
  reload.end();
  t.equal((await asked).status, 200);
});

t.test('at the end there is some patience, and no more', async (t) => {
  const one = await place(t);
  await one.follow('a');
  const reload = slowReload(one.fake);
  const hung = new Promise<string>((resolve) => {
    const asked = request({ socketPath: one.at('a'), path: '/v1/configuration/reload', method: 'POST', agent: false });
    asked.once('error', ({ message }) => resolve(message)).end();
  });
  await reload.asked;
  const stopped = one.listeners.stop();
  while (existsSync(one.at('a'))) await new Promise((resolve) => setImmediate(resolve));
  one.clock.advance(2000);
  await stopped;
  t.match(await hung, /hang up|ECONNRESET/);
});

t.test('a reload that ends after the end serves nothing', async (t) => {
  const one = await place(t);
  await Promise.all([one.follow('a'), one.listeners.stop(), one.follow('b')]);
  await one.follow('c');
  t.same(readdirSync(one.folder), []);
});

t.test('the socket of a dead process is replaced; that of a living one, and what is none, is not', async (t) => {
  const one = await place(t);
  const script = `require('net').createServer().listen(${JSON.stringify(one.at('dead'))}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  t.ok(lstatSync(one.at('dead')).isSocket());
  const living = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => living.listen(one.at('living'), resolve));
  t.teardown(() => living.close());
  writeFileSync(one.at('file'), 'precious');
  await one.follow('dead', 'living', 'file', 'good', 'nobody nosuchgroup');
  t.equal(await one.status('dead'), 200);
  t.equal(await one.status('good'), 200);
  t.equal(lstatSync(one.at('file')).isFile(), true);
  const refused = one.log.named('api.not-listening');
  t.match(
    refused.map(({ reason }) => reason),
    [
      `the API cannot be served at ${one.at('living')}: another process answers there`,
      `the API cannot be served at ${one.at('file')}: what is there is no socket`,
      `the API cannot be served at ${one.at('nobody')}: there is no group 'nosuchgroup'`,
    ],
  );
  living.close();
  rmSync(one.at('file'));
  await one.follow('dead', 'living', 'file', 'good');
  t.same(await Promise.all(['living', 'file'].map(one.status)), [200, 200], 'the next file tries again');
});

t.test('a folder where nothing can be made', { skip: process.geteuid?.() === 0 ? 'root may' : false }, async (t) => {
  const one = await place(t);
  chmodSync(one.folder, 0o500);
  await one.follow('a');
  chmodSync(one.folder, 0o700);
  t.match(one.log.named('api.not-listening'), [{ reason: /EACCES/ }]);
});

t.test('a file that says nothing: a socket beside that of lvsctl, for its owner; off: none', async (t) => {
  const one = await place(t);
  await one.listeners.follow(configurationOf('').api);
  t.same(readdirSync(one.folder), ['usual']);
  t.equal(modeOf(one.at('usual')), 0o600);
  t.equal(await one.status('usual'), 200);
  await one.listeners.follow(configurationOf('api {\nrate_limit 7\n}\n').api);
  t.equal(await one.status('usual'), 200, 'nor a block that names no place');
  await one.follow('a');
  t.same(readdirSync(one.folder), ['a'], 'the named ones instead of it');
  await one.listeners.follow(configurationOf('api off\n').api);
  t.same(readdirSync(one.folder), []);
});

const run = promisify(execFile);
const NOBODY = 54_321;
/** daemon: a group of every machine. */
const GROUP = 1;

/** What curl is told as another user; 000: it may not even connect. */
async function asUser(path: string, groups: string, ...words: readonly string[]): Promise<string> {
  const user = ['--reuid', String(NOBODY), '--regid', String(NOBODY), ...groups.split(' ')];
  const curl = ['curl', '-s', '-w', '\n%{http_code}', '--unix-socket', path, ...words];
  const { stdout } = await run('setpriv', [...user, ...curl]).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  return stdout.trim();
}

t.test(
  'who is at the other end is what the kernel says',
  { skip: process.geteuid?.() === 0 ? false : 'root only' },
  async (t) => {
    const one = await place(t);
    chmodSync(one.folder, 0o755);
    const path = one.at('a');
    const listen = `listen unix:${path} 0666`;
    const identity = 'http://localhost/v1/identity';
    const [none, member] = ['--clear-groups', `--groups ${GROUP}`];

    await one.followLines(listen, 'audit_log ' + one.at('audit.log'));
    const own = JSON.parse((await ask(path, '/v1/identity')).text) as object;
    t.same(own, { name: 'uid 0 (root)', role: 'admin', services: 'all', by: 'socket' });
    t.match(
      await asUser(path, none, identity),
      /uid 54321 may nothing: no 'allow' of the block 'api' is for this user.*403$/s,
    );

    await one.followLines(
      listen,
      `allow group ${GROUP} operate udp-*`,
      `allow user ${NOBODY} read`,
      'audit_log ' + one.at('audit.log'),
    );
    t.equal(
      await asUser(path, none, identity),
      '{"name":"uid 54321","role":"read","services":"all","by":"socket"}\n200',
    );
    t.equal(
      await asUser(path, member, identity),
      '{"name":"uid 54321","role":"operate","services":["udp-*"],"by":"socket"}\n200',
      'by one of his other groups',
    );
    const reload = ['-X', 'POST', 'http://localhost/v1/configuration/reload'];
    t.match(await asUser(path, none, ...reload), /API_FORBIDDEN.*403$/s);
    t.same(one.fake.changes, []);
    const last = readFileSync(one.at('audit.log'), 'utf8').trim().split('\n').at(-1) ?? '';
    t.match(JSON.parse(last), {
      who: 'uid 54321',
      role: 'read',
      by: 'socket',
      from: /^uid 54321 pid \d+$/,
      method: 'POST',
      path: '/v1/configuration/reload',
      status: 403,
      code: 'API_FORBIDDEN',
    });

    await one.followLines(`listen unix:${path} 0660 ${GROUP}`, `allow user ${NOBODY} read`);
    t.match(await asUser(path, none, identity), /^000$/, 'the mode goes before');
    t.match(await asUser(path, member, identity), /200$/);
  },
);

t.test('accounts that this machine does not have are told of', async (t) => {
  const one = await place(t);
  await one.followLines(`listen unix:${one.at('a')} 0660 root`, 'allow user nosuchuser admin', 'allow group root read');
  t.match(one.log.named('api.no-account'), [{ who: 'user', name: 'nosuchuser', line: 3 }]);
});

t.test('nobody takes all of it: so many requests of one at a time', async (t) => {
  const one = await place(t);
  await one.follow('a');
  const reload = slowReload(one.fake);
  const statuses: number[] = [];
  const asked = Array.from({ length: 140 }, async () => {
    const { status } = await ask(one.at('a'), '/v1/configuration/reload', { method: 'POST' });
    statuses.push(status);
  });
  while (statuses.length < 12) await new Promise((resolve) => setImmediate(resolve));
  t.same(new Set(statuses), new Set([429]));
  reload.end();
  await Promise.all(asked);
  t.equal(statuses.filter((status) => status === 200).length, 128);
  t.equal(statuses.length, 140);
  t.equal(await one.status('a'), 200, 'and then there is room again');
});

t.test('streams of events end when a listener closes, and begin again at another', async (t) => {
  const here = await place(t);
  await here.follow('one', 'two');
  const open = (name: string): Promise<{ readonly ended: Promise<void> }> =>
    new Promise((resolve, reject) => {
      const headers = { accept: 'text/event-stream' };
      const asked = request({ socketPath: here.at(name), path: '/v1/events', headers, agent: false });
      asked.once('error', reject);
      asked.once('response', (answer) => {
        answer.resume();
        resolve({ ended: new Promise((resolve) => answer.once('close', () => resolve())) });
      });
      asked.end();
    });
  const first = await open('one');
  t.equal(here.fake.streams.open, 1);
  await here.follow('two');
  await first.ended;
  t.equal(here.fake.streams.open, 0);
  const last = await open('two');
  await here.listeners.stop();
  await last.ended;
});
