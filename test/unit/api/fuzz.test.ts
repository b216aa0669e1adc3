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
function fitting(schema: Plain): fc.Arbitrary<unknown> {
  const { type, enum: words, properties = {}, required = [], items, minimum, maximum } = schema;
  if (Array.isArray(words)) return fc.constantFrom(...(words as readonly unknown[]));
  const types = [type].flat();
  const one = (kind: unknown): fc.Arbitrary<unknown> => {
    switch (kind) {
      case 'integer':
        return fc.integer({ min: Number(minimum ?? 0), max: Math.min(Number(maximum ?? 1e9), 2 ** 31 - 1) });
      case 'string':
        return fc.oneof(fc.string({ maxLength: 50 }), fc.constantFrom('here', 'peer', 'tcp', '192.0.2.1', 'V1'));
      case 'array':
        return fc.array(fitting(items as Plain), { maxLength: 5 });
      case 'object':
        return fc.record(
          Object.fromEntries(
            Object.entries(properties as Plain).map(([name, member]) => [name, fitting(member as Plain)]),
          ),
          { requiredKeys: required as string[] },
        );
      default:
        return fc.constant(null);
    }
  };
  return fc.oneof(...types.map(one));
}

const anything = fc.oneof(
  fc.jsonValue(),
  fc.record({ weight: fc.jsonValue(), wieght: fc.jsonValue() }, { requiredKeys: [] }),
  fc.record({ to: fc.jsonValue(), routers: fc.jsonValue(), constructor: fc.jsonValue() }, { requiredKeys: [] }),
);

const ids: Readonly<Record<string, fc.Arbitrary<string>>> = {
  service: fc.constantFrom('tcp-192.0.2.1-80', 'udp-2001:db8::1-53', 'fwmark-7-ip4'),
  destination: fc.constantFrom('10.0.0.1-8080', '10.0.0.2-8080', '10.0.0.9-80', '2001:db8:1::1-53', '10.0.0.3-0'),
};
const id = (name: string): fc.Arbitrary<string> => fc.oneof({ weight: 4, arbitrary: ids[name]! }, fc.string());
/** One that is there, with a server of its own. */
const there = { service: 'tcp-192.0.2.1-80', destination: '10.0.0.1-8080' } as const;

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
  const words = fc.oneof(fc.constant<Readonly<Record<string, string>>>(there), anyWords);
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
  const query = fc.oneof({ weight: 4, arbitrary: told }, strange);
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
      const before = [fake.changes.length, fake.kernel.writes.length];
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
      const misfits = schemas.misfits(closed(answers.get(statusCode < 300 ? '200' : 'default')), answer.json());
      if (misfits.length > 0) throw new Error(JSON.stringify([statusCode, misfits, answer.body]));
      if (statusCode < 400 && method !== 'GET') return;
      t.same([fake.changes.length, fake.kernel.writes.length], before, 'nothing changed');
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 1500) },
  );
  for (const { operationId, parameters, body } of operations) {
    t.ok((seen.get(`${operationId} done`) ?? 0) > 0, `${operationId}: some are right`);
    if (parameters.length > 0 || body !== undefined)
      t.ok((seen.get(`${operationId} refused`) ?? 0) > 0, `${operationId}: some are wrong`);
  }
});
