import { text, type Wrong } from '../arguments.js';
import { type ApiClient, openApi } from '../api-client.js';
import type { Context } from '../lvsctl-entry.js';
import { describe } from '../manual.js';
import { sheetOf } from '../sheet.js';
import { type Column, tableText } from '../table.js';
import { destinationText } from '../names.js';
import type { Counters, ServiceCounters, ShownDestination, ShownService } from './documents.js';
import { destinationsOf, findService } from './targets.js';

export interface ServicesOrder {
  readonly service?: string;
  readonly filter: Readonly<Partial<Record<'protocol' | 'address' | 'port' | 'name', string>>>;
}

export const servicesCommand = describe(
  {
    program: 'lvsctl',
    name: 'services',
    summary: 'virtual services, or one with its servers, and who is connected',
    synopsis: ['[--protocol PROTOCOL] [--address ADDRESS] [--port PORT] [--name TEXT]', 'SERVICE'],
    shares: ['api', 'json'],
    about: [
      `All services with the number of their servers, how many of those are down, and the connections of the moment; or one service with each
      server: what the checks say, the weight in force and the configured one, and its connections. SERVICE is a name ('tcp 192.0.2.1:80'), a
      part of one that no other has ('192.0.2.1:80'), or an id ('tcp-192.0.2.1-80').`,
      'With --json the documents of the API: /v1/services; of one service its own, its destinations and its statistics.',
    ],
  },
  {
    options: {
      protocol: {
        ...text,
        value: 'PROTOCOL',
        fills: ['tcp', 'udp', 'sctp', 'any'],
        help: 'only those of tcp, udp, sctp or any',
      },
      address: { ...text, value: 'ADDRESS', help: 'only those at this address' },
      port: { ...text, value: 'PORT', help: 'only those at this port' },
      name: { ...text, value: 'TEXT', help: 'only those with this in their name' },
    },
    words: ['service', 'nothing'],
    read: ({ protocol, address, port, name }, [service, ...more]): ServicesOrder | Wrong => {
      if (more.length > 0) return { wrong: `'${more.join(' ')}' is too much: a name with blanks stands in quotes` };
      const filter = {
        ...(protocol === undefined ? {} : { protocol }),
        ...(address === undefined ? {} : { address }),
        ...(port === undefined ? {} : { port }),
        ...(name === undefined ? {} : { name }),
      };
      if (service !== undefined && Object.keys(filter).length > 0) return { wrong: 'either a service or filters' };
      return service === undefined ? { filter } : { service, filter };
    },
  },
);

/** Answers with the exit status. @throws LvsError of the client */
export async function services({ service, filter }: ServicesOrder, context: Context): Promise<number> {
  const api = openApi(context.asked.api);
  try {
    await (service === undefined ? printAll(api, filter, context) : printOne(api, service, context));
    return 0;
  } finally {
    api.close();
  }
}

interface ServiceRow extends ShownService {
  readonly counters: Counters | undefined;
  readonly down: number;
}

async function printAll(
  api: ApiClient,
  filter: ServicesOrder['filter'],
  { asked, output, environment }: Context,
): Promise<void> {
  const shown = await api.rows<ShownService>('/v1/services', filter);
  if (asked.json) {
    output.out(`${JSON.stringify({ items: shown, next: null, total: shown.length })}\n`);
    return;
  }
  if (shown.length === 0) {
    output.err('no services\n');
    return;
  }
  const [counters, down] = await Promise.all([
    api.rows<ServiceCounters>('/v1/statistics'),
    api.rows<ShownDestination>('/v1/destinations', { role: 'real', health: 'down' }),
  ]);
  const countersOf = new Map(counters.map((one) => [one.id, one]));
  const downOf = new Map<string, number>();
  for (const one of down) downOf.set(one.service, (downOf.get(one.service) ?? 0) + 1);
  const rows = shown.map((one) => ({ ...one, counters: countersOf.get(one.id), down: downOf.get(one.id) ?? 0 }));
  output.out(tableText(rows, serviceColumns, sheetOf(output, environment)));
}

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : String(value);

/** What of a service somebody should look at. */
export const troubleOf = ({ inForce, quorum }: Pick<ShownService, 'inForce' | 'quorum'>): string =>
  quorum !== null && !quorum.met ? 'no quorum' : inForce ? '' : 'not in force';

const serviceColumns: readonly Column<ServiceRow>[] = [
  { title: 'SERVICE', of: ({ name }) => name },
  { title: 'SCHEDULER', of: ({ scheduler }) => scheduler, spare: 2 },
  { title: 'ENGINE', of: ({ engine }) => engine, spare: 4 },
  { title: 'FROM', of: ({ origin }) => origin, spare: 3 },
  { title: 'SERVERS', align: 'right', of: ({ destinations }) => number(destinations) },
  { title: 'DOWN', align: 'right', of: ({ down }) => number(down), ink: ({ down }) => (down > 0 ? 'red' : undefined) },
  { title: 'ACTIVE', align: 'right', of: ({ counters }) => number(counters?.active) },
  { title: 'INACTIVE', align: 'right', of: ({ counters }) => number(counters?.inactive), spare: 1 },
  { title: '', of: troubleOf, ink: () => 'red' },
];

async function printOne(api: ApiClient, typed: string, { asked, output, environment }: Context): Promise<void> {
  const service = await findService(api, typed);
  const [destinations, [statistics]] = await Promise.all([
    destinationsOf(api, service.id),
    api.rows<ServiceCounters>('/v1/statistics', { service: service.id }),
  ]);
  if (asked.json) {
    output.out(`${JSON.stringify({ service, destinations, statistics: statistics ?? null })}\n`);
    return;
  }
  const sheet = sheetOf(output, environment);
  const trouble = troubleOf(service);
  const countersOf = new Map(statistics?.destinations.map((one) => [one.id, one]));
  const rows = destinations.map((one) => ({ ...one, counters: countersOf.get(one.id) }));
  output.out(
    [
      `${sheet.paint('bold', service.name)} ${factsOf(service).join(', ')}`,
      ...(trouble === '' ? [] : [sheet.paint('red', trouble)]),
      `id ${service.id}`,
      '',
    ].join('\n'),
  );
  const columns = rows.some(({ refused }) => refused !== null) ? [...destinationColumns, refusal] : destinationColumns;
  output.out(rows.length === 0 ? 'no servers\n' : tableText(rows, columns, sheet));
}

const factsOf = ({ scheduler, engine, origin, persistenceSeconds, quorum }: ShownService): readonly string[] => [
  scheduler,
  engine === 'userspace' ? 'by the userspace engine' : "by the kernel's IPVS",
  `from ${origin === 'file' ? 'the file' : origin}`,
  ...(persistenceSeconds === null ? [] : [`persistent for ${persistenceSeconds} s`]),
  ...(quorum === null ? [] : [`quorum ${quorum.needed}`]),
];

type DestinationRow = ShownDestination & { readonly counters: Counters | undefined };

/** In one word, the one that says most. */
export const stateOf = (one: ShownDestination): string => {
  if (one.role !== 'real') return one.role;
  if (one.maintenance === true) return 'maintenance';
  return one.health ?? '-';
};

const destinationColumns: readonly Column<DestinationRow>[] = [
  { title: 'SERVER', of: ({ id }) => destinationText(id) },
  {
    title: 'STATE',
    of: stateOf,
    ink: (one) => (({ up: 'green', down: 'red', maintenance: 'yellow' }) as const)[stateOf(one)],
  },
  { title: 'METHOD', of: ({ method }) => method, spare: 2 },
  { title: 'WEIGHT', align: 'right', of: ({ weight }) => number(weight) },
  { title: 'CONFIGURED', align: 'right', of: ({ configuredWeight }) => number(configuredWeight), spare: 1 },
  { title: 'OVERRIDE', align: 'right', of: ({ override }) => number(override) },
  { title: 'ACTIVE', align: 'right', of: ({ counters }) => number(counters?.active) },
  { title: 'INACTIVE', align: 'right', of: ({ counters }) => number(counters?.inactive) },
  { title: 'PERSISTENT', align: 'right', of: ({ counters }) => number(counters?.persistent), spare: 3 },
];

const refusal: Column<DestinationRow> = { title: 'REFUSED', of: ({ refused }) => refused ?? '', ink: () => 'red' };
