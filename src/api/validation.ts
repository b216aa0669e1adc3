import { Ajv, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';

/** What is not in a schema is refused, and nothing is mended for who asks. */
export const newAjv = (): Ajv =>
  new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    verbose: true,
    discriminator: true,
    // it costs more than it saves before some millions of requests
    code: { optimize: false },
  });

/** Compiles what a request is compared with when the first one comes: all of them at once would hold a start for half a second. */
export function validatorsOnDemand(): FastifySchemaCompiler<object> {
  const ajv = newAjv();
  return ({ schema }) => {
    let compiled: ValidateFunction | undefined;
    const validate: ReturnType<FastifySchemaCompiler<object>> = (document: unknown) => {
      compiled ??= ajv.compile(schema);
      const isValid = compiled(document);
      validate.errors = compiled.errors ?? null;
      return isValid;
    };
    return validate;
  };
}
