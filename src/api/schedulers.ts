import { type Api, type Document, listOf, object, text, textOrNull, texts } from './schema.js';

export const scheduler = {
  title: 'Scheduler',
  ...object({
    name: text,
    meaning: { ...text, description: 'in a line' },
    flags: { ...texts, description: 'those it has a use for' },
    engines: listOf({ type: 'string', enum: ['kernel', 'userspace'] }),
    module: { ...textOrNull, description: 'of the kernel that has it' },
    inKernel: {
      type: ['string', 'null'],
      enum: ['loaded', 'installed', 'missing', 'unknown', null],
      description:
        'whether this kernel has the module; installed: it is loaded for the first service that needs it; null: none is needed',
    },
  }),
} as const;
export type Scheduler = Document<typeof scheduler>;

export interface SchedulersView {
  all(): Promise<readonly Scheduler[]>;
}

const list = {
  operationId: 'listSchedulers',
  summary: 'Scheduling algorithms, and which engine has them',
  response: { 200: object({ items: listOf(scheduler) }) },
} as const;

export function schedulerRoutes(api: Api, view: SchedulersView): void {
  api.get('/v1/schedulers', { schema: list }, async () => ({ items: await view.all() }));
}
