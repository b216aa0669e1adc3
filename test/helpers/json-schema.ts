import { createRequire } from 'node:module';

export type Plain = Readonly<Record<string, unknown>>;

interface Validator {
  (value: unknown): boolean;
  readonly errors?: readonly unknown[] | null;
}
interface Ajv {
  compile(schema: object): Validator;
  addSchema(schema: object, key: string): unknown;
}

/** The ajv that fastify validates with, for the dialect of OpenAPI 3.1. */
const fromFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));
const fromCompiler = createRequire(fromFastify.resolve('@fastify/ajv-compiler'));
const { Ajv2020 } = fromCompiler('ajv/dist/2020') as { readonly Ajv2020: new (options: object) => Ajv };

/** Validators of what an OpenAPI document calls by `$ref`. */
export class Schemas {
  readonly #ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  readonly #validators = new Map<string, Validator>();

  constructor({ components }: Plain) {
    const { schemas } = components as Plain;
    this.#ajv.addSchema({ $id: 'openapi', $defs: JSON.parse(located(schemas)) as unknown }, 'openapi');
  }

  /** What is wrong with it; nothing: []. @throws if it is no schema */
  misfits(schema: unknown, value: unknown): readonly unknown[] {
    const text = located(schema);
    const validate = this.#validators.get(text) ?? this.#ajv.compile(JSON.parse(text) as object);
    this.#validators.set(text, validate);
    return validate(value) ? [] : (validate.errors ?? []);
  }
}

/** With references that mean the same from anywhere. */
const located = (schema: unknown): string =>
  JSON.stringify(schema).replaceAll('"#/components/schemas/', '"openapi#/$defs/');

/** The same, but objects have no members that are not named. */
export function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { properties, ...rest } = schema as Plain;
  const inner = Object.fromEntries(Object.entries(rest).map(([word, value]) => [word, closed(value)]));
  if (typeof properties !== 'object' || properties === null) return inner;
  const members = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, closed(value)]));
  return { additionalProperties: false, ...inner, properties: members };
}
