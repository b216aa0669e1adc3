import { type Api, count, type Document, listOf, object, text, texts } from './schema.js';

export const status = {
  title: 'Status',
  ...object({
    software: { ...text, description: 'release of lvsd' },
    services: { ...count, description: 'in force' },
    destinations: { ...count, description: 'in force' },
    checks: object({ up: count, down: count }),
    quorumLost: { ...texts, description: 'virtual servers without quorum' },
    lastPlan: { ...texts, description: 'the changes made last; of each list here the first 1000' },
    refused: {
      ...listOf(object({ change: text, reason: text })),
      description: 'what the kernel or the engine refused, and is tried again',
    },
    drift: {
      ...texts,
      description: 'what would undo what somebody else changed, where the file says only to report it',
    },
    foreign: { ...texts, description: 'services of the file that somebody else made and that are left alone' },
    writes: { ...count, description: 'batches of changes since the start' },
  }),
} as const;

export interface StatusView {
  status(): Document<typeof status>;
}

const read = {
  operationId: 'readStatus',
  summary: 'What is served and what is wrong, at a glance',
  response: { 200: status },
} as const;

export function statusRoutes(api: Api, view: StatusView): void {
  api.get('/v1/status', { schema: read }, () => view.status());
}
