/** Our client and our follower of a real etcd: several members, TLS, logins, leases that end, what was compacted away, and etcd that goes and comes. */
// mostly waits
import { ip } from '../helpers/own-namespace.js';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { VirtualServer } from '../../src/config/configuration.js';
import type { FleetSettings } from '../../src/config/fleet.js';
import { openEtcd } from '../../src/daemon/fleet-etcd.js';
import { isLvsError } from '../../src/errors.js';
import { FleetDesk } from '../../src/fleet/desk.js';
import type { Etcd } from '../../src/fleet/etcd.js';
import { keysBelow } from '../../src/fleet/etcd-codec.js';
import { Fleet } from '../../src/fleet/fleet.js';
import type { FleetSeen, FleetVersion } from '../../src/fleet/orders.js';
import type { DirectorFacts } from '../../src/fleet/report.js';
import { systemClock, wallClock } from '../../src/system/clock.js';
import { systemRandom } from '../../src/system/random.js';
import { makeAuthority } from '../helpers/certificates.js';
import { configurationOf, site } from '../helpers/configuration.js';
import { MemoryFile } from '../helpers/memory-file.js';
import { MemoryLog } from '../helpers/memory-log.js';
import { running, stop, temporaryDirectory, unlessInstalled } from '../helpers/program.js';
import { until } from '../vrrp/director-process.js';

t.setTimeout(0); // whoever runs us sets the limit
t.jobs = 1;
const skip = unlessInstalled('etcd');

/** Documents have no global_defs. */
const web = (vip: string): string => site({ vip }).replace(/^global_defs \{\n\n\}\n/, '');
const settingsOf = (...lines: readonly string[]): FleetSettings =>
  configurationOf(`fleet {\n${lines.join('\n')}\nname d1\nlease 10\n}\n`).fleet!;
const all = keysBelow('/');

let port = 12_000;

/** An etcd with a folder of its own; `again` starts it after it was stopped. */
async function etcd(t: Test, more: readonly string[] = [], scheme = 'http') {
  const folder = temporaryDirectory(t);
  const own = (port += 10);
  const url = `${scheme}://127.0.0.1:${own}`;
  const peer = `http://127.0.0.1:${own + 1}`;
  const urls = ['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peer];
  const cluster = ['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`];
  const args = ['--data-dir', join(folder, 'data'), '--log-level', 'error', ...urls, ...cluster, ...more];
  const isReady = (): Promise<boolean> =>
    Promise.resolve(spawnSync('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${own}`]).status === 0);
  const again = () => running(t, 'etcd', args, isReady);
  const ctl = (...words: readonly string[]): string => {
    const env = { ...process.env, ETCDCTL_API: '3' };
    const { status, stdout, stderr } = spawnSync('etcdctl', ['--endpoints', url, ...words], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`etcdctl ${words.join(' ')}: ${stderr}`);
    return stdout;
  };
  return { url, folder, ctl, again, child: await again() };
}

async function opened(t: Test, settings: FleetSettings): Promise<Etcd> {
  const client = await openEtcd(settings, systemClock);
  t.teardown(() => client.close());
  return client;
}

t.test('keys, transactions, leases and watches', { skip }, async (t) => {
  ip('link set lo up');
  const { url, ctl } = await etcd(t);
  const client = await opened(t, settingsOf(`etcd http://127.0.0.1:9 ${url}`));
  await until('etcd answers', () =>
    client.range(all).then(
      () => true,
      () => false,
    ),
  );
  t.same((await client.range(all)).items, [], 'the member that does not answer is passed over');
  const changes: string[] = [];
  const { revision } = await client.range(all);
  const cancel = client.watch(keysBelow('/a/'), revision + 1, {
    changed: () => changes.push('changed'),
    compacted: () => changes.push('compacted'),
    ended: (why) => changes.push(why),
  });
  const first = await client.write([{ key: '/a/ü', modRevision: 0 }], [{ put: '/a/ü', value: 'grün "x"\n' }]);
  t.ok(first);
  t.equal(
    await client.write([{ key: '/a/ü', modRevision: 0 }], [{ put: '/a/ü', value: '' }]),
    undefined,
    'somebody has it',
  );
  t.match((await client.range(keysBelow('/a/'))).items, [
    { key: '/a/ü', value: 'grün "x"\n', version: 1, modRevision: first!.revision },
  ]);
  await until('the watch tells', () => changes.length > 0);
  t.same(new Set(changes), new Set(['changed']));
  await client.write([], [{ delete: '/a/ü' }]);
  t.match((await client.range(all, first!.revision)).items, [{ value: 'grün "x"\n' }], 'as it was');
  cancel();

  const lease = await client.grant(60);
  await client.put('/b', 'x', lease.id);
  t.ok(await client.keepAlive(lease.id));
  await client.revoke(lease.id);
  t.notOk(await client.keepAlive(lease.id));
  t.same((await client.range(all)).items, []);
  await t.rejects(client.put('/b', 'x', lease.id), { code: 'FLEET_ETCD', message: /lease not found/ });

  ctl('compact', String((await client.range(all)).revision));
  const heard = await new Promise<string>((resolve) => {
    client.watch(all, 1, { changed: () => resolve('changed'), compacted: () => resolve('compacted'), ended: resolve });
  });
  t.equal(heard, 'compacted');
});

t.test('TLS with certificates of both sides', { skip }, async (t) => {
  const folder = temporaryDirectory(t);
  const authority = makeAuthority(folder);
  const server = authority.issue('server', 30);
  const me = authority.issue('client', 30);
  const files = [
    '--cert-file',
    server.certificate,
    '--key-file',
    server.key,
    '--client-cert-auth',
    '--trusted-ca-file',
    authority.certificate,
  ];
  const { url } = await etcd(t, files, 'https');
  const good = await opened(
    t,
    settingsOf(`etcd ${url}`, `tls_ca ${authority.certificate}`, `tls_client ${me.certificate} ${me.key}`),
  );
  await until('etcd answers', () =>
    good.range(all).then(
      () => true,
      () => false,
    ),
  );
  const nameless = await opened(t, settingsOf(`etcd ${url}`, `tls_ca ${authority.certificate}`));
  await t.rejects(nameless.range(all), { code: 'FLEET_AWAY' });
  const credulous = await opened(t, settingsOf(`etcd ${url}`, `tls_client ${me.certificate} ${me.key}`));
  await t.rejects(credulous.range(all), { code: 'FLEET_AWAY', message: /certificate/ }, 'not signed by whom we trust');
});

t.test('a login, and what it may not', { skip }, async (t) => {
  const { url, ctl, child, again } = await etcd(t);
  const root = await opened(t, settingsOf(`etcd ${url}`));
  await until('etcd answers', () =>
    root.range(all).then(
      () => true,
      () => false,
    ),
  );
  ctl('user', 'add', 'root:r');
  ctl('user', 'add', 'lvsd:secret');
  ctl('role', 'add', 'director');
  ctl('role', 'grant-permission', 'director', '--prefix=true', 'readwrite', '/lvsd/');
  ctl('user', 'grant-role', 'lvsd', 'director');
  ctl('user', 'grant-role', 'root', 'root');
  ctl('auth', 'enable');
  const client = await opened(t, settingsOf(`etcd ${url}`, 'user lvsd secret'));
  t.same((await client.range(keysBelow('/lvsd/'))).items, []);
  t.ok(await client.write([], [{ put: '/lvsd/x', value: 'y' }]));
  await t.rejects(client.range(all), { code: 'FLEET_ETCD', message: /permission denied/ });
  const wrong = await opened(t, settingsOf(`etcd ${url}`, 'user lvsd wrong'));
  await t.rejects(wrong.range(keysBelow('/lvsd/')), { code: 'FLEET_ETCD', message: /authentication failed/ });
  await stop(child);
  await t.rejects(client.range(keysBelow('/lvsd/')), { code: 'FLEET_AWAY' });
  await again();
  await until('its token of before is renewed', () =>
    client.range(keysBelow('/lvsd/')).then(
      ({ items }) => items.length === 1,
      (error: unknown) => {
        if (isLvsError(error, 'FLEET_AWAY') || /no leader|timed out/.test(String(error))) return false;
        throw error;
      },
    ),
  );
});

const facts: DirectorFacts = {
  software: '1',
  services: 0,
  configured: 'c',
  maglev: {},
  servers: { up: 0, down: 0 },
  quorumLost: [],
  refusedChanges: 0,
  announced: null,
  withdrawn: false,
};

/** A follower whose configurations are only written down. */
function follower(t: Test, memory = new MemoryFile()) {
  const log = new MemoryLog();
  const applied: string[] = [];
  const state: { clash: string | undefined } = { clash: undefined };
  const fleet = new Fleet({
    open: (settings) => openEtcd(settings, systemClock),
    apply: (layer) => {
      if (state.clash !== undefined) return Promise.reject(new Error(state.clash));
      applied.push(
        layer === undefined ? 'nothing' : layer.virtualServers.map(({ name }: VirtualServer) => name).join(),
      );
      return Promise.resolve();
    },
    facts: () => facts,
    machine: 'machine',
    memory,
    clock: systemClock,
    random: systemRandom,
    log,
  });
  t.teardown(() => fleet.close());
  const desk = new FleetDesk({ fleet, fits: () => undefined, now: wallClock });
  const seen = async (): Promise<FleetSeen> => (await desk.carryOut({ what: 'status' })) as FleetSeen;
  return { fleet, log, applied, memory, desk, seen, state };
}

t.test('a director follows: good, broken, empty, away, back', { skip }, async (t) => {
  const { url, ctl, child, again } = await etcd(t);
  const settings = settingsOf(`etcd ${url}`);
  const { fleet, log, applied, memory, desk, seen, state } = follower(t);
  const put = (name: string, text: string): string => ctl('put', `/lvsd/configuration/${name}`, text);
  await fleet.recall(settings);
  fleet.follow(settings);
  await until('etcd answers', () => fleet.status?.connected === true);
  t.same(applied, [], 'an empty etcd is no wish for nothing');
  put('web', web('192.0.2.1'));
  await until('applied', () => applied.length === 1);
  t.equal(applied[0], '192.0.2.1 80');
  await until('told', async () => (await seen()).directors[0]?.applied?.names.join() === 'web');
  t.same((await seen()).differences, []);

  put('web', 'nonsense\n');
  await until('refused', async () => ((await seen()).directors[0]?.refused.length ?? 0) > 0);
  t.match((await seen()).directors[0]?.refused, [/^fleet\/web:1:1: 'nonsense'/]);
  t.equal(applied.length, 1);
  ctl('del', '/lvsd/configuration/web');
  await until('nothing is refused, too', async () =>
    /no documents any more/.test((await seen()).directors[0]?.refused.join() ?? ''),
  );
  t.equal(applied.length, 1);

  state.clash = 'the file has it already';
  put('web', web('192.0.2.2'));
  await until('a clash is refused', async () => (await seen()).directors[0]?.refused[0] === 'the file has it already');
  state.clash = undefined;
  put('other', web('192.0.2.3'));
  await until('both together', () => applied.at(-1) === '192.0.2.3 80,192.0.2.2 80');

  t.comment('etcd ends and comes back; what was compacted meanwhile does no harm');
  await stop(child);
  await until('missed', () => fleet.status?.connected === false);
  t.match((await seen()).away, /no etcd answers/);
  const started = follower(t, new MemoryFile(memory.text));
  await started.fleet.recall(settings);
  t.same(started.applied, ['192.0.2.3 80,192.0.2.2 80'], 'another start, without etcd');
  await started.fleet.close();
  await again();
  await until('back', () => fleet.status?.connected === true);
  put('other', web('192.0.2.4'));
  await until('and heard', () => applied.at(-1) === '192.0.2.4 80,192.0.2.2 80');
  t.equal(
    new Set(log.named('fleet.away').map(({ reason }) => reason)).size,
    log.named('fleet.away').length,
    'said once',
  );

  t.comment('orders');
  const order = { what: 'put', name: 'web', only: null, who: 'me', comment: 'why', text: web('192.0.2.5') } as const;
  await desk.carryOut(order);
  await until('applied', () => applied.at(-1) === '192.0.2.4 80,192.0.2.5 80');
  await t.rejects(desk.carryOut({ ...order, text: 'nonsense\n' }), {
    code: 'FLEET_DOCUMENT',
    message: /fleet\/web:1:1/,
  });
  const [newest, before] = (await desk.carryOut({
    what: 'history',
    name: 'web',
    only: null,
  })) as readonly FleetVersion[];
  t.match(newest, { who: 'me', comment: 'why', version: 2 });
  t.match(before, { who: '', comment: '', version: 1 });
  t.equal(await desk.carryOut({ what: 'get', name: 'web', only: null, revision: before!.revision }), web('192.0.2.2'));
  await desk.carryOut({ ...order, only: 'd1', text: web('192.0.2.6') });
  await until('tried here', () => applied.at(-1) === '192.0.2.4 80,192.0.2.6 80');
  t.same(
    (await seen()).documents.map(({ name, only }) => [name, only]),
    [
      ['web', 'd1'],
      ['other', null],
      ['web', null],
    ],
  );
  await desk.carryOut({ what: 'promote', name: 'web', only: 'd1', who: 'me' });
  t.same(
    (await seen()).documents.map(({ name, only }) => [name, only]),
    [
      ['other', null],
      ['web', null],
    ],
  );
  t.equal(await desk.carryOut({ what: 'get', name: 'web', only: null, revision: null }), web('192.0.2.6'));
  await t.rejects(desk.carryOut({ what: 'get', name: 'web', only: 'd1', revision: null }), { code: 'FLEET_UNKNOWN' });
  await desk.carryOut({ what: 'remove', name: 'other', only: null });
  await until('gone', () => applied.at(-1) === '192.0.2.6 80');

  t.comment('the file follows nobody any more');
  fleet.follow(undefined);
  await until('nothing is left', () => applied.at(-1) === 'nothing');
  await until('nor the report', () => ctl('get', '--prefix', '/lvsd/directors/') === '');
  await t.rejects(desk.carryOut({ what: 'status' }), { code: 'FLEET_NOBODY' });
});

t.test('what was kept is torn, or of another fleet', { skip }, async (t) => {
  const settings = settingsOf('etcd http://127.0.0.1:9');
  for (const text of [
    '{"form',
    '{"format":2}',
    '{"format":1,"prefix":"/x","director":"d1","revision":1,"documents":[]}',
  ]) {
    const { fleet, log, applied } = follower(t, new MemoryFile(text));
    await fleet.recall(settings);
    t.same(applied, [], text);
    t.equal(log.named('fleet.memory-lost').length, 1);
    t.equal(fleet.status?.connected, false);
  }
});

t.test('a lease that has ended, and a member that hangs', { skip }, async (t) => {
  const { url, child, ctl } = await etcd(t);
  const settings = settingsOf(`etcd ${url}`);
  const { fleet, log, seen } = follower(t);
  fleet.follow(settings);
  await until('connected', () => fleet.status?.connected === true);
  await until('told', async () => (await seen()).directors.length === 1);
  const lease = ctl('lease', 'list').split('\n').at(1) ?? '';
  ctl('lease', 'revoke', lease);
  await until(
    'a new one',
    async () => log.named('fleet.connected').length >= 2 && (await seen()).directors.length === 1,
  );
  child.kill('SIGSTOP');
  await until('it is missed', () => fleet.status?.connected === false);
  child.kill('SIGCONT');
  await until('it is back', () => fleet.status?.connected === true);
});
