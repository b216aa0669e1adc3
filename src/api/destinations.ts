import { LvsError } from '../errors.js';
import type { ServiceKey } from '../model/service.js';
import { Mailbox } from '../system/mailbox.js';
import { ifMatch, ifNoneMatch, mustMatch, sendTagged } from './etag.js';
import { type Api, type Document, listOf, object, text, textOrNull } from './schema.js';
import { mustFind, serviceParams, type Services } from './services.js';

/** What IPVS takes. */
const MOST_WEIGHT = 2_147_483_647;

const weight = { type: 'integer', minimum: 0, maximum: MOST_WEIGHT } as const;
const weightOrNull = { ...weight, type: ['integer', 'null'] } as const;

export const destination = {
  title: 'Destination',
  ...object({
    id: { ...text, description: '10.0.0.1-8080, 2001:db8::1-80' },
    address: text,
    port: { type: 'integer', minimum: 0, maximum: 65_535 },
    method: text,
    role: {
      type: 'string',
      enum: ['real', 'sorry', 'other'],
      description: 'real server or sorry server of the file; other: in force only, and not of the file',
    },
    server: { ...textOrNull, description: 'of a real server: as lvsctl and the log name it' },
    health: { type: ['string', 'null'], enum: ['up', 'down', null], description: 'of a real server' },
    configuredWeight: { ...weightOrNull, description: 'of the file' },
    override: { ...weightOrNull, description: "an operator's, which holds over the file and the checks; null: none" },
    weight: { ...weightOrNull, description: 'in force; null: it is not in the forwarding table' },
    refused: { ...textOrNull, description: 'why the last change to it was refused; it is tried again' },
  }),
} as const;
export type Destination = Document<typeof destination>;

/** Where the destinations of a service that there is are looked up, and an operator's weight is set. */
export interface Destinations {
  /** Those of the file in its order, then what else is in force. */
  of(service: ServiceKey): readonly Destination[];
  /** Of a real server, by `server`; null: as the file and the checks say. Resolves when the forwarding table was told. */
  override(server: string, weight: number | null): Promise<void>;
}

const list = {
  operationId: 'listDestinations',
  summary: 'The destinations of a service, those that are down too',
  params: serviceParams,
  response: { 200: object({ items: listOf(destination) }) },
} as const;

const params = object({
  ...serviceParams.properties,
  destination: { ...text, description: 'id of a destination' },
});

const one = {
  operationId: 'readDestination',
  summary: 'A destination of a service',
  params,
  headers: ifNoneMatch,
  response: { 200: destination },
} as const;

const patch = {
  operationId: 'patchDestination',
  summary: 'Overrides the weight of a real server until it is null again, or lvsd ends',
  params,
  headers: ifMatch,
  body: object({ weight: { ...weightOrNull, description: 'null: as the file and the checks say' } }),
  response: { 200: destination },
} as const;

export function destinationRoutes(api: Api, services: Services, destinations: Destinations): void {
  /** Between looking whether a state is the expected one and changing it nobody else changes it. */
  const changes = new Mailbox();

  const mustFindOne = (ids: Document<typeof params>): Destination => {
    const { key } = mustFind(services, ids.service);
    const found = destinations.of(key).find(({ id }) => id === ids.destination);
    if (found === undefined) throw new LvsError('API_NO_DESTINATION', [ids.destination, ids.service]);
    return found;
  };

  api.get('/v1/services/:service/destinations', { schema: list }, ({ params }) => ({
    items: destinations.of(mustFind(services, params.service).key),
  }));

  const path = '/v1/services/:service/destinations/:destination';
  api.get(path, { schema: one }, ({ params, headers }, reply) =>
    sendTagged(reply, mustFindOne(params), headers['if-none-match']),
  );
  api.patch(path, { schema: patch }, ({ params, headers, body }, reply) =>
    changes.post(async () => {
      const found = mustFindOne(params);
      mustMatch(headers['if-match'], found, found.id);
      if (found.server === null) throw new LvsError('API_NOT_OF_FILE', [found.id]);
      await destinations.override(found.server, body.weight);
      return sendTagged(reply, mustFindOne(params));
    }),
  );
}
