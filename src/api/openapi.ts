import type { FastifySchema } from 'fastify';
import { problem, PROBLEM_TYPE } from './problem.js';
import { type Api, JSON_TYPE, MERGE_PATCH_TYPE } from './schema.js';

/** A route as it was registered. */
export interface Route {
  readonly method: string;
  readonly url: string;
  readonly schema: FastifySchema;
}

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The OpenAPI 3.1 document of these routes, out of the schemas that validate them. Pure. */
export function openapi(routes: readonly Route[], version: string): Plain {
  const shared = new Shared();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, url, schema } of routes) {
    const path = url.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[method.toLowerCase()] = operationOf(method, schema, shared);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'lvsd',
      version,
      description:
        'The director of a Linux Virtual Server. Objects that are answered may get more members; those that are sent have no others.',
    },
    paths,
    components: { schemas: shared.schemas },
  };
}

function operationOf(method: string, schema: FastifySchema, shared: Shared): Plain {
  const { operationId, summary, body, response, alsoAnswers = [] } = schema;
  const headers = propertiesOf(schema.headers);
  const isTagged = 'if-match' in headers || 'if-none-match' in headers;
  const etag = !isTagged ? {} : { headers: { ETag: { schema: { type: 'string' } } } };
  const answers = Object.entries((response ?? {}) as Plain).map(([status, document]) => [
    status,
    {
      description: summary,
      content: {
        [JSON_TYPE]: { schema: shared.answer(document) },
        ...Object.fromEntries(alsoAnswers.map((type) => [type, { schema: { type: 'string' } }])),
      },
      ...etag,
    },
  ]);
  const parameters = [
    ...parametersOf('path', schema.params),
    ...parametersOf('query', schema.querystring),
    ...parametersOf('header', schema.headers),
  ];
  return {
    operationId,
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(method, body) }),
    responses: {
      ...Object.fromEntries(answers),
      ...('if-none-match' in headers ? { 304: { description: 'it is as the client has it' } } : {}),
      default: {
        description: 'why not',
        content: { [PROBLEM_TYPE.split(';', 1)[0]!]: { schema: shared.answer(problem) } },
      },
    },
  };
}

const propertiesOf = (schema: unknown): Plain =>
  isPlain(schema) && isPlain(schema['properties']) ? schema['properties'] : {};

function parametersOf(where: 'path' | 'query' | 'header', schema: unknown): readonly Plain[] {
  const required =
    isPlain(schema) && Array.isArray(schema['required']) ? (schema['required'] as readonly unknown[]) : [];
  return Object.entries(propertiesOf(schema)).map(([name, one]) => {
    const { description, ...rest } = one as Plain;
    return {
      name,
      in: where,
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** A body that may be left out is null to its schema. */
function requestBodyOf(method: string, body: unknown): Plain {
  const { schema, isNullable } = withoutNull(told(body) as Plain);
  const types = method === 'PATCH' ? [JSON_TYPE, MERGE_PATCH_TYPE] : [JSON_TYPE];
  return { required: !isNullable, content: Object.fromEntries(types.map((type) => [type, { schema }])) };
}

/** For ajv alone, which says by it what is wrong with a choice: OpenAPI would take the names of schemas for its values. */
function told(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(told);
  if (!isPlain(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([word, value]) => (word === 'discriminator' ? [] : [[word, told(value)]])),
  );
}

function withoutNull(schema: Plain): { readonly schema: Plain; readonly isNullable: boolean } {
  const { type } = schema;
  const isNullable = Array.isArray(type) && type.includes('null') && type.includes('object');
  return { schema: isNullable ? { ...schema, type: 'object' } : schema, isNullable };
}

/** Schemas that have a title stand once, under it. */
class Shared {
  readonly schemas: Record<string, unknown> = {};

  /** Of what is answered. Whoever reads it ignores members that he does not know: there may be more of them tomorrow. */
  answer(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((one) => this.answer(one));
    if (!isPlain(schema)) return schema;
    const { title, description } = schema;
    if (typeof title !== 'string') return this.#open(schema);
    const { schema: one, isNullable } = withoutNull(schema);
    this.schemas[title] ??= this.#open(without(one, 'description'));
    const ref = { $ref: `#/components/schemas/${title}` };
    const said = description === undefined ? {} : { description };
    return isNullable ? { anyOf: [ref, { type: 'null' }], ...said } : { ...ref, ...said };
  }

  #open(schema: Plain): Plain {
    const members = Object.entries(schema).filter(
      ([word, value]) => word !== 'discriminator' && (word !== 'additionalProperties' || value !== false),
    );
    return Object.fromEntries(
      members.map(([word, value]) => [word, word === 'properties' ? this.#each(value) : this.answer(value)]),
    );
  }

  /** `properties` is a map of schemas, whatever they are called. */
  #each(properties: unknown): Plain {
    return Object.fromEntries(Object.entries(properties as Plain).map(([name, one]) => [name, this.answer(one)]));
  }
}

const without = (schema: Plain, word: string): Plain =>
  Object.fromEntries(Object.entries(schema).filter(([name]) => name !== word));

const read = {
  operationId: 'readOpenapi',
  summary: 'This document',
  response: { 200: { type: 'object' } },
} as const;

/** Serves the document of all routes, its own too; `routes` are complete when it is asked for. */
export function openapiRoutes(api: Api, routes: readonly Route[], version: string): void {
  let document: Plain | undefined;
  api.get('/v1/openapi.json', { schema: read }, () => (document ??= openapi(routes, version)));
}
