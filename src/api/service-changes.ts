import type { FastifyReply } from 'fastify';
import { LvsError } from '../errors.js';
import { canonicalAddress, familyOf } from '../model/address.js';
import type { DeclaredDestination, DeclaredService } from '../declare/service.js';
import { destinationId, parseServiceId, serviceId } from '../model/ids.js';
import type { ServiceKey } from '../model/service.js';
import { mustTouch } from './access.js';
import type { ChangeDesk } from './change-desk.js';
import { changed, dryRunQuery } from './changed.js';
import { etagOf, ifMatch, mustMatch } from './etag.js';
import { LONG_BODY_LIMIT } from './problem.js';
import type { Api } from './schema.js';
import { declaredService, patchOf, wantedService, wantedServiceAt } from './service-schema.js';
import { serviceParams } from './services.js';

/** As they are sent: ids say nothing new. The schemas say the same; what of them is a choice between kinds is lost to their types. */
export type WantedDestination = Omit<DeclaredDestination, 'id'> & { readonly id?: string };
export type WantedService = Omit<DeclaredService, 'id' | 'destinations'> & {
  readonly id?: string;
  readonly destinations?: readonly WantedDestination[];
};

const create = {
  operationId: 'createService',
  summary: 'Declares a virtual service',
  querystring: dryRunQuery,
  body: wantedService,
  response: { 200: changed, 201: changed },
} as const;

const put = {
  operationId: 'putService',
  summary: 'Declares a virtual service, or another one in its place',
  params: serviceParams,
  querystring: dryRunQuery,
  headers: ifMatch,
  body: wantedServiceAt,
  response: { 200: changed, 201: changed },
} as const;

const patch = {
  operationId: 'patchService',
  summary: 'Changes what is declared of a virtual service: a merge patch (RFC 7396)',
  params: serviceParams,
  querystring: dryRunQuery,
  headers: ifMatch,
  body: patchOf('ServicePatch', declaredService),
  response: { 200: changed },
} as const;

const remove = {
  operationId: 'deleteService',
  summary: 'A virtual service is declared no more; what becomes of its connections says its onRemoval',
  params: serviceParams,
  querystring: dryRunQuery,
  headers: ifMatch,
  response: { 200: changed },
} as const;

export function serviceChangeRoutes(api: Api, desk: ChangeDesk): void {
  api.post(
    '/v1/services',
    { schema: create, config: { grants: 'checked-by-handler' }, bodyLimit: LONG_BODY_LIMIT },
    (request, reply) =>
      desk.post(async () => {
        const service = serviceFrom(request.body as WantedService);
        mustTouch(request, service.id);
        if (desk.serviceNow(service.id) !== undefined) throw new LvsError('API_EXISTS', [service.id]);
        const isDry = request.query.dryRun === true;
        const answer = await desk.carryOut(request, {
          changes: [{ do: 'put-service', service }],
          isDry,
          service: service.id,
          bodies: ['/changes/0/service'],
        });
        if (!isDry) void reply.code(201).header('location', `/v1/services/${service.id}`);
        return answer;
      }),
  );
  const path = '/v1/services/:service';
  api.put(path, { schema: put, bodyLimit: LONG_BODY_LIMIT }, (request, reply) =>
    desk.post(async () => {
      const { params, headers, query, body } = request;
      const found = desk.serviceNow(params.service);
      if (found === undefined && headers['if-match'] !== undefined) throw new LvsError('API_CHANGED', [params.service]);
      if (found !== undefined) {
        desk.mustBeOwn(params.service);
        mustMatch(headers['if-match'], found, params.service);
      }
      const key = parseServiceId(params.service);
      if (key === undefined) throw new LvsError('API_NO_SERVICE', [params.service]);
      const service = withDestinations({ ...fieldsOf(key), id: params.service, ...(body as Partial<WantedService>) });
      const isDry = query.dryRun === true;
      const answer = await desk.carryOut(request, {
        changes: [{ do: 'put-service', service }],
        isDry,
        service: params.service,
        bodies: ['/changes/0/service'],
      });
      if (!isDry) tag(reply, desk, params.service);
      if (!isDry && found === undefined) void reply.code(201).header('location', `/v1/services/${params.service}`);
      return answer;
    }),
  );
  api.patch(path, { schema: patch, bodyLimit: LONG_BODY_LIMIT }, (request, reply) =>
    desk.post(async () => {
      const { params, headers, query, body } = request;
      mustMatch(headers['if-match'], desk.mustBeOwn(params.service), params.service);
      const isDry = query.dryRun === true;
      const answer = await desk.carryOut(request, {
        changes: [{ do: 'patch-service', id: params.service, patch: body }],
        isDry,
        service: params.service,
        bodies: ['/changes/0/patch', '/changes/0'],
      });
      if (!isDry) tag(reply, desk, params.service);
      return answer;
    }),
  );
  api.delete(path, { schema: remove }, (request) =>
    desk.post(async () => {
      const { params, headers, query } = request;
      mustMatch(headers['if-match'], desk.mustBeOwn(params.service), params.service);
      return desk.carryOut(request, {
        changes: [{ do: 'delete-service', id: params.service }],
        isDry: query.dryRun === true,
        service: params.service,
      });
    }),
  );
}

function tag(reply: FastifyReply, desk: ChangeDesk, id: string): void {
  const now = desk.serviceNow(id);
  if (now !== undefined) void reply.header('etag', etagOf(now));
}

/** `at`: where it stands in the body. @throws LvsError DECLARED_INVALID where it cannot have an id */
export function serviceFrom(wanted: WantedService, at = ''): DeclaredService {
  const key = keyOf(wanted);
  if ('missing' in key) {
    const complaint = {
      pointer: `${at}/${key.missing}`,
      message: `a service by ${wanted.by} needs a '${key.missing}'`,
    };
    throw new LvsError('DECLARED_INVALID', [1], { cause: [complaint] });
  }
  return withDestinations({ ...fieldsOf(key), id: serviceId(key), ...wanted });
}

function keyOf(wanted: WantedService): ServiceKey | { readonly missing: string } {
  const { by, protocol, address, prefixLength, port = 0, mark, family } = wanted;
  if (by === 'fwmark') {
    if (mark === undefined) return { missing: 'mark' };
    const first = wanted.destinations?.[0]?.address;
    return { by, mark, family: family ?? (first === undefined ? 'ip4' : familyOf(first)) };
  }
  if (protocol === undefined) return { missing: 'protocol' };
  const canonical = address === undefined ? undefined : canonicalAddress(address);
  if (canonical === undefined) return { missing: 'address' };
  return { by, protocol, address: canonical, port, ...(prefixLength === undefined ? {} : { prefixLength }) };
}

/** What an id says. */
function fieldsOf(key: ServiceKey): Partial<DeclaredService> & Pick<DeclaredService, 'by'> {
  if (key.by === 'fwmark') return key;
  const { protocol, ...rest } = key;
  // another protocol is refused with the place where it stands
  return { ...rest, protocol: protocol as NonNullable<DeclaredService['protocol']> };
}

const withDestinations = (wanted: WantedService & Pick<DeclaredService, 'id'>): DeclaredService => ({
  ...wanted,
  destinations: (wanted.destinations ?? []).map(destinationFrom),
});

export function destinationFrom(wanted: WantedDestination): DeclaredDestination {
  const address = canonicalAddress(wanted.address) ?? wanted.address;
  return { ...wanted, id: wanted.id ?? destinationId({ address, port: wanted.port }) };
}
