import { LvsError } from '../errors.js';
import type { Drain } from '../declare/change.js';
import { mustBe, mustTouch } from './access.js';
import type { ChangeDesk } from './change-desk.js';
import { destinationParams } from './destinations.js';
import { pageOf, paging, partOf, sendPart } from './pages.js';
import { type Api, count, type Document, object, partial, text } from './schema.js';

/** A week: longer than any connection that somebody waits for. */
const LONGEST_SECONDS = 7 * 24 * 3600;

const moment = { type: 'number', description: 'milliseconds since 1970' } as const;
const then = {
  type: 'string',
  enum: ['keep', 'remove'],
  description: 'in the end: it stays in maintenance; or it is declared no more (of a service that the API declares)',
} as const;

export const drain = {
  title: 'Drain',
  ...object({
    id: text,
    server: { ...text, description: 'as lvsctl and the log name it' },
    service: { ...text, description: 'id' },
    destination: { ...text, description: 'id' },
    then,
    who: text,
    since: moment,
    until: moment,
    state: {
      type: 'string',
      enum: ['running', 'drained', 'deadline', 'cancelled', 'gone'],
      description: 'how it ended: nobody is connected; the time was up; somebody took it back; the server is gone',
    },
    endedAt: { type: ['number', 'null'], description: 'null: it runs' },
    connections: {
      ...object({ active: count, inactive: count, persistent: count }),
      description: 'those that were seen last',
    },
  }),
} as const;

const begin = {
  operationId: 'drainDestination',
  summary: 'Takes a real server out of service: no new connections, and those that are there are waited for',
  params: destinationParams,
  body: partial(
    { withinSeconds: { type: 'number', exclusiveMinimum: 0, maximum: LONGEST_SECONDS }, then },
    'withinSeconds',
  ),
  response: { 201: drain },
} as const;

const list = {
  operationId: 'listDrains',
  summary: 'Drains: those that run, then those that ended, the newest first',
  querystring: partial({
    ...paging,
    service: { ...text, description: 'id' },
    state: drain.properties.state,
  }),
  response: { 200: pageOf(drain) },
} as const;

const params = object({ drain: { ...text, description: 'id of a drain' } });
const one = {
  operationId: 'readDrain',
  summary: 'A drain, and how many are still connected',
  params,
  response: { 200: drain },
} as const;

const cancel = {
  operationId: 'cancelDrain',
  summary: 'Takes a drain back: the server takes new connections again',
  params,
  response: { 200: drain },
} as const;

export function drainRoutes(api: Api, desk: ChangeDesk): void {
  const mustFind = (id: string): Drain => {
    const found = desk.changes.drains().find((drain) => drain.id === id);
    if (found === undefined) throw new LvsError('DRAIN_MISSING', [id]);
    return found;
  };

  api.post(
    '/v1/services/:service/destinations/:destination/drain',
    { schema: begin, config: { needs: 'operate' } },
    (request, reply) =>
      desk.post(async () => {
        const { service, destination } = request.params;
        const { withinSeconds, then = 'keep' } = request.body;
        if (then === 'remove') mustBe(request, 'admin');
        if (desk.mustFindDestination(service, destination).server === null)
          throw new LvsError('API_NOT_OF_FILE', [destination]);
        if (then === 'remove') desk.mustBeOwn(service);
        const { name } = request.identity;
        const begun = await desk.changes.drain(service, destination, { withinSeconds, then }, name);
        void reply.code(201).header('location', `/v1/drains/${begun.id}`);
        return shown(begun);
      }),
  );

  api.get('/v1/drains', { schema: list }, ({ query }, reply) => {
    const { service, state } = query;
    const rows = desk.changes
      .drains()
      .filter(
        (row) => (service === undefined || row.service === service) && (state === undefined || row.state === state),
      );
    return sendPart(
      reply,
      partOf(rows, query, ({ id }) => id),
      shown,
      {},
    );
  });
  api.get('/v1/drains/:drain', { schema: one }, ({ params }) => shown(mustFind(params.drain)));
  api.delete(
    '/v1/drains/:drain',
    { schema: cancel, config: { needs: 'operate', grants: 'checked-by-handler' } },
    (request) =>
      desk.post(async () => {
        const { id, service } = mustFind(request.params.drain);
        mustTouch(request, service);
        return shown(await desk.changes.cancelDrain(id, request.identity.name));
      }),
  );
}

type Told = Document<typeof drain>;
const shown = (one: Drain): Told => ({ ...one, endedAt: one.endedAt ?? null });
