/** What a query says is text. Where its schema wants a whole number or a truth value it becomes one; all else stays text, for the schema to refuse. */
export function readNumbers(query: unknown, schema: unknown): void {
  const { properties = {} } = (schema ?? {}) as {
    readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>;
  };
  const words = query as Record<string, unknown>;
  for (const [name, { type }] of Object.entries(properties)) {
    const word = words[name];
    if (type === 'boolean' && (word === 'true' || word === 'false')) words[name] = word === 'true';
    if (type === 'integer' && typeof word === 'string' && WHOLE.test(word)) words[name] = Number(word);
  }
}

/** In the one way that it is written. */
const WHOLE = /^(0|[1-9]\d{0,14})$/;
