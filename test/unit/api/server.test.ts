/** What holds for all routes: methods, bodies, paths, and how a refusal looks. */
import type { InjectOptions } from 'fastify';
import t, { type Test } from 'tap';
import type { Problem } from '../../../src/api/problem.js';
import { FakeApi } from '../../helpers/fake-api.js';

async function opened(t: Test): Promise<FakeApi> {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  return fake;
}

const destination = '/v1/services/tcp-192.0.2.1-80/destinations/10.0.0.1-8080';

/** Refused with this status and code, and nothing was changed. */
async function refused(t: Test, fake: FakeApi, sent: InjectOptions, status: number, code: string): Promise<Problem> {
  const answer = await fake.api.inject(sent);
  const problem = answer.json<Problem>();
  t.equal(answer.statusCode, status, JSON.stringify(problem));
  t.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  t.match(problem, { status, code, type: `urn:problem-type:lvsd:${code}`, title: String, detail: String });
  t.notMatch(answer.body, /node_modules|\.js:\d/, 'no stack');
  t.same([fake.changes, fake.declared.history()], [[], []]);
  return problem;
}

t.test('what is no route', async (t) => {
  const fake = await opened(t);
  const unknown = [
    '/',
    '/v1',
    '/v1/',
    '/v1/service',

    '//v1/services',
    '/V1/services',
    '/v1/../v1/status/',
  ];
  for (const url of unknown) await refused(t, fake, { url }, 404, 'API_NO_ROUTE');
  await refused(
    t,
    fake,
    { url: '/v2', method: 'POST', payload: '{', headers: { 'content-type': 'x/y' } },
    404,
    'API_NO_ROUTE',
  );
});

t.test('paths that want to be something else', async (t) => {
  const fake = await opened(t);
  for (const id of ['%00', '__proto__', 'constructor', 'tcp-192.0.2.1-080', 'TCP-192.0.2.1-80', '%F0%9F%98%80'])
    await refused(t, fake, { url: `/v1/services/${id}` }, 404, 'API_NO_SERVICE');
  await refused(t, fake, { url: '/v1/services/%zz' }, 400, 'API_REQUEST');
  await refused(t, fake, { url: '/v1/services/%2e%2e%2fetc%2fpasswd' }, 404, 'API_NO_SERVICE');
  await refused(t, fake, { url: `/v1/services/${'x'.repeat(5000)}` }, 400, 'API_REQUEST');
});

t.test('methods: HEAD and OPTIONS are answered, others are told which there are', async (t) => {
  const fake = await opened(t);
  const head = await fake.api.inject({ method: 'HEAD', url: '/v1/services' });
  t.equal(head.statusCode, 200);
  t.equal(head.body, '');
  const options = await fake.api.inject({ method: 'OPTIONS', url: destination });
  t.equal(options.statusCode, 204);
  t.equal(options.headers['allow'], 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT');
  for (const method of ['POST', 'TRACE', 'PROPFIND'] as const) {
    const answer = await fake.api.inject({ method: method as 'PUT', url: destination, payload: '{' });
    t.equal(answer.statusCode, 405, method);
    t.equal(answer.headers['allow'], 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT');
    t.match(answer.json(), { code: 'API_METHOD' });
  }
  const reload = await fake.api.inject({ url: '/v1/configuration/reload' });
  t.equal(reload.headers['allow'], 'OPTIONS, POST');
});

t.test('bodies: unknown members, wrong types, what is no JSON, what is too large', async (t) => {
  const fake = await opened(t);
  const patch = (payload: unknown): InjectOptions => ({
    method: 'PATCH',
    url: destination,
    payload: payload as object,
  });
  const typo = await refused(t, fake, patch({ weight: 1, wieght: 5 }), 400, 'API_REQUEST');
  t.same(typo.errors, [{ at: '/body', detail: "'wieght' is unknown; did you mean 'weight'?" }]);
  for (const weight of ['7', true, [], {}, 1.5, -1, 2 ** 31])
    t.match((await refused(t, fake, patch({ weight }), 400, 'API_REQUEST')).errors, [{ at: '/body/weight' }]);
  for (const body of [{}, [], [{ weight: 1 }]]) await refused(t, fake, patch(body), 400, 'API_REQUEST');
  const raw = (payload: string, type = 'application/json'): InjectOptions => ({
    method: 'PATCH',
    url: destination,
    payload,
    headers: { 'content-type': type },
  });
  for (const text of [
    '',
    '{',
    'null',
    '5',
    '"weight"',
    '{"weight":1}x',
    '{"__proto__":{"weight":1}}',
    '{"weight":NaN}',
  ])
    await refused(t, fake, raw(text), 400, 'API_REQUEST');
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'x', 'application/json-patch+json'])
    await refused(t, fake, raw('{"weight":1}', type), 415, 'API_MEDIA_TYPE');
  await refused(t, fake, raw(`{"weight":1,"x":"${'x'.repeat(70_000)}"}`), 413, 'API_TOO_LARGE');
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`x${i}`, i]));
  t.equal((await refused(t, fake, patch(many), 400, 'API_REQUEST')).errors?.length, 20);
  await refused(
    t,
    fake,
    { method: 'POST', url: '/v1/configuration/reload', payload: { force: true } },
    400,
    'API_REQUEST',
  );
});

t.test('queries: unknown words, numbers that are none, words that are said twice', async (t) => {
  const fake = await opened(t);
  for (const query of [
    'limti=1',
    'limit=0',
    'limit=100001',
    'limit=1e2',
    'limit=+5',
    'limit=05',
    'limit=',
    'limit=5&limit=6',
    'port=65536',
    'port=-1',
    '__proto__=1',
  ])
    await refused(t, fake, { url: `/v1/services?${query}` }, 400, 'API_REQUEST');
  for (const cursor of ['x', '', 'AAAA', Buffer.from('-1 x').toString('base64url')])
    await refused(t, fake, { url: `/v1/services?cursor=${cursor}` }, 400, 'API_REQUEST');
});

t.test('what fails beneath: the sentence of what is known, and nothing of what is not', async (t) => {
  const fake = await opened(t);
  fake.trouble = new Error('secret in /etc/shadow');
  const failed = await fake.api.inject({ url: '/v1/pair' });
  t.equal(failed.statusCode, 500);
  t.match(failed.json(), { code: 'API_FAILED' });
  t.notMatch(failed.body, /secret/);
  t.match(fake.log.named('api.failed'), [{ method: 'GET', path: '/v1/pair', reason: /secret/, stack: /secret/ }]);
});

t.test('what changes something is in the log, with what became of it', async (t) => {
  const fake = await opened(t);
  await fake.api.inject({ url: '/v1/status' });
  await fake.api.inject({ method: 'PATCH', url: `${destination}?x=1`, payload: { weight: 0 } });
  await fake.api.inject({ method: 'PATCH', url: destination, payload: { weight: 0 } });
  t.match(fake.log.named('api.asked'), [
    { method: 'PATCH', path: destination, status: 400 },
    { method: 'PATCH', path: destination, status: 200 },
  ]);
});
