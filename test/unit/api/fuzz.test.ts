/** Requests made from the OpenAPI document, right ones and wrong ones: never a 5xx, and nothing changes where something is refused. */
import fc from 'fast-check';
import t from 'tap';
import { type Operation, operationsOf, pathOf } from '../../helpers/api-operations.js';
import { FakeApi } from '../../helpers/fake-api.js';
import { closed, type Plain, Schemas } from '../../helpers/json-schema.js';

const fake = await FakeApi.open();
t.teardown(() => fake.close());
const document = (await fake.api.inject('/v1/openapi.json')).json<Plain>();
const operations = operationsOf(document);
const schemas = new Schemas(closed(document) as Plain);

/** What fits a schema. */
function fitting(schema: Plain, name = ''): fc.Arbitrary<unknown> {
  const { type, enum: words, properties = {}, required = [], items, minimum, maximum } = schema;
  const { oneOf, minItems = 0, exclusiveMinimum } = schema;
  if (Array.isArray(words)) return fc.constantFrom(...(words as readonly unknown[]));
  if (Array.isArray(oneOf)) return fc.oneof(...(oneOf as readonly Plain[]).map((one) => fitting(one)));
  const likely = likelyText[name];
  const types = [type].flat();
  const one = (kind: unknown): fc.Arbitrary<unknown> => {
    switch (kind) {
      case 'integer':
        return fc.oneof(
          fc.integer({ min: Number(minimum ?? 0), max: Math.min(Number(maximum ?? 1e9), 2 ** 31 - 1) }),
          fc.integer({ min: Number(minimum ?? 0), max: Math.min(Number(maximum ?? 100), 100) }),
        );
      case 'number':
        return fc.double({ min: Number(exclusiveMinimum ?? minimum ?? 0), max: Number(maximum ?? 1e6), noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'string':
        return likely === undefined
          ? fc.oneof(fc.string({ maxLength: 50 }), fc.constantFrom('here', 'peer', 'tcp', '192.0.2.1', 'V1'))
          : fc.oneof({ weight: 8, arbitrary: likely }, fc.string({ maxLength: 50 }));
      case 'array':
        return fc.array(fitting(items as Plain, name), { minLength: Number(minItems), maxLength: 5 });
      case 'object':
        return fc.record(
          Object.fromEntries(
            Object.entries(properties as Plain).map(([name, member]) => [name, fitting(member as Plain, name)]),
          ),
          { requiredKeys: required as string[] },
        );
      default:
        return fc.constant(null);
    }
  };
  return fc.oneof(...types.map(one));
}

/** What has a chance to be there, or to be right, by the name of its member. */
const likelyText: Readonly<Record<string, fc.Arbitrary<string>>> = {
  address: fc.constantFrom('192.0.2.1', '192.0.2.9', '10.0.1.1', '10.0.1.2', '2001:db8::1', '2001:DB8:0::7'),
  scheduler: fc.constantFrom('rr', 'wrr', 'wlc', 'sh', 'maglev', 'no'),
  id: fc.constantFrom('tcp-192.0.2.9-80', '10.0.1.1-80', 'udp-2001:db8::1-53'),
  service: fc.constantFrom('tcp-192.0.2.1-80', 'tcp-192.0.2.9-80', 'udp-2001:db8::1-53'),
  destination: fc.constantFrom('10.0.0.1-8080', '2001:db8:1::1-53', '10.0.1.1-80'),
  path: fc.constantFrom('/', '/health'),
};

const anything = fc.oneof(
  fc.jsonValue(),
  fc.record({ weight: fc.jsonValue(), wieght: fc.jsonValue() }, { requiredKeys: [] }),
  fc.record({ to: fc.jsonValue(), routers: fc.jsonValue(), constructor: fc.jsonValue() }, { requiredKeys: [] }),
);

const ids: Readonly<Record<string, fc.Arbitrary<string>>> = {
  service: fc.constantFrom(
    'tcp-192.0.2.1-80',
    'udp-2001:db8::1-53',
    'fwmark-7-ip4',
    'tcp-192.0.2.9-80',
    'udp-192.0.2.9-53',
  ),
  destination: fc.constantFrom(
    '10.0.0.1-8080',
    '10.0.0.2-8080',
    '10.0.0.9-80',
    '2001:db8:1::1-53',
    '10.0.0.3-0',
    '10.0.1.1-80',
  ),
  drain: fc.constantFrom('1', '2', 'd1'),
  revision: fc.constantFrom('0', '1', '2', '3'),
};
const id = (name: string): fc.Arbitrary<string> => fc.oneof({ weight: 4, arbitrary: ids[name]! }, fc.string());
/** One of the file that is there, and one of the API that may be. */
const there = { service: 'tcp-192.0.2.1-80', destination: '10.0.0.1-8080', drain: '1', revision: '0' } as const;
const own = { ...there, service: 'tcp-192.0.2.9-80', destination: '10.0.1.1-80' } as const;

/** Who depends on what the others have left: openapi.test.ts has each of them succeed. */
const isByChance = (operationId: string): boolean =>
  /Drain|^drain|^listConn|Transaction$|^rollBack|^(create|put|patch|delete)(Service|Destination)$/.test(operationId);

/** All that a change would leave behind. */
const state = (): readonly unknown[] => [
  fake.changes.length,
  fake.kernel.writes.length,
  fake.declared.declared(),
  fake.declared.history().length,
  fake.declared.drains(),
];

interface Sent {
  readonly operation: Operation;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | undefined;
}

function requestOf(operation: Operation): fc.Arbitrary<Sent> {
  const { path, parameters, body } = operation;
  const where = (place: string) => parameters.filter((one) => one.in === place);
  const anyWords = fc.record(Object.fromEntries(where('path').map(({ name }) => [name, id(name)])));
  const words = fc.oneof(fc.constantFrom<Readonly<Record<string, string>>>(there, own), anyWords);
  const told = fc.record(
    Object.fromEntries(
      where('query').map(({ name, schema }) => [
        name,
        fc.oneof({ weight: 3, arbitrary: fitting(schema) }, fc.string()),
      ]),
    ),
    { requiredKeys: [] },
  );
  const strange = fc.dictionary(fc.string(), fc.string(), { maxKeys: 1 });
  const query = fc.oneof({ weight: 4, arbitrary: told }, { weight: 2, arbitrary: fc.constant({}) }, strange);
  const header = fc.constantFrom('*', '"x"', 'W/"x"', '', 'x, "y"');
  const anyHeaders = fc.record(Object.fromEntries(where('header').map(({ name }) => [name, header])), {
    requiredKeys: [],
  });
  const headers = fc.oneof(fc.constant<Readonly<Record<string, string>>>({}), anyHeaders);
  const json =
    body === undefined
      ? fc.constant(undefined)
      : fc.oneof(fitting(body.schema), anything).map((value) => JSON.stringify(value));
  const payload = fc.oneof(
    { weight: 6, arbitrary: json },
    { weight: 1, arbitrary: fc.string() },
    { weight: body?.required === true ? 1 : 4, arbitrary: fc.constant(undefined) },
  );
  const type = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...(body?.types ?? ['application/json'])) },
    fc.constantFrom('text/plain', 'application/json;charset=x', 'multipart/form-data', 'application/xml'),
  );
  return fc.record({ words, query, headers, payload, type }).map((made) => ({
    operation,
    url: `${pathOf(path, made.words)}?${new URLSearchParams(made.query as Record<string, string>).toString()}`.replace(
      /\?$/,
      '',
    ),
    headers: {
      ...made.headers,
      ...(made.payload === undefined ? {} : { 'content-type': made.type }),
    },
    payload: made.payload,
  }));
}

t.test('any request is answered as the document says', async (t) => {
  const seen = new Map<string, number>();
  const sent = fc.oneof(...operations.map(requestOf));
  await fc.assert(
    fc.asyncProperty(sent, async ({ operation, url, headers, payload }) => {
      const { method, operationId, answers } = operation;
      const before = state();
      const answer = await fake.api.inject({
        method: method as 'GET',
        url,
        headers: { ...headers },
        ...(payload === undefined || method === 'GET' ? {} : { payload }),
      });
      const { statusCode } = answer;
      const outcome = `${operationId} ${statusCode < 300 ? 'done' : 'refused'}`;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      if (statusCode >= 500) throw new Error(`${statusCode}: ${answer.body}`);
      if (statusCode === 304) return;
      const misfits = schemas.misfits(
        closed(answers.get(statusCode < 300 ? String(statusCode) : 'default')),
        answer.json(),
      );
      if (misfits.length > 0) throw new Error(JSON.stringify([statusCode, misfits, answer.body]));
      const isDry = new URL(url, 'http://lvs').searchParams.get('dryRun') === 'true';
      if (statusCode < 400 && method !== 'GET' && !isDry) return;
      t.same(state(), before, `nothing changed: ${operationId} ${statusCode} ${answer.body.slice(0, 200)}`);
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 1500) },
  );
  for (const { operationId, parameters, body } of operations) {
    t.ok(isByChance(operationId) || (seen.get(`${operationId} done`) ?? 0) > 0, `${operationId}: some are right`);
    if (!isByChance(operationId) && (parameters.length > 0 || body !== undefined))
      t.ok((seen.get(`${operationId} refused`) ?? 0) > 0, `${operationId}: some are wrong`);
  }
});
