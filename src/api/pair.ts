import {
  type Api,
  count,
  countOrNull,
  type Document,
  family,
  listOf,
  milliseconds,
  object,
  orNull,
  partial,
  text,
  textMap,
  textOrNull,
  texts,
} from './schema.js';
import { syncReport } from './sync.js';
import { vrrpReport } from './vrrp.js';

const side = {
  title: 'Director',
  ...object({
    facts: object({
      name: text,
      software: text,
      beatMs: milliseconds,
      routers: listOf(object({ name: text, family, vrid: count, facts: textMap })),
      director: {
        ...orNull(
          partial(
            {
              services: { ...textMap, description: 'fingerprints' },
              maglev: { ...textMap, description: 'fingerprints of the tables that are computed' },
              health: { type: 'object', additionalProperties: { type: 'string', enum: ['up', 'down'] } },
              overrides: { ...textMap, description: 'what operators set beside the file, by server' },
              file: { ...text, description: 'fingerprint of the file, of a director that takes pushes' },
            },
            'services',
            'maglev',
            'health',
          ),
        ),
        description: 'null: its director has told nothing yet',
      },
    }),
    vrrp: vrrpReport,
    connections: countOrNull,
  }),
} as const;

export const pair = {
  title: 'Pair',
  ...object({
    peer: object({ address: text, port: count }),
    state: { type: 'string', enum: ['silent', 'connected', 'refused'] },
    stateForMs: milliseconds,
    why: { ...textOrNull, description: 'of silent and refused' },
    differences: texts,
    ours: side,
    theirs: { ...orNull(side), description: 'null: it does not answer' },
    refused: { ...count, description: 'connections that did not prove the key' },
    sync: {
      ...orNull(
        object({ ours: syncReport, theirs: { ...orNull(syncReport), description: 'null: it does not answer' } }),
      ),
      description: 'null: nothing is kept in step here',
    },
  }),
} as const;

export interface PairView {
  /** @throws LvsError PAIR_NOBODY */
  report(): Promise<Document<typeof pair>>;
}

const read = {
  operationId: 'readPair',
  summary: 'Both directors of the pair beside each other, and what differs',
  response: { 200: pair },
} as const;

export function pairRoutes(api: Api, view: PairView): void {
  api.get('/v1/pair', { schema: read }, () => view.report());
}
