import { setImmediate as nextTurn } from 'node:timers/promises';
import { LvsError } from '../errors.js';
import { canonicalAddress } from '../model/address.js';
import type { DestinationKey } from '../model/destination.js';
import { serviceId } from '../model/ids.js';
import type { ServiceKey } from '../model/service.js';
import { ifNoneMatch, sendTagged } from './etag.js';
import { pageOf, paging, partOf, sendPart } from './pages.js';
import { type Api, type Document, flag, listOf, object, orNull, partial, text, textOrNull } from './schema.js';
import { declaredDestination } from './service-schema.js';
import { mustFind, serviceParams, type Services } from './services.js';

/** What IPVS takes. */
const MOST_WEIGHT = 2_147_483_647;

const weight = { type: 'integer', minimum: 0, maximum: MOST_WEIGHT } as const;
export const weightOrNull = { ...weight, type: ['integer', 'null'] } as const;

export const destination = {
  title: 'Destination',
  ...object({
    id: { ...text, description: '10.0.0.1-8080, 2001:db8::1-80' },
    service: { ...text, description: 'id' },
    address: text,
    port: { type: 'integer', minimum: 0, maximum: 65_535 },
    method: text,
    role: {
      type: 'string',
      enum: ['real', 'sorry', 'other'],
      description: 'real server or sorry server as it is declared; other: in force, and declared nowhere',
    },
    server: { ...textOrNull, description: 'of a real server: as lvsctl and the log name it' },
    health: { type: ['string', 'null'], enum: ['up', 'down', null], description: 'of a real server' },
    configuredWeight: { ...weightOrNull, description: 'as it is declared' },
    override: {
      ...weightOrNull,
      description: "an operator's, which holds over what is declared and over the checks; null: none",
    },
    weight: { ...weightOrNull, description: 'in force; null: it is not in the forwarding table' },
    maintenance: { ...flag, description: 'an operator has it take no new connections' },
    drain: {
      ...orNull(object({ id: text, until: { type: 'number' }, then: { type: 'string', enum: ['keep', 'remove'] } })),
      description: 'it is waited for until nobody is connected, at most until then (milliseconds since 1970)',
    },
    refused: { ...textOrNull, description: 'why the last change to it was refused; it is tried again' },
  }),
} as const;
export type Destination = Document<typeof destination>;

const destinationInFull = {
  title: 'DestinationInFull',
  ...object({
    ...destination.properties,
    declared: {
      ...orNull(declaredDestination),
      description: 'what the API declares of it; null: it is declared elsewhere',
    },
  }),
} as const;
export type DestinationInFull = Document<typeof destinationInFull>;

/** A destination before it is shown. */
export interface DestinationRow {
  readonly service: ServiceKey;
  readonly key: DestinationKey;
  readonly id: string;
  readonly role: Destination['role'];
  readonly server: string | null;
}

/** Where the destinations of a service that there is are looked up. */
export interface Destinations {
  /** Those that are declared, in their order, then what else is in force. Cheap: a site may have 100,000. */
  rows(service: ServiceKey): readonly DestinationRow[];
  /** Those of all services, in the order of their keys. */
  all(): Promise<readonly DestinationRow[]>;
  /** undefined: it is no real server. */
  isUp(row: DestinationRow): boolean | undefined;
  show(row: DestinationRow): Destination;
  fullDestination(row: DestinationRow): DestinationInFull;
}

const all = {
  operationId: 'listAllDestinations',
  summary: 'The destinations of all services',
  querystring: partial({
    ...paging,
    service: { ...text, description: 'id' },
    address: text,
    health: { type: 'string', enum: ['up', 'down'] },
    role: { type: 'string', enum: ['real', 'sorry', 'other'] },
  }),
  response: { 200: pageOf(destination) },
} as const;
type Filter = Document<typeof all.querystring>;

/** Rows that are looked at between two looks at what else there is to do. */
const IN_A_ROW = 10_000;

const list = {
  operationId: 'listDestinations',
  summary: 'The destinations of a service, those that are down too',
  params: serviceParams,
  response: { 200: object({ items: listOf(destination) }) },
} as const;

export const destinationParams = object({
  ...serviceParams.properties,
  destination: { ...text, description: 'id of a destination' },
});

const one = {
  operationId: 'readDestination',
  summary: 'A destination of a service',
  params: destinationParams,
  headers: ifNoneMatch,
  response: { 200: destinationInFull },
} as const;

export function destinationRoutes(api: Api, services: Services, destinations: Destinations): void {
  const mustFindOne = (ids: Document<typeof destinationParams>): DestinationInFull => {
    const { key } = mustFind(services, ids.service);
    const found = destinations.rows(key).find(({ id }) => id === ids.destination);
    if (found === undefined) throw new LvsError('API_NO_DESTINATION', [ids.destination, ids.service]);
    return destinations.fullDestination(found);
  };

  const rowsOf = async (query: Filter): Promise<readonly DestinationRow[]> => {
    const { service, role, health } = query;
    const address = query.address === undefined ? undefined : (canonicalAddress(query.address) ?? query.address);
    const all = service === undefined ? await destinations.all() : destinations.rows(mustFind(services, service).key);
    if (role === undefined && address === undefined && health === undefined) return all;
    const rows: DestinationRow[] = [];
    for (const [i, row] of all.entries()) {
      if (
        (role === undefined || row.role === role) &&
        (address === undefined || row.key.address === address) &&
        (health === undefined || destinations.isUp(row) === (health === 'up'))
      )
        rows.push(row);
      if (i % IN_A_ROW === IN_A_ROW - 1) await nextTurn();
    }
    return rows;
  };

  api.get('/v1/destinations', { schema: all }, async ({ query }, reply) => {
    const part = partOf(await rowsOf(query), query, ({ service, id }) => `${serviceId(service)} ${id}`);
    return sendPart(reply, part, (row) => destinations.show(row), {});
  });

  api.get('/v1/services/:service/destinations', { schema: list }, ({ params }) => ({
    items: destinations.rows(mustFind(services, params.service).key).map((row) => destinations.show(row)),
  }));

  const path = '/v1/services/:service/destinations/:destination';
  api.get(path, { schema: one }, ({ params, headers }, reply) =>
    sendTagged(reply, mustFindOne(params), headers['if-none-match']),
  );
}
