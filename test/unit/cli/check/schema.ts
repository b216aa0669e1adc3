/** The part of JSON Schema (2020-12) that docs/check.md uses; another word is a mistake of the manual. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minimum?: number;
}

const KNOWN = new Set([
  '$schema',
  'title',
  'description',
  'type',
  'enum',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'minimum',
]);

const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

/** Where a value does not fit, as paths with a reason; empty if it fits. */
export function conforms(value: unknown, schema: object, path = '$'): readonly string[] {
  const unknown = Object.keys(schema).filter((word) => !KNOWN.has(word));
  if (unknown.length > 0) throw new Error(`${path}: ${unknown.join(', ')}`);
  const {
    type,
    enum: choices,
    properties = {},
    required = [],
    additionalProperties = true,
    items,
    minimum,
  } = schema as Schema;
  const found = typeOf(value);
  if (type !== undefined && ![type].flat().includes(found)) return [`${path} is ${found}`];
  const wrong: string[] = [];
  if (choices !== undefined && !choices.includes(value)) wrong.push(`${path} is ${JSON.stringify(value)}`);
  if (minimum !== undefined && typeof value === 'number' && value < minimum) wrong.push(`${path} is ${value}`);
  if (Array.isArray(value) && items !== undefined)
    wrong.push(...value.flatMap((one, i) => conforms(one, items, `${path}[${i}]`)));
  if (found === 'object') {
    const given = value as Readonly<Record<string, unknown>>;
    wrong.push(...required.filter((key) => !(key in given)).map((key) => `${path} lacks ${key}`));
    for (const [key, inside] of Object.entries(given)) {
      const known = properties[key];
      if (known !== undefined) wrong.push(...conforms(inside, known, `${path}.${key}`));
      else if (!additionalProperties) wrong.push(`${path}.${key} is not known`);
    }
  }
  return wrong;
}
