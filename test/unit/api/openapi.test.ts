/** The OpenAPI document: of all routes, well-formed, and what is answered is what it says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { FakeApi } from '../../helpers/fake-api.js';
import { operationsOf, pathOf } from '../../helpers/api-operations.js';
import { closed, type Plain, Schemas } from '../../helpers/json-schema.js';

const fake = await FakeApi.open();
t.teardown(() => fake.close());
const document = (await fake.api.inject('/v1/openapi.json')).json<Plain>();
const operations = operationsOf(document);
const schemas = new Schemas(closed(document) as Plain);

t.test('has the routes of the source, and no others', (t) => {
  const folder = fileURLToPath(new URL('../../../../src/api/', import.meta.url));
  const written = readdirSync(folder).flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8').replaceAll(/^\s*(\/\*\*|\*|\/\/).*$/gm, '');
    return [...text.matchAll(/'(\/v1\/[^']*)'/g)].map(([, path = '']) => path.replaceAll(/:(\w+)/g, '{$1}'));
  });
  t.same([...new Set(operations.map(({ path }) => path))].sort(), [...new Set(written)].sort());
  t.end();
});

t.test('the methods of a path are those that it says it takes', async (t) => {
  for (const { path } of operations) {
    const allow = String((await fake.api.inject({ method: 'OPTIONS', url: pathOf(path, {}) })).headers['allow']);
    const methods = operations.filter((one) => one.path === path).map(({ method }) => method);
    const more = methods.includes('GET') ? ['HEAD', 'OPTIONS'] : ['OPTIONS'];
    t.same(allow.split(', '), [...methods, ...more].sort(), path);
  }
});

t.test('is OpenAPI 3.1 by its own schema', async (t) => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  t.ok(valid, JSON.stringify(errors));
});

t.test('is well-formed', (t) => {
  t.equal(document['openapi'], '3.1.0');
  t.match(document['info'], { title: 'lvsd', version: '1.2.3' });
  const ids = operations.map(({ operationId }) => operationId);
  t.same([...new Set(ids)], ids, 'each operation has a name of its own');
  for (const { operationId, summary, path, parameters, answers, body } of operations) {
    t.match(summary, /^[A-Z]/, operationId);
    const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
    t.same(inPath.sort(), [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(), `${operationId}: path`);
    t.ok(inPath.length === 0 || parameters.every((one) => one.in !== 'path' || one.required), operationId);
    t.ok(answers.size > 0, `${operationId} has an answer`);
    for (const schema of [...answers.values(), ...parameters.map((one) => one.schema), ...(body ? [body.schema] : [])])
      t.doesNotThrow(() => schemas.misfits(schema, null), operationId);
  }
  t.end();
});

/** Every change, in an order in which each can be made. */
const web = 'tcp-192.0.2.9-80';
const udp = { service: 'udp-2001:db8::1-53', destination: '2001:db8:1::1-53' };
const override = { do: 'override', ...udp, weight: 3 };
const made: readonly (readonly [string, Readonly<Record<string, string>>, object?])[] = [
  ['createService', {}, { by: 'address', protocol: 'tcp', address: '192.0.2.8', port: 80 }],
  ['putService', { service: web }, {}],
  ['patchService', { service: web }, { scheduler: 'rr' }],
  ['createDestination', { service: web }, { address: '10.0.1.1', port: 80 }],
  ['putDestination', { service: web, destination: '10.0.1.2-80' }, {}],
  ['patchDestination', { service: web, destination: '10.0.1.2-80' }, { weight: 4 }],
  ['deleteDestination', { service: web, destination: '10.0.1.2-80' }],
  ['deleteService', { service: web }],
  ['drainDestination', udp, { withinSeconds: 60 }],
  ['cancelDrain', {}],
  ['commitTransaction', {}, { changes: [override], confirmWithinSeconds: 60, comment: 'c' }],
  ['confirmTransaction', {}],
  ['rollBackLast', {}],
  ['rollBackTo', { revision: '1' }],
  ['failover', {}],
  ['reload', {}],
];

t.test('what is answered is what it says, and nothing more', async (t) => {
  const changes = operations.filter(({ method }) => method !== 'GET').map(({ operationId }) => operationId);
  t.same(changes.sort(), made.map(([operationId]) => operationId).sort(), 'none is left out');
  let drain = '';
  const ask = async (operationId: string, words: Readonly<Record<string, string>>, payload?: object): Promise<void> => {
    const { method, path, answers } = operations.find((one) => one.operationId === operationId)!;
    const url = pathOf(path, { drain, ...words });
    const answer = await fake.api.inject({ method: method as 'GET', url, ...(payload && { payload }) });
    t.ok(answer.statusCode < 300, `${operationId}: ${answer.statusCode} ${answer.body.slice(0, 300)}`);
    if (!String(answer.headers['content-type']).startsWith('application/json')) return;
    const body = answer.json<Plain>();
    t.same(schemas.misfits(closed(answers.get(String(answer.statusCode))), body), [], operationId);
    if (operationId === 'drainDestination') drain = String(body['id']);
  };
  for (const [operationId, words, payload] of made) await ask(operationId, words, payload);
  const known = { service: 'tcp-192.0.2.1-80', destination: '10.0.0.1-8080' };
  for (const { method, operationId } of operations) if (method === 'GET') await ask(operationId, known);
});
