import type { JsonSchemaToTsProvider } from '@fastify/type-provider-json-schema-to-ts';
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';

declare module 'fastify' {
  /** What the OpenAPI document says of a route beside its schemas. */
  interface FastifySchema {
    readonly operationId?: string;
    readonly summary?: string;
    /** Media types of a success beside JSON, for who asks for them (`accept`). */
    readonly alsoAnswers?: readonly string[];
  }
}

/** What bodies are, in both directions. */
export const JSON_TYPE = 'application/json';
export const MERGE_PATCH_TYPE = 'application/merge-patch+json';

type Immutable<T> = T extends readonly unknown[] | object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/** The type that a schema describes. A port answers with it, so what is answered is what is documented. */
export type Document<Schema> = Immutable<(JsonSchemaToTsProvider & { readonly schema: Schema })['validator']>;

/** The schema is the type of what comes and of what goes; what goes may be readonly. */
interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: Document<this['schema']>;
  readonly serializer: Document<this['schema']>;
}

/** A server whose handlers have the types of their schemas. */
export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, SchemaTypes>;

/** Objects of exactly these members, all of them. */
export const object = <const Properties extends Readonly<Record<string, unknown>>>(properties: Properties) =>
  ({
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties) as readonly (keyof Properties & string)[],
    properties,
  }) as const;

/** Objects of no other members; those that are not `required` may be absent. */
export const partial = <
  const Properties extends Readonly<Record<string, unknown>>,
  const Required extends readonly (keyof Properties & string)[] = readonly [],
>(
  properties: Properties,
  ...required: Required
) => ({ type: 'object', additionalProperties: false, required, properties }) as const;

/** An object, or null. */
export const orNull = <const Schema extends { readonly type: 'object' }>({ type: _type, ...rest }: Schema) =>
  ({ ...rest, type: ['object', 'null'] }) as const;

/** Texts by texts. */
export const textMap = { type: 'object', additionalProperties: { type: 'string' } } as const;

export const text = { type: 'string' } as const;
export const textOrNull = { type: ['string', 'null'] } as const;
export const flag = { type: 'boolean' } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const countOrNull = { type: ['integer', 'null'], minimum: 0 } as const;
/** May be a fraction. */
export const milliseconds = { type: 'number', minimum: 0 } as const;
export const millisecondsOrNull = { type: ['number', 'null'], minimum: 0 } as const;
export const texts = { type: 'array', items: text } as const;
export const family = { type: 'string', enum: ['ip4', 'ip6'] } as const;

export const listOf = <const Items>(items: Items) => ({ type: 'array', items }) as const;
