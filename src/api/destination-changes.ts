import type { FastifyReply } from 'fastify';
import { LvsError } from '../errors.js';
import type { Change } from '../declare/change.js';
import { mustBe } from './access.js';
import type { ChangeDesk } from './change-desk.js';
import { changed, dryRunQuery } from './changed.js';
import { destinationParams, weightOrNull } from './destinations.js';
import { etagOf, ifMatch, mustMatch } from './etag.js';
import { type Api, flag, partial } from './schema.js';
import { destinationFrom, type WantedDestination } from './service-changes.js';
import { declaredDestination, patchOf, wantedDestination, wantedDestinationAt } from './service-schema.js';
import { serviceParams } from './services.js';

const create = {
  operationId: 'createDestination',
  summary: 'Declares a destination of a service that the API declares',
  params: serviceParams,
  querystring: dryRunQuery,
  body: wantedDestination,
  response: { 200: changed, 201: changed },
} as const;

const put = {
  operationId: 'putDestination',
  summary: 'Declares a destination, or another one in its place',
  params: destinationParams,
  querystring: dryRunQuery,
  headers: ifMatch,
  body: wantedDestinationAt,
  response: { 200: changed, 201: changed },
} as const;

const patch = {
  operationId: 'patchDestination',
  summary:
    'Overrides the weight of a real server, or takes it into maintenance, wherever it is declared; or changes what the API declares of it',
  params: destinationParams,
  querystring: dryRunQuery,
  headers: ifMatch,
  body: {
    ...partial({
      weight: { ...weightOrNull, description: 'null: as it is declared and the checks say' },
      maintenance: { ...flag, description: 'true: no new connections, whatever else is said, until it is false again' },
      declared: patchOf('DestinationPatch', declaredDestination),
    }),
    minProperties: 1,
  },
  response: { 200: changed },
} as const;

const remove = {
  operationId: 'deleteDestination',
  summary: "A destination is declared no more; what becomes of its connections says the service's onRemoval",
  params: destinationParams,
  querystring: dryRunQuery,
  headers: ifMatch,
  response: { 200: changed },
} as const;

export function destinationChangeRoutes(api: Api, desk: ChangeDesk): void {
  const isThere = (service: string, id: string): boolean =>
    desk.mustBeOwn(service).declared?.destinations.some((one) => one.id === id) === true;
  const mustMatchNow = (service: string, id: string, tag: string | undefined): void => {
    const row = desk.mustFindDestination(service, id);
    mustMatch(tag, desk.destinations.fullDestination(row), id);
  };
  const tag = (reply: FastifyReply, service: string, id: string): void => {
    const row = desk.destinationNow(service, id);
    if (row !== undefined) void reply.header('etag', etagOf(desk.destinations.fullDestination(row)));
  };

  api.post('/v1/services/:service/destinations', { schema: create }, (request, reply) =>
    desk.post(async () => {
      const { service } = request.params;
      const destination = destinationFrom(request.body);
      if (isThere(service, destination.id)) throw new LvsError('API_EXISTS', [destination.id]);
      const isDry = request.query.dryRun === true;
      const answer = await desk.carryOut(request, {
        changes: [{ do: 'put-destination', service, destination }],
        isDry,
        service,
        destination: destination.id,
        bodies: ['/changes/0/destination'],
      });
      if (!isDry) void reply.code(201).header('location', `/v1/services/${service}/destinations/${destination.id}`);
      return answer;
    }),
  );

  const path = '/v1/services/:service/destinations/:destination';
  api.put(path, { schema: put }, (request, reply) =>
    desk.post(async () => {
      const { service, destination: id } = request.params;
      const match = request.headers['if-match'];
      const wasThere = isThere(service, id);
      if (wasThere) mustMatchNow(service, id, match);
      else if (match !== undefined) throw new LvsError('API_CHANGED', [id]);
      const [, address, port] = /^(.*)-(\d{1,5})$/.exec(id) ?? [];
      if (address === undefined) throw new LvsError('API_NO_DESTINATION', [id, service]);
      const wanted = request.body as Partial<WantedDestination>;
      const destination = { address, port: Number(port), ...wanted, id: wanted.id ?? id };
      const isDry = request.query.dryRun === true;
      const answer = await desk.carryOut(request, {
        changes: [{ do: 'put-destination', service, destination }],
        isDry,
        service,
        destination: id,
        bodies: ['/changes/0/destination'],
      });
      if (!isDry) tag(reply, service, id);
      if (!isDry && !wasThere) void reply.code(201).header('location', `/v1/services/${service}/destinations/${id}`);
      return answer;
    }),
  );

  api.patch(path, { schema: patch, config: { needs: 'operate' } }, (request, reply) =>
    desk.post(async () => {
      const { service, destination: id } = request.params;
      const { declared, ...override } = request.body;
      if (declared !== undefined) mustBe(request, 'admin');
      mustMatchNow(service, id, request.headers['if-match']);
      if (desk.mustFindDestination(service, id).server === null) throw new LvsError('API_NOT_OF_FILE', [id]);
      const changes: Change[] = [];
      if (declared !== undefined) {
        desk.mustBeOwn(service);
        changes.push({ do: 'patch-destination', service, id, patch: declared });
      }
      if (Object.keys(override).length > 0) changes.push({ do: 'override', service, destination: id, ...override });
      const isDry = request.query.dryRun === true;
      const answer = await desk.carryOut(request, {
        changes,
        isDry,
        service,
        destination: id,
        bodies: declared === undefined ? ['/changes/0'] : ['/changes/0/patch', '/changes/0', '/changes/1'],
      });
      if (!isDry) tag(reply, service, id);
      return answer;
    }),
  );

  api.delete(path, { schema: remove }, (request) =>
    desk.post(async () => {
      const { service, destination: id } = request.params;
      if (!isThere(service, id)) throw new LvsError('API_NO_DESTINATION', [id, service]);
      mustMatchNow(service, id, request.headers['if-match']);
      return desk.carryOut(request, {
        changes: [{ do: 'delete-destination', service, id }],
        isDry: request.query.dryRun === true,
        service,
        destination: id,
      });
    }),
  );
}
