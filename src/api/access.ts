import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LvsError } from '../errors.js';
import { type Role, roles } from '../model/role.js';
import { mustBeOwnPage } from './origin.js';
import { type Api, listOf, object, text } from './schema.js';

/** Who asks. */
export interface Identity {
  readonly name: string;
  readonly role: Role;
  /** What he may change: ids of services, or beginnings of ids with a `*` behind them. Reading is not bounded by it. */
  readonly services: readonly string[] | 'all';
  /** What he is known by. */
  readonly by: 'socket' | 'token' | 'certificate';
}

/** Who knows who is at the other end of a connection, and how much he may ask. */
export interface Access {
  /** The request counts as one of his until its answer is sent. @throws LvsError API_UNAUTHENTICATED, API_FORBIDDEN, API_TOO_MANY */
  identify(request: IncomingMessage, response: ServerResponse): Identity;
  /** A request that needs nothing. @throws LvsError API_TOO_MANY */
  passBy(request: IncomingMessage, response: ServerResponse): void;
  /** The other end of the connection, in words. */
  from(request: IncomingMessage): string;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may ask this; absent: `read` for GET, HEAD and OPTIONS, else `admin`. `nothing`: everybody, known or not. */
    readonly needs?: Role | 'nothing';
    /**
     * A change that is not below one service (`:service`): who may not change all of them is refused, unless the handler says that it asks
     * `mayTouch` for each that is touched.
     */
    readonly grants?: 'checked-by-handler';
  }
  interface FastifyRequest {
    /** Not for routes that need nothing. */
    readonly identity: Identity;
    /** Whether the grants of who asks have this service, by its id. */
    mayTouch(service: string): boolean;
  }
}

const identitySchema = {
  title: 'Identity',
  ...object({
    name: text,
    role: { type: 'string', enum: roles },
    services: {
      anyOf: [{ type: 'string', enum: ['all'] }, listOf(text)],
      description: 'what may be changed: ids of services, or beginnings of ids with a * behind them',
    },
    by: { type: 'string', enum: ['socket', 'token', 'certificate'] },
  }),
} as const;

const readIdentity = {
  operationId: 'readIdentity',
  summary: 'Who asks, and what he may',
  response: { 200: identitySchema },
} as const;

export function identityRoutes(api: Api): void {
  api.get('/v1/identity', { schema: readIdentity }, ({ identity }) => identity);
}

const known = new WeakMap<FastifyRequest, Identity>();

/** undefined: nobody knows who asks, or the route needs nothing. */
export const identityOf = (request: FastifyRequest): Identity | undefined => known.get(request);

/** From now on each request of `api` has an identity that may do what its route is for, or is refused before its body is read. */
export function guard(api: Api, access: Access): void {
  api.decorateRequest('identity', {
    getter(this: FastifyRequest): Identity {
      const found = known.get(this);
      if (found === undefined) throw new Error('a route that needs nothing asks who it is');
      return found;
    },
  });
  api.decorateRequest('mayTouch', function (this: FastifyRequest, service: string): boolean {
    return touches(this.identity, service);
  });
  api.addHook('onRequest', (request, reply, done) => {
    try {
      admit(request, reply, access);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function admit(request: FastifyRequest, reply: FastifyReply, access: Access): void {
  const { needs = isReading(request.method) ? 'read' : 'admin', grants } = request.routeOptions.config;
  if (needs === 'nothing') return access.passBy(request.raw, reply.raw);
  const who = identified(request, reply, access);
  known.set(request, who);
  mustBeOwnPage(request, who.by);
  mustBe(request, needs);
  if (needs === 'read' || who.services === 'all' || grants === 'checked-by-handler') return;
  const { service } = (request.params ?? {}) as { readonly service?: string };
  if (service === undefined)
    throw new LvsError('API_FORBIDDEN', [who.name, 'may change some services only, and this is not of one']);
  mustTouch(request, service);
}

function identified({ raw }: FastifyRequest, reply: FastifyReply, access: Access): Identity {
  try {
    return access.identify(raw, reply.raw);
  } catch (error) {
    if (error instanceof LvsError && error.code === 'API_UNAUTHENTICATED')
      void reply.header('www-authenticate', 'Bearer realm="lvsd"');
    throw error;
  }
}

/** For a handler of which a part needs more than its route. @throws LvsError API_FORBIDDEN */
export function mustBe({ identity: { name, role } }: FastifyRequest, needs: Role): void {
  if (roles.indexOf(role) < roles.indexOf(needs))
    throw new LvsError('API_FORBIDDEN', [name, `has the role '${role}', and this needs '${needs}'`]);
}

/** For a handler that checks grants by itself. @throws LvsError API_FORBIDDEN */
export function mustTouch(request: FastifyRequest, service: string): void {
  if (!request.mayTouch(service))
    throw new LvsError('API_FORBIDDEN', [request.identity.name, `may not change the service '${service}'`]);
}

const touches = ({ services }: Identity, service: string): boolean =>
  services === 'all' ||
  services.some((one) => (one.endsWith('*') ? service.startsWith(one.slice(0, -1)) : service === one));

export const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
