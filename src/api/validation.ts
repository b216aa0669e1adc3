import { Ajv, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';

/**
 * What is not in a schema is refused, and nothing is mended for who asks. A schema is compiled when the first request comes for it: all of them at
 * once would hold a start for half a second.
 */
export function validatorsOnDemand(): FastifySchemaCompiler<object> {
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    verbose: true,
    discriminator: true,
    // it costs more than it saves before some millions of requests
    code: { optimize: false },
  });
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
