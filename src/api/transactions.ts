import { LvsError } from '../errors.js';
import type { Change } from '../declare/change.js';
import { type ChangeDesk, mustBeAllowed } from './change-desk.js';
import { changed, dryRunQuery, pending } from './changed.js';
import { weightOrNull } from './destinations.js';
import { LONG_BODY_LIMIT } from './problem.js';
import { type Api, count, type Document, flag, listOf, object, orNull, partial, text } from './schema.js';
import { destinationFrom, serviceFrom, type WantedDestination, type WantedService } from './service-changes.js';
import { declaredDestination, declaredService, patchOf, wantedDestination, wantedService } from './service-schema.js';

/** A day. */
const LONGEST_TRIAL_SECONDS = 24 * 3600;
/** Of one transaction: what takes longer than a moment is told to be in parts. */
const MOST_CHANGES = 10_000;

const word = <const Word extends string>(one: Word) => ({ type: 'string', enum: [one] }) as const;
const service = { ...text, description: 'id' } as const;
const id = { ...text, description: 'id' } as const;

const change = {
  type: 'object',
  discriminator: { propertyName: 'do' },
  oneOf: [
    { title: 'PutService', ...object({ do: word('put-service'), service: wantedService }) },
    {
      title: 'PatchService',
      ...object({ do: word('patch-service'), id, patch: patchOf('ServicePatch', declaredService) }),
    },
    { title: 'DeleteService', ...object({ do: word('delete-service'), id }) },
    { title: 'PutDestination', ...object({ do: word('put-destination'), service, destination: wantedDestination }) },
    {
      title: 'PatchDestination',
      ...object({
        do: word('patch-destination'),
        service,
        id,
        patch: patchOf('DestinationPatch', declaredDestination),
      }),
    },
    { title: 'DeleteDestination', ...object({ do: word('delete-destination'), service, id }) },
    {
      title: 'Override',
      ...partial(
        { do: word('override'), service, destination: id, weight: weightOrNull, maintenance: flag },
        'do',
        'service',
        'destination',
      ),
    },
  ],
} as const;

const commit = {
  operationId: 'commitTransaction',
  summary: 'Changes that are carried out in their order, whole or not at all',
  querystring: dryRunQuery,
  body: partial(
    {
      changes: { ...listOf(change), minItems: 1, maxItems: MOST_CHANGES },
      confirmWithinSeconds: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: LONGEST_TRIAL_SECONDS,
        description: 'all of it is taken back by itself unless somebody confirms it in this time, also over a restart',
      },
      comment: { ...text, maxLength: 1000 },
      expectRevision: { ...count, description: 'refused unless it is this revision that is changed' },
    },
    'changes',
  ),
  response: { 200: changed },
} as const;

const confirm = {
  operationId: 'confirmTransaction',
  summary: 'The change that waits to be confirmed stays',
  body: orNull(object({})),
  response: { 200: pending },
} as const;

const undo = {
  operationId: 'rollBackLast',
  summary: 'Takes back the change that waits to be confirmed, or the last one',
  querystring: dryRunQuery,
  body: orNull(object({})),
  response: { 200: changed },
} as const;

export function transactionRoutes(api: Api, desk: ChangeDesk): void {
  const { changes } = desk;
  const config = { needs: 'operate', grants: 'checked-by-handler' } as const;
  api.post('/v1/transactions', { schema: commit, config, bodyLimit: LONG_BODY_LIMIT }, (request) =>
    desk.post(async () => {
      const { changes: wanted, ...rest } = request.body;
      const all = wanted.map(changeFrom);
      mustBeAllowed(request, all);
      return desk.carryOut(request, { ...rest, changes: all, isDry: request.query.dryRun === true });
    }),
  );
  api.post('/v1/transactions/confirm', { schema: confirm, config }, (request) =>
    desk.post(() => {
      const { name, services } = request.identity;
      const waits = changes.declared().pending;
      if (services !== 'all' && waits !== null && waits.who !== name)
        throw new LvsError('API_FORBIDDEN', [name, `may not confirm what ${waits.who} changed`]);
      return changes.confirm(name);
    }),
  );
  api.post('/v1/transactions/rollback', { schema: undo }, (request) =>
    desk.post(async () => {
      const isDry = request.query.dryRun === true;
      return desk.answer(await (isDry ? changes.previewRollback() : changes.rollback(request.identity.name)));
    }),
  );
}

/** As it is sent: with ids where they say nothing new. */
type Wanted = Document<typeof change>;

function changeFrom(wanted: Wanted, at: number): Change {
  switch (wanted.do) {
    case 'put-service':
      return { do: wanted.do, service: serviceFrom(wanted.service as WantedService, `/changes/${at}/service`) };
    case 'put-destination':
      return { ...wanted, destination: destinationFrom(wanted.destination as WantedDestination) };
    default:
      return wanted;
  }
}
