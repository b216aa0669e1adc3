/** What each noun answers, of a director over a fake kernel. */
import t, { type Test } from 'tap';
import type { Destination } from '../../../src/api/destinations.js';
import type { Page } from '../../../src/api/pages.js';
import type { Service } from '../../../src/api/services.js';
import { LvsError } from '../../../src/errors.js';
import { check, FakeApi } from '../../helpers/fake-api.js';

async function opened(t: Test): Promise<FakeApi> {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  return fake;
}

const read = async <T>(fake: FakeApi, url: string): Promise<T> => {
  const answer = await fake.api.inject({ url });
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json<T>();
};

const service = '/v1/services/tcp-192.0.2.1-80';
const up = `${service}/destinations/10.0.0.1-8080`;
const down = `${service}/destinations/10.0.0.2-8080`;

t.test('services: as the file and the table have them', async (t) => {
  const fake = await opened(t);
  const { items, next, total } = await read<Page<Service>>(fake, '/v1/services');
  t.same([next, total], [null, 3]);
  t.same(
    items.map(({ id, name }) => [id, name]),
    [
      ['tcp-192.0.2.1-80', 'tcp 192.0.2.1:80'],
      ['udp-2001:db8::1-53', 'udp [2001:db8::1]:53'],
      ['fwmark-7-ip4', 'fwmark 7'],
    ],
  );
  t.same(await read(fake, service), {
    id: 'tcp-192.0.2.1-80',
    declared: null,
    name: 'tcp 192.0.2.1:80',
    by: 'address',
    family: 'ip4',
    protocol: 'tcp',
    address: '192.0.2.1',
    prefixLength: null,
    port: 80,
    mark: null,
    origin: 'file',
    virtualServer: '192.0.2.1 80',
    engine: 'kernel',
    scheduler: 'wlc',
    persistenceSeconds: 300,
    inForce: true,
    quorum: { needed: 1, hysteresis: 0, met: true },
    destinations: 1,
  });
  const byMark = { by: 'fwmark', mark: 7, address: null, port: null, protocol: null };
  t.match(await read(fake, '/v1/services/fwmark-7-ip4'), byMark);
  t.equal((await fake.api.inject('/v1/services/udp-2001%3Adb8%3A%3A1-53')).statusCode, 200, 'escaped, it is the same');
  t.equal((await fake.api.inject('/v1/services/tcp-192.0.2.9-80')).statusCode, 404);
});

t.test('services: found by protocol, address, port and name', async (t) => {
  const fake = await opened(t);
  const ids = async (query: string): Promise<readonly string[]> =>
    (await read<Page<Service>>(fake, `/v1/services?${query}`)).items.map(({ id }) => id);
  t.same(await ids('protocol=udp'), ['udp-2001:db8::1-53']);
  t.same(await ids('port=80'), ['tcp-192.0.2.1-80']);
  t.same(await ids('address=2001:DB8:0::1'), ['udp-2001:db8::1-53']);
  t.same(await ids('name=fwmark'), ['fwmark-7-ip4']);
  t.same(await ids('protocol=tcp&port=53'), []);
});

t.test('services: page by page, each once', async (t) => {
  const fake = await opened(t);
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: Page<Service> = await read(fake, `/v1/services?limit=1${query}`);
    t.equal(page.total, 3);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  }
  t.same(seen, ['tcp-192.0.2.1-80', 'udp-2001:db8::1-53', 'fwmark-7-ip4']);
});

t.test('destinations: those that are down and the sorry server too', async (t) => {
  const fake = await opened(t);
  const { items } = await read<{ readonly items: readonly Destination[] }>(fake, `${service}/destinations`);
  t.same(
    items.map(({ id, role, health, configuredWeight, weight }) => [id, role, health, configuredWeight, weight]),
    [
      ['10.0.0.1-8080', 'real', 'up', 3, 3],
      ['10.0.0.2-8080', 'real', 'down', 1, null],
      ['10.0.0.9-80', 'sorry', null, null, null],
    ],
  );
  t.same(await read(fake, up), { ...items[0], declared: null });
  t.equal(
    (await fake.api.inject(`${service}/destinations/10.0.0.7-80`)).json<{ code: string }>().code,
    'API_NO_DESTINATION',
  );
});

t.test('a weight is overridden until it is null again', async (t) => {
  const fake = await opened(t);
  const patch = (url: string, weight: number | null, headers = {}): ReturnType<typeof send> =>
    send(url, { weight }, headers);
  const send = (url: string, payload: object, headers: object) =>
    fake.api.inject({ method: 'PATCH', url, payload, headers: { ...headers } });

  const set = await patch(up, 7);
  t.equal(set.statusCode, 200, set.body);
  t.match(set.json(), {
    dryRun: false,
    stored: true,
    pending: null,
    steps: [{ service: 'tcp-192.0.2.1-80', destination: '10.0.0.1-8080', effect: 'kept' }],
    service: { id: 'tcp-192.0.2.1-80' },
    destination: { override: 7, weight: 7, configuredWeight: 3 },
  });
  t.match((await read<Destination>(fake, up)).weight, 7);
  t.equal(fake.kernel.table.get('tcp 192.0.2.1:80')?.destinations.get('10.0.0.1:8080')?.settings.weight, 7);
  t.match((await patch(up, null)).json(), { destination: { override: null, weight: 3 } });
  t.match(
    (await patch(down, 5)).json(),
    { steps: [], destination: { override: 5, weight: null, health: 'down' } },
    'for when it is up again',
  );
  const merge = await send(up, { weight: 2 }, { 'content-type': 'application/merge-patch+json' });
  t.equal(merge.statusCode, 200);

  const sorry = await patch(`${service}/destinations/10.0.0.9-80`, 1);
  t.equal(sorry.statusCode, 409);
  t.match(sorry.json(), { code: 'API_NOT_OF_FILE' });
});

t.test('maintenance holds over a weight', async (t) => {
  const fake = await opened(t);
  const url = '/v1/services/udp-2001:db8::1-53/destinations/2001:db8:1::1-53';
  const patch = async (payload: object) => (await fake.api.inject({ method: 'PATCH', url, payload })).json<object>();
  t.match(await patch({ weight: 7, maintenance: true }), {
    steps: [{ effect: 'drained' }],
    destination: { override: 7, weight: 0, maintenance: true },
  });
  t.match(await patch({ maintenance: false }), { destination: { override: 7, weight: 7, maintenance: false } });
});

t.test('what the kernel refuses is taken back, and said', async (t) => {
  const fake = await opened(t);
  fake.kernel.refuse = (change) => (change.do === 'edit-destination' ? 'ENOMEM' : undefined);
  const answer = await fake.api.inject({ method: 'PATCH', url: up, payload: { weight: 9 } });
  t.equal(answer.statusCode, 409);
  t.match(answer.json(), { code: 'DECLARED_NOT_TAKEN', errors: [{ detail: /ENOMEM/ }] });
  t.match(await read(fake, up), { override: null, weight: 3 });
});

t.test('nobody undoes what he has not seen: ETag, If-Match, If-None-Match', async (t) => {
  const fake = await opened(t);
  const first = await fake.api.inject(up);
  const tag = String(first.headers.etag);
  t.match(tag, /^"[\w-]{22}"$/);
  t.equal((await fake.api.inject({ url: up, headers: { 'if-none-match': tag } })).statusCode, 304);
  t.equal((await fake.api.inject({ url: up, headers: { 'if-none-match': `"x", W/${tag}` } })).statusCode, 304);
  const patch = (weight: number, match: string) =>
    fake.api.inject({ method: 'PATCH', url: up, payload: { weight }, headers: { 'if-match': match } });
  t.equal((await patch(5, '"another"')).statusCode, 412);
  t.equal((await patch(5, `W/${tag}`)).statusCode, 412, 'a weak one matches nothing');
  const both = await Promise.all([patch(5, tag), patch(6, tag)]);
  t.same(
    both.map(({ statusCode }) => statusCode),
    [200, 412],
    'of two who saw the same only one changes it',
  );
  t.match(await read(fake, up), { weight: 5 });
  t.equal(fake.declared.history().length, 1);
  t.equal((await fake.api.inject(up)).headers.etag, both[0].headers.etag);
  t.equal((await patch(8, '*')).statusCode, 200);
});

t.test('health: by verdict and by server', async (t) => {
  const fake = await opened(t);
  const servers = async (query: string): Promise<readonly string[]> =>
    (await read<Page<{ readonly server: string }>>(fake, `/v1/health${query}`)).items.map(({ server }) => server);
  t.equal((await servers('')).length, 2);
  t.same(await servers('?verdict=down'), ['tcp 192.0.2.1:80 -> 10.0.0.2:8080']);
  t.same(await servers('?server=10.0.0.1'), ['tcp 192.0.2.1:80 -> 10.0.0.1:8080']);
  t.equal((await fake.api.inject('/v1/health?verdict=ill')).statusCode, 400);
});

t.test('pages go on where they were, whatever comes and goes between', async (t) => {
  const fake = await opened(t);
  const names = ['a', 'b', 'c', 'd', 'e'];
  const now = (...some: readonly string[]): void => void (fake.checks = some.map((name) => check(name, 'up')));
  const next = async (cursor: string): Promise<Page<{ readonly server: string }>> =>
    read(fake, `/v1/health?limit=2${cursor && `&cursor=${cursor}`}`);
  now(...names);
  const first = await next('');
  now('new', ...names);
  t.same(
    (await next(first.next ?? '')).items.map(({ server }) => server),
    ['c', 'd'],
    'something came before',
  );
  now('a', 'c', 'd', 'e');
  t.same(
    (await next(first.next ?? '')).items.map(({ server }) => server),
    ['c', 'd'],
    'the last one seen is gone',
  );
  now('e', 'd', 'c', 'b', 'a');
  t.same(
    (await next(first.next ?? '')).items.map(({ server }) => server),
    ['a'],
    'it went far',
  );
  now();
  t.same(await next(first.next ?? ''), { items: [], next: null, total: 0 });
});

t.test('vrrp and the pair', async (t) => {
  const fake = await opened(t);
  t.match(await read(fake, '/v1/vrrp'), { instances: [{ name: 'V1', role: 'master' }] });
  t.match(await read(fake, '/v1/pair'), {
    state: 'connected',
    ours: { facts: { name: 'one' } },
    theirs: { connections: 12 },
  });
  const move = (payload?: object) =>
    fake.api.inject({ method: 'POST', url: '/v1/vrrp/failover', ...(payload && { payload }) });
  t.match((await move()).json(), { to: 'peer', routers: ['V1'] }, 'no body: all that are master');
  t.match((await move({ to: 'peer', routers: ['V2'] })).json(), { routers: ['V2'] });
  const refused = await move({ to: 'moon' });
  t.equal(refused.statusCode, 409);
  t.match(refused.json(), { code: 'PAIR_REFUSED', detail: "'moon' is neither here nor the peer; nothing was changed" });
  fake.trouble = new LvsError('PAIR_NOBODY', []);
  t.equal((await fake.api.inject('/v1/pair')).statusCode, 409);
});

t.test('status and engine', async (t) => {
  const fake = await opened(t);
  t.match(await read(fake, '/v1/status'), { services: 3, destinations: 3, checks: { up: 1, down: 1 }, refused: [] });
  t.match(await read(fake, '/v1/engine'), { running: true, dropped: { 'no-service': 3 } });
});

t.test('configuration: in force, planned, read again, and what is wrong with it', async (t) => {
  const fake = await opened(t);
  const inForce = { files: ['test.conf'], fingerprint: 'f00d', virtualServers: 3, virtualRouters: 0 };
  t.same(await read(fake, '/v1/configuration'), inForce);
  t.same(await read(fake, '/v1/configuration/plan'), {
    changes: [
      {
        do: 'edit-destination',
        service: 'tcp-192.0.2.1-80',
        destination: '10.0.0.1-8080',
        text: 'edit-destination tcp 192.0.2.1:80 -> 10.0.0.1:8080',
      },
    ],
  });
  t.same((await fake.api.inject({ method: 'POST', url: '/v1/configuration/reload' })).json(), inForce);
  t.same(fake.changes, ['reload']);
  fake.broken = ["test.conf:3:3: 'wieght' is no keyword of real_server; did you mean 'weight'?"];
  for (const [method, url] of [
    ['POST', '/v1/configuration/reload'],
    ['GET', '/v1/configuration/plan'],
  ] as const) {
    const answer = await fake.api.inject({ method, url });
    t.equal(answer.statusCode, 409);
    t.match(answer.json(), { code: 'CONFIG_REFUSED', errors: [{ detail: fake.broken[0] }] });
  }
  t.same(fake.changes, ['reload']);
});
