import type { Plain } from './json-schema.js';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Plain;
}

/** An operation of an OpenAPI document. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly schema: Plain; readonly types: readonly string[]; readonly required: boolean } | undefined;
  /** By status. */
  readonly answers: ReadonlyMap<string, Plain>;
}

type Content = Readonly<Record<string, { readonly schema: Plain }>>;

export function operationsOf(document: Plain): readonly Operation[] {
  return Object.entries(document['paths'] as Readonly<Record<string, Plain>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, said]) => {
      const { parameters = [], requestBody, responses, operationId, summary } = said as Plain;
      const body = requestBody as { readonly content: Content; readonly required: boolean } | undefined;
      const answers = Object.entries(responses as Readonly<Record<string, { readonly content?: Content }>>);
      return {
        method: method.toUpperCase(),
        path,
        operationId: String(operationId),
        summary: String(summary),
        parameters: parameters as readonly Parameter[],
        body: body && {
          schema: Object.values(body.content)[0]!.schema,
          types: Object.keys(body.content),
          required: body.required,
        },
        answers: new Map(
          answers.flatMap(([status, { content }]) =>
            content === undefined ? [] : [[status, Object.values(content)[0]!.schema] as const],
          ),
        ),
      };
    }),
  );
}

/** `/v1/services/{service}` with these in their places; `x` where there is none. */
export const pathOf = (path: string, words: Readonly<Record<string, string>>): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(words[name] ?? 'x'));
