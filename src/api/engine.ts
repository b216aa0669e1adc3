import { type Api, count, countOrNull, type Document, flag, listOf, object, text, texts } from './schema.js';

const counts = { type: 'object', additionalProperties: count } as const;

export const engine = {
  title: 'Engine',
  ...object({
    running: flag,
    path: { ...text, description: 'of its socket' },
    pid: countOrNull,
    workers: count,
    restarts: count,
    ports: listOf(
      object({
        name: text,
        mode: text,
        queues: { ...count, description: '0: it is not open' },
        reason: { ...text, description: 'why nothing faster was to be had' },
      }),
    ),
    silentNeighbours: { ...texts, description: 'next hops that do not answer' },
    sessions: object({ live: count, capacity: count, bytes: count }),
    dropped: { ...counts, description: 'packets by the reason (docs/dataplane.md)' },
    events: { ...counts, description: 'what else happened (docs/dataplane.md)' },
  }),
} as const;

export interface EngineView {
  /** @throws LvsError ENGINE_CANNOT if this lvsd has none */
  status(): Promise<Document<typeof engine>>;
}

const read = {
  operationId: 'readEngine',
  summary: 'The userspace engine: ports, sessions, drops',
  response: { 200: engine },
} as const;

export function engineRoutes(api: Api, view: EngineView): void {
  api.get('/v1/engine', { schema: read }, () => view.status());
}
