import { LvsError } from '../errors.js';
import { canonicalAddress } from '../model/address.js';
import { serviceName, type ServiceKey } from '../model/service.js';
import { parseServiceId, serviceId } from './ids.js';
import { page, pageOf, paging } from './pages.js';
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
      enum: ['file', 'other'],
      description: 'other: made at run time, made by lvsd for its probes, or no longer in the file and drained',
    },
    virtualServer: { ...textOrNull, description: 'of the file, which may have many services' },
    engine: { type: 'string', enum: ['kernel', 'userspace'] },
    scheduler: text,
    persistenceSeconds: { type: ['integer', 'null'], description: 'null: none' },
    inForce: { ...flag, description: 'it is in the forwarding table' },
    quorum: orNull(object({ needed: count, hysteresis: count, met: flag })),
    destinations: count,
  }),
} as const;
export type Service = Document<typeof service>;

/** Where services are looked up. */
export interface Services {
  /** Those of the file in its order, then the others. */
  keys(): readonly ServiceKey[];
  find(key: ServiceKey): Service | undefined;
}

const list = {
  operationId: 'listServices',
  summary: 'Virtual services, those of the file in its order',
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
  response: { 200: service },
} as const;

type Filter = Document<typeof list.querystring>;

function fits(key: ServiceKey, { protocol, address, port, name }: Filter): boolean {
  if (name !== undefined && !serviceName(key).includes(name)) return false;
  if (protocol === undefined && address === undefined && port === undefined) return true;
  if (key.by === 'fwmark') return false;
  return (
    (protocol === undefined || key.protocol === protocol) &&
    (address === undefined || key.address === canonicalAddress(address)) &&
    (port === undefined || key.port === port)
  );
}

/** @throws LvsError API_NO_SERVICE */
export function mustFind(services: Services, id: string): { readonly key: ServiceKey; readonly shown: Service } {
  const key = parseServiceId(id);
  const shown = key && services.find(key);
  if (key === undefined || shown === undefined) throw new LvsError('API_NO_SERVICE', [id]);
  return { key, shown };
}

export function serviceRoutes(api: Api, services: Services): void {
  api.get('/v1/services', { schema: list }, ({ query }) => {
    const keys = services.keys().filter((key) => fits(key, query));
    return page(keys, query, serviceId, (key) => services.find(key));
  });
  api.get('/v1/services/:service', { schema: one }, ({ params }) => mustFind(services, params.service).shown);
}
