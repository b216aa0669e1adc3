import { LvsError } from '../errors.js';
import { ifNoneMatch, sendTagged } from './etag.js';
import { declaredService } from './service-schema.js';
import { canonicalAddress } from '../model/address.js';
import { serviceName, type ServiceKey } from '../model/service.js';
import { parseServiceId, serviceId } from '../model/ids.js';
import { pageOf, paging, partOf, sendPart } from './pages.js';
import { type Api, count, type Document, family, flag, object, orNull, partial, text, textOrNull } from './schema.js';

export const service = {
  title: 'Service',
  ...object({
    id: { ...text, description: 'tcp-192.0.2.1-80, udp-2001:db8::1-53, any-192.0.2.0_24-0 or fwmark-7-ip4' },
    name: { ...text, description: 'as lvsctl and the log name it' },
    by: { type: 'string', enum: ['address', 'fwmark'] },
    family,
    protocol: textOrNull,
    address: textOrNull,
    prefixLength: { type: ['integer', 'null'], description: 'of a service that is a whole prefix' },
    port: { type: ['integer', 'null'] },
    mark: { type: ['integer', 'null'] },
    origin: {
      type: 'string',
      enum: ['file', 'api', 'fleet', 'other'],
      description:
        'where it is declared; other: nowhere: made at run time, made by lvsd for its probes, or no longer declared and drained',
    },
    virtualServer: { ...textOrNull, description: 'of which it is; one of the file may have many services' },
    engine: { type: 'string', enum: ['kernel', 'userspace'] },
    scheduler: text,
    persistenceSeconds: { type: ['integer', 'null'], description: 'null: none' },
    inForce: { ...flag, description: 'it is in the forwarding table' },
    quorum: orNull(object({ needed: count, hysteresis: count, met: flag })),
    destinations: count,
  }),
} as const;
export type Service = Document<typeof service>;

const serviceInFull = {
  title: 'ServiceInFull',
  ...object({
    ...service.properties,
    declared: {
      ...orNull(declaredService),
      description: 'what the API declares of it; null: it is declared elsewhere',
    },
  }),
} as const;
export type ServiceInFull = Document<typeof serviceInFull>;

/** Where services are looked up. */
export interface Services {
  /** Those that are declared, the file's in its order, then the others. */
  keys(): readonly ServiceKey[];
  find(key: ServiceKey): Service | undefined;
  full(key: ServiceKey): ServiceInFull | undefined;
}

const list = {
  operationId: 'listServices',
  summary: 'Virtual services, those of the file first and in its order',
  querystring: partial({
    ...paging,
    protocol: { ...text, description: 'tcp, udp, sctp, any' },
    address: text,
    port: { type: 'integer', minimum: 0, maximum: 65_535 },
    name: { ...text, maxLength: 255, description: 'a part of the name' },
  }),
  response: { 200: pageOf(service) },
} as const;

/** In every path below a service. */
export const serviceParams = object({ service: { ...text, description: 'id of a service' } });

const one = {
  operationId: 'readService',
  summary: 'A virtual service',
  params: serviceParams,
  headers: ifNoneMatch,
  response: { 200: serviceInFull },
} as const;

type Filter = Document<typeof list.querystring>;

function fitting(keys: readonly ServiceKey[], { protocol, address, port, name }: Filter): readonly ServiceKey[] {
  const isOfAddress = protocol !== undefined || address !== undefined || port !== undefined;
  if (!isOfAddress && name === undefined) return keys;
  const canonical = address === undefined ? undefined : canonicalAddress(address);
  return keys.filter((key) => {
    if (name !== undefined && !serviceName(key).includes(name)) return false;
    if (!isOfAddress) return true;
    if (key.by === 'fwmark') return false;
    return (
      (protocol === undefined || key.protocol === protocol) &&
      (address === undefined || key.address === canonical) &&
      (port === undefined || key.port === port)
    );
  });
}

/** @throws LvsError API_NO_SERVICE */
export function mustFind(services: Services, id: string): { readonly key: ServiceKey; readonly shown: Service } {
  const key = parseServiceId(id);
  const shown = key && services.find(key);
  if (key === undefined || shown === undefined) throw new LvsError('API_NO_SERVICE', [id]);
  return { key, shown };
}

export function serviceRoutes(api: Api, services: Services): void {
  api.get('/v1/services', { schema: list }, ({ query }, reply) => {
    const keys = fitting(services.keys(), query);
    return sendPart(reply, partOf(keys, query, serviceId), (key) => services.find(key), {});
  });
  api.get('/v1/services/:service', { schema: one }, ({ params, headers }, reply) => {
    const key = parseServiceId(params.service);
    const found = key && services.full(key);
    if (found === undefined) throw new LvsError('API_NO_SERVICE', [params.service]);
    return sendTagged(reply, found, headers['if-none-match']);
  });
}
