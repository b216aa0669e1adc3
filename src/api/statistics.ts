import type { CountedDestination, CountedService, CountedTable } from '../model/counted.js';
import type { Statistics } from '../model/statistics.js';
import { LvsError } from '../errors.js';
import { destinationId, parseServiceId, serviceId } from '../model/ids.js';
import { pageWith, paging, partOf, sendPart } from './pages.js';
import { type Api, count, type Document, listOf, object, partial, text } from './schema.js';

const counters = {
  connections: { ...count, description: 'since the service was made or its counters were zeroed, as all totals' },
  inPackets: count,
  outPackets: { ...count, description: 'of methods by which answers come back through the director; else 0' },
  inBytes: count,
  outBytes: count,
  active: { ...count, description: 'connections that are established now' },
  inactive: { ...count, description: 'connections in every other state' },
  persistent: { ...count, description: "of the kernel's: templates that keep clients at their destination" },
} as const;

export const serviceCounters = {
  title: 'ServiceCounters',
  ...object({
    id: { ...text, description: 'of the service' },
    engine: { type: 'string', enum: ['kernel', 'userspace'] },
    ...counters,
    destinations: listOf({
      title: 'DestinationCounters',
      ...object({ id: { ...text, description: 'of the destination' }, ...counters }),
    }),
  }),
} as const;

const statistics = {
  title: 'Statistics',
  ...pageWith(serviceCounters, {
    at: { type: 'integer', description: 'when it was counted, milliseconds since 1970: two answers make rates' },
  }),
} as const;

export interface StatisticsView {
  /** Of all services in force, both engines'; what was read `oldestMs` ago will do. */
  read(oldestMs: number): Promise<CountedTable>;
}

/** So that the pages of one reader are of one moment, and many readers cost one dump. */
const OLDEST_MS = { first: 200, next: 5000 } as const;

const list = {
  operationId: 'listStatistics',
  summary: 'What services and their destinations have counted, those of both engines read at once',
  querystring: partial({ ...paging, service: { ...text, description: 'id: of this one alone' } }),
  response: { 200: statistics },
} as const;

export function statisticsRoutes(api: Api, view: StatisticsView): void {
  api.get('/v1/statistics', { schema: list }, async ({ query }, reply) => {
    const { at, services } = await view.read(query.cursor === undefined ? OLDEST_MS.first : OLDEST_MS.next);
    const rows = query.service === undefined ? services : services.filter(named(query.service));
    const part = partOf(rows, query, ({ key }) => serviceId(key));
    return sendPart(reply, part, shown, { at });
  });
}

/** @throws LvsError API_NO_SERVICE for what is no id */
function named(id: string): (row: CountedService) => boolean {
  const key = parseServiceId(id);
  if (key === undefined) throw new LvsError('API_NO_SERVICE', [id]);
  return (row) => serviceId(row.key) === id;
}

const shown = ({ key, engine, statistics, destinations }: CountedService): Document<typeof serviceCounters> => ({
  id: serviceId(key),
  engine,
  ...totals(statistics),
  active: sum(destinations, 'active'),
  inactive: sum(destinations, 'inactive'),
  persistent: sum(destinations, 'persistent'),
  destinations: destinations.map((one) => ({
    id: destinationId(one.key),
    ...totals(one.statistics),
    active: one.active,
    inactive: one.inactive,
    persistent: one.persistent,
  })),
});

const sum = (rows: readonly CountedDestination[], of: 'active' | 'inactive' | 'persistent'): number =>
  rows.reduce((all, row) => all + row[of], 0);

/** Exact up to 2^53: at 100 Gbit/s that is eight days of bytes past 20 years. */
const totals = ({ connections, inPackets, outPackets, inBytes, outBytes }: Statistics) => ({
  connections: Number(connections),
  inPackets: Number(inPackets),
  outPackets: Number(outPackets),
  inBytes: Number(inBytes),
  outBytes: Number(outBytes),
});
