// kernels: uml, qemu
/** What an operator declares through a client that is generated from the OpenAPI document, and what a real kernel makes of it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openNetlink } from '../../src/addon/netlink.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { NETLINK_GENERIC } from '../../src/netlink/generic.js';
import { apiClient, type ApiClient } from '../client/unix-client.js';
import { eventually } from './eventually.js';

t.setTimeout(0); // whoever runs us sets the limit

const lvsdBin = join(fileURLToPath(new URL('../../../', import.meta.url)), 'bin/lvsd');
const [vip, first, second, third] = ['127.100.0.1', '127.0.1.1', '127.0.1.2', '127.0.1.3'];

execFileSync('ip', ['link', 'set', 'lo', 'up']);
const ipvs = new IpvsClient(openNetlink(NETLINK_GENERIC));
t.teardown(() => ipvs.close());

/** `127.0.1.1:8000 1`, of the service at that port, sorted; undefined: there is none. */
async function destinations(port = 80): Promise<readonly string[] | undefined> {
  const found = (await ipvs.list()).find(({ key }) => key.by === 'address' && key.port === port);
  return found?.destinations.map(({ key, settings }) => `${key.address}:${key.port} ${settings.weight}`).sort();
}

/** Of a name that a socket's may begin with. */
function ownFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-api-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

interface Running extends AsyncDisposable {
  readonly client: ApiClient;
  readonly kill: () => Promise<void>;
}

/** lvsd with a file of one service, and its API. */
async function lvsd(folder: string): Promise<Running> {
  const socket = join(folder, 'api.sock');
  writeFileSync(join(folder, 'lvsd.conf'), `api {\n  listen unix:${socket}\n}\n${fileService}`);
  const args = ['run', '-f', join(folder, 'lvsd.conf'), '--state', join(folder, 'state'), '--control'];
  const env = { ...process.env, STATE_DIRECTORY: folder, RUNTIME_DIRECTORY: folder };
  const child = spawn(process.execPath, [lvsdBin, ...args, join(folder, 'control.sock')], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env,
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more));
  await eventually(() => {
    if (child.exitCode !== null) return;
    if (!text.includes('"daemon.started"') || !text.includes('"api.listening"'))
      throw new Error(`not started: ${text}`);
  }, 120_000);
  if (child.exitCode !== null) throw new Error(`it has ended: ${text}`);
  return {
    client: apiClient(socket),
    kill: () => ended(child, 'SIGKILL'),
    [Symbol.asyncDispose]: () => ended(child, 'SIGTERM'),
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

const fileService = `virtual_server ${vip} 81 {
  lb_algo rr
  lb_kind NAT
  protocol TCP
  real_server ${first} 8000 {
  }
}
`;

async function web(t: Test, address: string): Promise<Server> {
  const server = createServer((_, response) => response.end(address));
  server.listen(8000, address);
  await once(server, 'listening');
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return server;
}

/** Who answers `count` requests to the service. */
async function answering(count: number): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let i = 0; i < count; i++) {
    const sent = { headers: { connection: 'close' }, signal: AbortSignal.timeout(60_000) };
    answers.push(await (await fetch(`http://${vip}/`, sent)).text());
  }
  return [...new Set(answers)].sort();
}

const service = `tcp-${vip}-80`;
const at = { path: { service } };
const server = (address: string) => ({ path: { service, destination: `${address}-8000` } });

t.test('create, read, change, delete: each step is in the kernel when it is answered', async (t) => {
  for (const address of [first, second, third]) await web(t, address);
  const folder = ownFolder(t);
  await using running = await lvsd(folder);
  const { client } = running;

  // what it would be, then what it is
  const wanted = {
    by: 'address' as const,
    protocol: 'tcp' as const,
    address: vip,
    port: 80,
    scheduler: 'rr',
    destinations: [
      { address: first, port: 8000, weight: 2 },
      { address: second, port: 8000 },
    ],
  };
  const dry = await client.POST('/v1/services', { params: { query: { dryRun: true } }, body: wanted });
  t.same(
    dry.data?.steps.map(({ change }) => change.split(' ')[0]),
    ['+', '+', '+'],
  );
  t.equal(await destinations(), undefined, 'nothing was done');
  const header = { 'idempotency-key': 'first' };
  const made = await client.POST('/v1/services', { params: { header }, body: wanted });
  t.equal(made.response.status, 201, JSON.stringify(made.error));
  t.same(await destinations(), [`${first}:8000 2`, `${second}:8000 1`]);
  const again = await client.POST('/v1/services', { params: { header }, body: wanted });
  t.same(again.data, made.data, 'asked again with its key it is not made again');
  t.same(await answering(6), [first, second]);

  // read: the list, one, and its destinations
  const list = await client.GET('/v1/services', { params: { query: { limit: 10 } } });
  t.same(list.data?.items.map(({ id, origin }) => [id, origin]).sort(), [
    [service, 'api'],
    [`tcp-${vip}-81`, 'file'],
  ]);
  const one = await client.GET('/v1/services/{service}', { params: at });
  t.equal(one.data?.declared?.scheduler, 'rr');
  const both = await client.GET('/v1/destinations', { params: { query: { service } } });
  t.same(
    both.data?.items.map(({ id, weight, health }) => [id, weight, health]),
    [
      [`${first}-8000`, 2, 'up'],
      [`${second}-8000`, 1, 'up'],
    ],
  );

  // change: the service with a tag, a destination more, its weight, an override
  const tag = String(one.response.headers.get('etag'));
  const patched = await client.PATCH('/v1/services/{service}', {
    params: { ...at, header: { 'if-match': tag } },
    body: { scheduler: 'wrr' },
  });
  t.equal(patched.data?.service?.scheduler, 'wrr');
  t.equal((await ipvs.list()).find(({ key }) => key.by === 'address' && key.port === 80)?.settings.scheduler, 'wrr');
  const late = await client.PATCH('/v1/services/{service}', {
    params: { ...at, header: { 'if-match': tag } },
    body: { scheduler: 'lc' },
  });
  t.equal(late.error?.code, 'API_CHANGED');
  const more = await client.PUT('/v1/services/{service}/destinations/{destination}', {
    params: server(third),
    body: { weight: 3 },
  });
  t.equal(more.response.status, 201, JSON.stringify(more.error));
  t.same(await destinations(), [`${first}:8000 2`, `${second}:8000 1`, `${third}:8000 3`]);
  const path = '/v1/services/{service}/destinations/{destination}';
  await client.PATCH(path, { params: server(first), body: { weight: 0 } });
  t.same(await destinations(), [`${first}:8000 0`, `${second}:8000 1`, `${third}:8000 3`]);
  t.same(await answering(8), [second, third], 'at once');
  await client.PATCH(path, { params: server(first), body: { weight: null, declared: { weight: 7 } } });
  t.same(await destinations(), [`${first}:8000 7`, `${second}:8000 1`, `${third}:8000 3`]);

  // a drain, and what the kernel counts and knows meanwhile
  const drain = await client.POST('/v1/services/{service}/destinations/{destination}/drain', {
    params: server(second),
    body: { withinSeconds: 3600 },
  });
  t.equal(drain.response.status, 201, JSON.stringify(drain.error));
  t.same(await destinations(), [`${first}:8000 7`, `${second}:8000 0`, `${third}:8000 3`]);
  await eventually(async () => {
    const counted = await client.GET('/v1/statistics', { params: { query: { service } } });
    if (counted.data?.items[0]?.connections !== 14) throw new Error(JSON.stringify(counted.data)); // each request was one
  });
  const live = await client.GET('/v1/connections', { params: { query: { service, limit: 1000 } } });
  const [connection] = live.data?.items ?? [];
  t.match(connection, { engine: 'kernel', service, protocol: 'tcp', virtual: { address: vip, port: 80 } });
  const schedulers = await client.GET('/v1/schedulers');
  t.ok(schedulers.data?.items.some(({ name, inKernel }) => name === 'wrr' && inKernel !== 'missing'));
  const cancelled = await client.DELETE('/v1/drains/{drain}', { params: { path: { drain: drain.data?.id ?? '' } } });
  t.equal(cancelled.data?.state, 'cancelled');
  t.same(await destinations(), [`${first}:8000 7`, `${second}:8000 1`, `${third}:8000 3`]);

  // what is the file's stays the file's
  const ofFile = { path: { service: `tcp-${vip}-81` } };
  const refused = await client.DELETE('/v1/services/{service}', { params: ofFile });
  t.equal(refused.error?.code, 'API_READ_ONLY');
  const wrong = await client.PUT('/v1/services/{service}', { params: at, body: { scheduler: 'none-such' } });
  t.same([wrong.response.status, wrong.error?.errors?.[0]?.at], [422, '/body/scheduler']);
  t.same(await destinations(81), [`${first}:8000 1`]);

  // a transaction, back again, and the end
  const moved = await client.POST('/v1/transactions', {
    body: {
      comment: 'moved to 82',
      changes: [
        { do: 'delete-service', id: service },
        { do: 'put-service', service: { ...wanted, port: 82 } },
      ],
    },
  });
  t.equal(moved.response.status, 200, JSON.stringify(moved.error));
  t.same([await destinations(), await destinations(82)], [undefined, [`${first}:8000 2`, `${second}:8000 1`]]);
  const history = await client.GET('/v1/history');
  t.match(history.data?.items[0], { comment: 'moved to 82', kind: 'commit', what: { length: 2 } });
  const revision = String((moved.data?.revision ?? 0) - 1);
  await client.POST('/v1/history/{revision}/rollback', { params: { path: { revision } } });
  t.same(
    [await destinations(), await destinations(82)],
    [[`${first}:8000 7`, `${second}:8000 1`, `${third}:8000 3`], undefined],
  );
  await client.DELETE(path, { params: server(third) });
  t.same(await destinations(), [`${first}:8000 7`, `${second}:8000 1`]);
  const gone = await client.DELETE('/v1/services/{service}', { params: at });
  t.equal(gone.data?.service, null, JSON.stringify(gone.error));
  t.equal(await destinations(), undefined);
  t.equal((await client.GET('/v1/services/{service}', { params: at })).response.status, 404);
});

t.test('what was declared is there again after kill -9', async (t) => {
  const folder = ownFolder(t);
  const running = await lvsd(folder);
  const body = { destinations: [{ address: first, port: 8000, weight: 4 }] };
  const made = await running.client.PUT('/v1/services/{service}', { params: at, body });
  t.equal(made.response.status, 201, JSON.stringify(made.error));
  await running.kill();
  await ipvs.flush();
  await using next = await lvsd(folder);
  t.same(await destinations(), [`${first}:8000 4`], 'in the table when it says that it has started');
  const found = await next.client.GET('/v1/services/{service}', { params: at });
  t.equal(found.data?.origin, 'api');
});
