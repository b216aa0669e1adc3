/** Who may ask what: roles, grants, pages of other sites. A small API of its own, asked without a socket. */
import fastify, { type InjectOptions } from 'fastify';
import * as fc from 'fast-check';
import t, { type Test } from 'tap';
import { guard, type Identity, identityRoutes, mustTouch } from '../../../src/api/access.js';
import { type Audit, auditChanges, type AuditEntry, rememberCode } from '../../../src/api/audit.js';
import { problemOf } from '../../../src/api/problem.js';
import type { Api } from '../../../src/api/schema.js';
import { LvsError } from '../../../src/errors.js';
import { type Role, roles } from '../../../src/model/role.js';

const someone: Identity = { name: 'anna', role: 'admin', services: 'all', by: 'token' };

class Asked {
  who: Identity | LvsError = someone;
  readonly api: Api = fastify().withTypeProvider();
  readonly done: string[] = [];
  readonly noted: AuditEntry[] = [];

  constructor() {
    const { api } = this;
    api.setErrorHandler((error, _request, reply) => {
      const problem = problemOf(error);
      rememberCode(reply, problem.code);
      void reply.code(problem.status).send(problem);
    });
    const identify = (): Identity => {
      if (this.who instanceof LvsError) throw this.who;
      return this.who;
    };
    const access = { identify, passBy: () => undefined, from: () => '192.0.2.7 port 5' };
    guard(api, access);
    const audit: Audit = { note: (entry) => void this.noted.push(entry) };
    auditChanges(api, access, audit);
    identityRoutes(api);
    const change = ({ method, url }: { readonly method: string; readonly url: string }): object => {
      this.done.push(`${method} ${url}`);
      return {};
    };
    api.get('/look', () => ({}));
    api.get('/page', { config: { needs: 'nothing' } }, () => ({}));
    api.get('/secret', { config: { needs: 'admin' } }, () => ({}));
    api.post('/declare', change);
    api.post('/failover', { config: { needs: 'operate' } }, change);
    api.patch('/services/:service/weight', { config: { needs: 'operate' } }, change);
    api.get('/services/:service', () => ({}));
    api.post('/transactions', { config: { grants: 'checked-by-handler' } }, (request) => {
      for (const service of request.body as readonly string[]) mustTouch(request, service);
      return change(request);
    });
  }

  async status(sent: InjectOptions): Promise<number> {
    return (await this.api.inject(sent)).statusCode;
  }
}

function asked(t: Test): Asked {
  const one = new Asked();
  t.teardown(() => one.api.close());
  return one;
}

const requests: readonly (readonly [method: 'GET' | 'POST' | 'PATCH', url: string, needs: Role])[] = [
  ['GET', '/look', 'read'],
  ['GET', '/v1/identity', 'read'],
  ['GET', '/nothing-there', 'read'],
  ['GET', '/secret', 'admin'],
  ['POST', '/declare', 'admin'],
  ['POST', '/failover', 'operate'],
  ['PATCH', '/services/tcp-1.2.3.4-80/weight', 'operate'],
];

t.test('each role may what those before it may, and no more', async (t) => {
  const one = asked(t);
  for (const role of roles)
    for (const [method, url, needs] of requests) {
      one.who = { ...someone, role };
      const may = roles.indexOf(role) >= roles.indexOf(needs);
      const status = await one.status({ method, url });
      t.equal(status, may ? (url === '/nothing-there' ? 404 : 200) : 403, `${role}: ${method} ${url}`);
    }
  t.same(one.done.length, 1 + 4, 'what was refused was not done: operate two, admin three');
});

t.test('nobody: 401 and how to be somebody, whatever the path; but for what needs nothing', async (t) => {
  const one = asked(t);
  one.who = new LvsError('API_UNAUTHENTICATED', ['nobody has this token']);
  for (const [method, url] of requests) {
    const answer = await one.api.inject({ method, url });
    t.equal(answer.statusCode, 401, `${method} ${url}`);
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="lvsd"');
    t.match(answer.json(), { code: 'API_UNAUTHENTICATED', detail: 'it is not known who asks: nobody has this token' });
  }
  t.equal(await one.status({ url: '/page' }), 200);
  t.same(one.done, []);
});

t.test('who is asked who he is, is told', async (t) => {
  const one = asked(t);
  t.same((await one.api.inject('/v1/identity')).json(), someone);
  one.who = { ...someone, services: ['tcp-1.2.3.4-80'] };
  t.match((await one.api.inject('/v1/identity')).json(), { services: ['tcp-1.2.3.4-80'] });
});

t.test('grants bound what is changed: one service, some, or the handler asks for each', async (t) => {
  const one = asked(t);
  one.who = { ...someone, services: ['tcp-1.2.3.4-80', 'udp-*'] };
  const weight = (service: string): Promise<number> =>
    one.status({ method: 'PATCH', url: `/services/${service}/weight` });
  t.same(await Promise.all(['tcp-1.2.3.4-80', 'udp-1.2.3.4-53', 'udp-'].map(weight)), [200, 200, 200]);
  t.same(
    await Promise.all(
      ['tcp-1.2.3.4-8', 'tcp-1.2.3.4-800', 'tcp-1.2.3.4-443', 'xudp-1', 'UDP-1', 'tcp-1.2.3.4-80%2Fx'].map(weight),
    ),
    [403, 403, 403, 403, 403, 403],
  );
  t.equal(await weight('%75dp-1.2.3.4-53'), 200, 'as it is decoded');
  t.equal(await one.status({ url: '/services/tcp-9.9.9.9-1' }), 200, 'he may look at all');
  t.equal(await one.status({ method: 'POST', url: '/declare' }), 403, 'a change that is of no service');
  t.equal(await one.status({ method: 'POST', url: '/failover' }), 403);
  const transaction = (...services: readonly string[]): Promise<number> =>
    one.status({ method: 'POST', url: '/transactions', payload: [...services] });
  t.equal(await transaction('tcp-1.2.3.4-80', 'udp-x'), 200);
  t.equal(await transaction('tcp-1.2.3.4-80', 'tcp-x'), 403);
});

t.test('a grant fits exactly what it says', async (t) => {
  const one = asked(t);
  const id = fc.string({ unit: fc.constantFrom(...'abt-.'), maxLength: 4 }).map((text) => `t${text}`);
  const grant = fc.tuple(id, fc.constantFrom('', '*')).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(fc.array(grant, { maxLength: 3 }), id, async (services, service) => {
      one.who = { ...someone, services };
      const fits = services.some((said) => {
        const pattern = said.replaceAll(/[.-]/g, '\\$&').replace('*', '.*');
        return new RegExp(`^${pattern}$`).test(service);
      });
      t.equal(await one.status({ method: 'PATCH', url: `/services/${service}/weight` }), fits ? 200 : 403);
    }),
    {
      numRuns: 300,
      examples: [
        [['ta.b'], 'ta-b'],
        [['*'], 'ta'],
      ],
    },
  );
});

const foreign: readonly (readonly [name: string, by: Identity['by'], headers: Readonly<Record<string, string>>])[] = [
  ['another site', 'certificate', { host: 'lb.example:8443', 'sec-fetch-site': 'cross-site' }],
  ['another name of the site', 'certificate', { host: 'lb.example:8443', 'sec-fetch-site': 'same-site' }],
  ['an old browser', 'certificate', { host: 'lb.example:8443', origin: 'https://evil.example' }],
  ['another port', 'certificate', { host: 'lb.example:8443', origin: 'https://lb.example' }],
  ['a page without origin', 'token', { host: 'lb.example:8443', origin: 'null' }],
  ['through a forwarded socket', 'socket', { host: 'localhost:8080', origin: 'http://evil.example' }],
  ['a name that was made to lead here', 'socket', { host: 'evil.example:8080' }],
  ['… and that says it is its own', 'socket', { host: 'evil.example', origin: 'http://evil.example' }],
  ['an address', 'socket', { host: '192.0.2.1' }],
  ['something like ours', 'socket', { host: 'localhost.evil.example' }],
  ['something like an address of ours', 'socket', { host: '127.0.0.1.evil.example' }],
];
for (const [name, by, headers] of foreign)
  t.test(`what a foreign page wants is not done: ${name}`, async (t) => {
    const one = asked(t);
    one.who = { ...someone, by };
    for (const method of ['POST', 'GET'] as const) {
      const answer = await one.api.inject({ method, url: method === 'GET' ? '/look' : '/failover', headers });
      t.equal(answer.statusCode, 403);
      t.match(answer.json(), { code: 'API_ORIGIN' });
    }
    t.same(one.done, []);
  });

t.test('our own page may, and who is no browser', async (t) => {
  const one = asked(t);
  const own: readonly (readonly [Identity['by'], Readonly<Record<string, string>>])[] = [
    ['certificate', { host: 'lb.example:8443', origin: 'https://lb.example:8443', 'sec-fetch-site': 'same-origin' }],
    ['token', { host: '192.0.2.1:8443' }],
    ['certificate', { host: 'lb.example', 'sec-fetch-site': 'none' }],
    ...['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'lvs', ''].map(
      (host) => ['socket', { host }] as const,
    ),
  ];
  for (const [by, headers] of own) {
    one.who = { ...someone, by };
    t.equal(await one.status({ method: 'POST', url: '/failover', headers }), 200, JSON.stringify(headers));
  }
});

t.test('what is noted: changes, and what was refused for who it was; not what is only read', async (t) => {
  const one = asked(t);
  await one.status({ url: '/look' });
  await one.status({ url: '/nothing-there' });
  await one.status({ method: 'POST', url: '/transactions?dryRun=true', payload: ['x'.repeat(5000)] });
  one.who = { ...someone, role: 'read' };
  await one.status({ method: 'POST', url: '/declare', payload: { a: 1 } });
  one.who = new LvsError('API_UNAUTHENTICATED', ['x']);
  await one.status({ url: '/look' });
  t.match(one.noted, [
    {
      who: 'anna',
      role: 'admin',
      by: 'token',
      from: '192.0.2.7 port 5',
      method: 'POST',
      path: '/transactions',
      query: 'dryRun=true',
      status: 200,
    },
    { who: 'anna', role: 'read', path: '/declare', status: 403, code: 'API_FORBIDDEN' },
    { who: null, role: null, by: null, method: 'GET', path: '/look', status: 401, code: 'API_UNAUTHENTICATED' },
  ]);
  t.equal(one.noted[0]?.body?.length, 4096);
  t.equal(one.noted[1]?.body, undefined, 'the body of who may not is not even read');
});
