import type { HistoryEntry } from '../declare/change.js';
import type { ChangeDesk } from './change-desk.js';
import { changed, dryRunQuery, pending } from './changed.js';
import { pageWith, paging, partOf, sendPart } from './pages.js';
import { type Api, count, type Document, object, orNull, partial, text, textOrNull, texts } from './schema.js';

const entry = {
  title: 'HistoryEntry',
  ...object({
    revision: count,
    at: { type: 'integer', description: 'milliseconds since 1970' },
    who: text,
    comment: textOrNull,
    kind: {
      type: 'string',
      enum: ['commit', 'rollback', 'expired', 'refused', 'drain'],
      description:
        'expired: taken back because nobody confirmed it; refused: taken back because the kernel or the engine did',
    },
    what: { ...texts, description: 'a line for each change' },
    confirmed: { type: ['boolean', 'null'], description: 'null: it was not to be confirmed' },
  }),
} as const;

const list = {
  operationId: 'readHistory',
  summary: 'What was changed through the API, the newest first',
  querystring: partial(paging),
  response: { 200: pageWith(entry, { revision: { ...count, description: 'now' }, pending: orNull(pending) }) },
} as const;

const back = {
  operationId: 'rollBackTo',
  summary: 'What the API declares becomes what it was at a revision',
  params: object({ revision: { ...text, pattern: '^(0|[1-9]\\d{0,14})$' } }),
  querystring: dryRunQuery,
  body: orNull(object({})),
  response: { 200: changed },
} as const;

export function historyRoutes(api: Api, desk: ChangeDesk): void {
  const { changes } = desk;
  api.get('/v1/history', { schema: list }, ({ query }, reply) => {
    const part = partOf(changes.history(), query, ({ revision }) => String(revision));
    const { revision, pending } = changes.declared();
    return sendPart(reply, part, shown, { revision, pending });
  });
  api.post('/v1/history/:revision/rollback', { schema: back }, (request) =>
    desk.post(async () => {
      const to = Number(request.params.revision);
      const isDry = request.query.dryRun === true;
      return desk.answer(await (isDry ? changes.previewRollback(to) : changes.rollback(request.identity.name, to)));
    }),
  );
}

const shown = (one: HistoryEntry): Document<typeof entry> => ({
  ...one,
  comment: one.comment ?? null,
  confirmed: one.confirmed ?? null,
});
