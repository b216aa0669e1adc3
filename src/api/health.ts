import { pageOf, paging, partOf, sendPart } from './pages.js';
import { type Api, count, type Document, flag, object, orNull, partial, text, textOrNull } from './schema.js';

const verdict = { type: 'string', enum: ['up', 'down'] } as const;

export const check = {
  title: 'Check',
  ...object({
    server: { ...text, description: 'as lvsctl and the log name it: tcp 192.0.2.1:80 -> 10.0.0.1:80' },
    check: text,
    verdict,
    proven: { ...flag, description: 'it rests on an attempt or on the table found at the start' },
    since: { ...textOrNull, description: 'ISO; null: from before lvsd was started, or not yet' },
    attempts: count,
    failures: count,
    last: { ...text, description: 'alive, failed, inconclusive, or none yet' },
    detail: text,
    damped: { ...flag, description: 'it fell too often and has to stay alive for a while (flap_damping)' },
    suspended: { ...flag, description: 'the address of the service is not on this machine (ha_suspend)' },
    servers: { ...count, description: 'how many the probe is for (share_probes)' },
    weight: {
      ...orNull(partial({ set: { type: 'integer' }, add: { type: 'integer' } })),
      description: 'what it makes of the configured weight',
    },
  }),
} as const;
export type Check = Document<typeof check>;

/** A check before it is shown: a large site has 50,000. Its verdict is that of now. */
export type CheckRow = Pick<Check, 'server' | 'check' | 'verdict'>;

export interface Health {
  /** Of all real servers, in the order of the file. */
  rows(): readonly CheckRow[];
  show(row: CheckRow): Check;
}

const list = {
  operationId: 'listChecks',
  summary: 'What the checks say of the real servers',
  querystring: partial({
    ...paging,
    verdict,
    server: { ...text, maxLength: 255, description: "a part of the server's name" },
  }),
  response: { 200: pageOf(check) },
} as const;

export function healthRoutes(api: Api, health: Health): void {
  api.get('/v1/health', { schema: list }, ({ query }, reply) => {
    const { verdict: wanted, server } = query;
    const fits = (row: CheckRow): boolean =>
      (wanted === undefined || row.verdict === wanted) && (server === undefined || row.server.includes(server));
    const all = health.rows();
    const rows = wanted === undefined && server === undefined ? all : all.filter(fits);
    const part = partOf(rows, query, (row) => `${row.server} ${row.check}`);
    return sendPart(reply, part, (row) => health.show(row), {});
  });
}
