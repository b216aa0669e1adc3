/** Changing what is declared, over HTTP: services, destinations, transactions, drains, history, over the owner that the daemon has. */
import type { InjectOptions } from 'fastify';
import t, { type Test } from 'tap';
import type { Changed } from '../../../src/api/changed.js';
import type { Problem } from '../../../src/api/problem.js';
import type { ServiceInFull } from '../../../src/api/services.js';
import { FakeApi } from '../../helpers/fake-api.js';

async function opened(t: Test): Promise<FakeApi> {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  return fake;
}

interface Answer<T> {
  readonly status: number;
  readonly etag: string;
  readonly location: string | undefined;
  readonly body: T;
}

const asking =
  (fake: FakeApi) =>
  async <T = Changed>(
    method: string,
    url: string,
    payload?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<T>> => {
    const sent: InjectOptions = { method: method, url, headers: { ...headers }, ...(payload && { payload }) };
    const answer = await fake.api.inject(sent);
    const { etag, location } = answer.headers;
    return {
      status: answer.statusCode,
      etag: String(etag),
      location: location,
      body: answer.json<T>(),
    };
  };

const web = {
  by: 'address',
  protocol: 'tcp',
  address: '192.0.2.9',
  port: 80,
  scheduler: 'rr',
  destinations: [
    { address: '10.0.1.1', port: 8080, weight: 2 },
    { address: '10.0.1.2', port: 8080 },
  ],
};
const path = '/v1/services/tcp-192.0.2.9-80';
const first = `${path}/destinations/10.0.1.1-8080`;
const ofFile = '/v1/services/tcp-192.0.2.1-80';

const inKernel = (fake: FakeApi): string =>
  [...(fake.kernel.table.get('tcp 192.0.2.9:80')?.destinations.values() ?? [])]
    .map(({ key, settings }) => `${key.address} ${settings.weight}`)
    .join(', ');

t.test('a service from its first day to its last', async (t) => {
  const fake = await opened(t);
  const ask = asking(fake);
  const dry = await ask('POST', '/v1/services?dryRun=true', web);
  t.equal(dry.status, 200);
  t.match(dry.body, { dryRun: true, stored: false, revision: 0, service: null, steps: { length: 3 } });
  t.equal(inKernel(fake), '', 'nothing was done');

  const made = await ask('POST', '/v1/services', web);
  t.equal(made.status, 201, JSON.stringify(made.body));
  t.equal(made.location, path);
  t.match(made.body, { dryRun: false, stored: true, revision: 1, service: { id: 'tcp-192.0.2.9-80', origin: 'api' } });
  t.equal(inKernel(fake), '10.0.1.1 2, 10.0.1.2 1');
  t.match((await ask<Problem>('POST', '/v1/services', web)).body, { status: 409, code: 'API_EXISTS' });

  const read = await ask<ServiceInFull>('GET', path);
  t.match(read.body.declared, { id: 'tcp-192.0.2.9-80', scheduler: 'rr', destinations: [{ id: '10.0.1.1-8080' }, {}] });
  const patched = await ask('PATCH', path, { scheduler: 'wrr' }, { 'if-match': read.etag });
  t.equal(patched.status, 200, JSON.stringify(patched.body));
  t.match(patched.body, { revision: 2, service: { scheduler: 'wrr' } });
  t.equal(fake.kernel.table.get('tcp 192.0.2.9:80')?.settings.scheduler, 'wrr');
  t.equal((await ask('PATCH', path, { scheduler: 'lc' }, { 'if-match': read.etag })).status, 412, 'not seen');
  t.equal((await ask('PATCH', path, { scheduler: 'lc' }, { 'if-match': patched.etag })).status, 200, 'seen');

  const one = await ask('POST', `${path}/destinations`, { address: '10.0.1.3', port: 8080 });
  t.equal(one.status, 201, JSON.stringify(one.body));
  t.equal(inKernel(fake), '10.0.1.1 2, 10.0.1.2 1, 10.0.1.3 1');
  t.match((await ask('PUT', first, { weight: 5 })).body, { destination: { weight: 5, configuredWeight: 5 } });
  t.match((await ask('PATCH', first, { declared: { weight: 6 } })).body, { destination: { weight: 6 } });
  t.match((await ask('PATCH', first, { weight: 1 })).body, { destination: { weight: 1, configuredWeight: 6 } });
  t.equal((await ask('PUT', `${path}/destinations/10.0.1.4-8080`, {})).status, 201, 'the id says all that is needed');
  const gone = await ask('DELETE', `${path}/destinations/10.0.1.4-8080`);
  t.match(gone.body, { destination: null, steps: [{ change: /10\.0\.1\.4/ }] });

  const replaced = await ask('PUT', path, { destinations: [{ address: '10.0.1.2', port: 8080 }] });
  t.equal(replaced.status, 200, JSON.stringify(replaced.body));
  t.equal(inKernel(fake), '10.0.1.2 1');
  const removed = await ask('DELETE', path);
  t.match(removed.body, { service: null });
  t.equal((await ask('GET', path)).status, 404);
  t.notOk(fake.kernel.table.has('tcp 192.0.2.9:80'));
});

t.test('PUT makes what is not there', async (t) => {
  const ask = asking(await opened(t));
  const made = await ask('PUT', '/v1/services/udp-2001:db8::9-53', {
    destinations: [{ address: '2001:DB8:1:0::1', port: 53 }],
  });
  t.equal(made.status, 201, JSON.stringify(made.body));
  t.match(made.body, { service: { protocol: 'udp', address: '2001:db8::9', origin: 'api' } });
  t.equal(
    (await ask('PUT', '/v1/services/fwmark-9-ip4', { destinations: [{ address: '10.0.0.1', port: 0 }] })).status,
    201,
  );
  t.equal(
    (await ask('PUT', '/v1/services/tcp-192.0.2.77-80', {}, { 'if-match': '*' })).status,
    412,
    'it must be there',
  );
});

t.test('what the file declares is read-only but for its overrides', async (t) => {
  const fake = await opened(t);
  const ask = asking(fake);
  const server = `${ofFile}/destinations/10.0.0.1-8080`;
  const refused = [
    ['PUT', ofFile, {}],
    ['PATCH', ofFile, { scheduler: 'rr' }],
    ['DELETE', ofFile, undefined],
    ['POST', `${ofFile}/destinations`, { address: '10.0.0.7', port: 80 }],
    ['PUT', server, {}],
    ['PATCH', server, { declared: { weight: 2 } }],
    ['DELETE', server, undefined],
    ['POST', `${server}/drain`, { withinSeconds: 5, then: 'remove' }],
  ] as const;
  for (const [method, url, payload] of refused)
    t.match((await ask(method, url, payload)).body, { status: 409, code: 'API_READ_ONLY' }, `${method} ${url}`);
  t.same(fake.declared.history(), []);
});

t.test('what is wrong is said with its place in the body', async (t) => {
  const fake = await opened(t);
  const ask = asking(fake);
  const errors = async (method: string, url: string, payload: object): Promise<unknown> => {
    const { status, body } = await ask<Problem>(method, url, payload);
    return [status, body.code, body.errors];
  };
  t.match(await errors('POST', '/v1/services', { ...web, wieght: 1 }), [
    400,
    'API_REQUEST',
    [{ at: '/body', detail: "'wieght' is unknown; did you mean 'weight'?" }].map(() => ({ at: '/body' })),
  ]);
  t.match(await errors('PUT', path, { ...web, scheduler: 'rrr' }), [
    422,
    'DECLARED_INVALID',
    [{ at: '/body/scheduler' }],
  ]);
  t.match(await errors('PATCH', first, { declared: { weight: 1 } }), [404, 'API_NO_SERVICE']);
  t.match(await errors('POST', '/v1/services', { by: 'address', port: 1 }), [
    422,
    'DECLARED_INVALID',
    [{ at: '/body/protocol' }],
  ]);
  const checked = { ...web, check: { type: 'http', urls: [{ path: '/', statusCode: '200' }] } };
  t.match(await errors('POST', '/v1/services', checked), [
    400,
    'API_REQUEST',
    [{ at: '/body/check/urls/0', detail: "'statusCode' is unknown; did you mean 'statusCodes'?" }],
  ]);
  t.match(await errors('POST', '/v1/services', { ...web, check: { type: 'script' } }), [400, 'API_REQUEST']);
  t.match(
    await errors('POST', '/v1/transactions', { changes: [{ do: 'put-service', service: { ...web, quorum: 'x' } }] }),
    [400, 'API_REQUEST', [{ at: '/body/changes/0/service/quorum' }]],
  );
  t.same(fake.declared.history(), []);
});

t.test('a transaction is whole or not at all', async (t) => {
  const fake = await opened(t);
  const ask = asking(fake);
  const other = { ...web, address: '192.0.2.10' };
  const changes = [
    { do: 'put-service', service: web },
    { do: 'put-service', service: other },
    { do: 'override', service: 'tcp-192.0.2.1-80', destination: '10.0.0.1-8080', maintenance: true },
  ];
  const broken = [...changes, { do: 'delete-service', id: 'tcp-192.0.2.99-80' }];
  t.match(await ask('POST', '/v1/transactions', { changes: broken }), {
    status: 422,
    body: { code: 'DECLARED_INVALID', errors: [{ at: '/body/changes/3/id' }] },
  });
  t.equal(fake.kernel.table.size, 3);

  const dry = await ask('POST', '/v1/transactions?dryRun=true', { changes });
  t.match(dry.body, { dryRun: true, steps: { length: 8 } });
  t.equal(fake.kernel.table.size, 3);
  const stale = await ask('POST', '/v1/transactions', { changes, expectRevision: 7 });
  t.match(stale.body, { status: 412, code: 'DECLARED_REVISION' });
  const done = await ask('POST', '/v1/transactions', { changes, comment: 'first day', expectRevision: 0 });
  t.match(done, { status: 200, body: { revision: 1, pending: null } });
  t.equal(fake.kernel.table.size, 5);

  t.match((await ask<object>('GET', '/v1/history')).body, {
    revision: 1,
    pending: null,
    total: 1,
    items: [{ revision: 1, who: 'test', comment: 'first day', kind: 'commit', confirmed: null, what: { length: 3 } }],
  });
  t.match((await ask('POST', '/v1/history/0/rollback?dryRun=true')).body, { dryRun: true });
  t.equal(fake.kernel.table.size, 5);
  t.match((await ask('POST', '/v1/history/0/rollback')).body, { revision: 2 });
  t.equal(fake.kernel.table.size, 3);
  t.match((await ask('POST', '/v1/transactions/rollback')).body, { revision: 3 });
  t.equal(fake.kernel.table.size, 5, 'the last one was a rollback');
  t.equal((await ask('POST', '/v1/history/99/rollback')).status, 409);
});

t.test('what nobody confirms is taken back', async (t) => {
  const fake = await opened(t);
  const ask = asking(fake);
  const commit = () =>
    ask('POST', '/v1/transactions', { changes: [{ do: 'put-service', service: web }], confirmWithinSeconds: 30 });
  t.match((await ask('POST', '/v1/transactions/confirm')).body, { status: 409, code: 'DECLARED_NOT_PENDING' });
  t.match((await commit()).body, { pending: { revision: 1, who: 'test' } });
  t.match((await ask('DELETE', path)).body, { status: 409, code: 'DECLARED_PENDING' });
  fake.clock.advance(31_000);
  await fake.declared.preview({ changes: [], who: 'test' }); // behind what the clock began
  t.notOk(fake.kernel.table.has('tcp 192.0.2.9:80'));
  t.match((await commit()).body, { pending: { revision: 3 } });
  t.match(await ask('POST', '/v1/transactions/confirm'), { status: 200, body: { revision: 3 } });
  fake.clock.advance(31_000);
  await fake.declared.preview({ changes: [], who: 'test' });
  t.ok(fake.kernel.table.has('tcp 192.0.2.9:80'));
});

t.test('a drain begins, is seen, and is taken back', async (t) => {
  const fake = await opened(t);
  const ask = asking(fake);
  const service = 'udp-2001:db8::1-53';
  const server = `/v1/services/${service}/destinations/2001:db8:1::1-53`;
  const begun = await ask<{ readonly id: string }>('POST', `${server}/drain`, { withinSeconds: 60 });
  t.match(begun, { status: 201, body: { service, then: 'keep', state: 'running', endedAt: null } });
  t.equal(begun.location, `/v1/drains/${begun.body.id}`);
  t.match((await ask('GET', server)).body, {
    weight: 0,
    maintenance: true,
    drain: { id: begun.body.id, then: 'keep' },
  });
  t.match((await ask('GET', '/v1/drains?state=running')).body, { total: 1, items: [{ id: begun.body.id }] });
  t.match((await ask('GET', `/v1/drains/${begun.body.id}`)).body, { state: 'running' });
  t.match(await ask('DELETE', `/v1/drains/${begun.body.id}`), { status: 200, body: { state: 'cancelled' } });
  t.match((await ask('GET', server)).body, { weight: 1, maintenance: false, drain: null });
  t.match((await ask('GET', '/v1/drains/none')).body, { status: 404, code: 'DRAIN_MISSING' });
  t.equal((await ask('POST', `${ofFile}/destinations/10.0.0.9-80/drain`, { withinSeconds: 1 })).status, 409);
});

t.test('who may: operators override, admins declare, and grants hold inside of a transaction', async (t) => {
  const fake = await opened(t);
  const ask = asking(fake);
  const server = `${ofFile}/destinations/10.0.0.1-8080`;
  const override = { do: 'override', service: 'tcp-192.0.2.1-80', destination: '10.0.0.1-8080', weight: 2 };
  fake.identity = { name: 'op', role: 'operate', services: 'all', by: 'token' };
  t.equal((await ask('PATCH', server, { weight: 1 })).status, 200);
  t.equal((await ask('POST', '/v1/transactions', { changes: [override] })).status, 200);
  for (const [method, url, payload] of [
    ['PATCH', server, { declared: { weight: 1 } }],
    ['POST', '/v1/services', web],
    ['POST', '/v1/transactions', { changes: [override, { do: 'put-service', service: web }] }],
    ['POST', '/v1/transactions?dryRun=true', { changes: [{ do: 'delete-service', id: 'tcp-192.0.2.9-80' }] }],
    ['POST', `${server}/drain`, { withinSeconds: 1, then: 'remove' }],
    ['POST', '/v1/history/0/rollback', undefined],
  ] as const)
    t.match((await ask(method, url, payload)).body, { status: 403, code: 'API_FORBIDDEN' }, `${method} ${url}`);

  fake.identity = { name: 'web', role: 'admin', services: ['tcp-192.0.2.9-*'], by: 'token' };
  t.equal((await ask('PATCH', server, { weight: 1 })).status, 403);
  t.equal((await ask('POST', '/v1/services', { ...web, address: '192.0.2.8' })).status, 403);
  t.equal((await ask('POST', '/v1/services', web)).status, 201);
  t.equal((await ask('POST', '/v1/transactions', { changes: [override] })).status, 403);
  t.equal(
    (await ask('POST', '/v1/transactions', { changes: [{ do: 'delete-service', id: 'tcp-192.0.2.9-80' }] })).status,
    200,
  );
});
