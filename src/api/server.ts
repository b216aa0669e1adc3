/**
 * api/ — the face that programs call: fastify over ports that the daemon implements. A file per noun, schema and handler side by side: the
 * schema is the type, the validation and the OpenAPI document. server.ts: what holds for all routes · problem.ts: errors · openapi.ts.
 */
import fastify, { type FastifyReply, type FastifyRequest, type FastifySchema } from 'fastify';
import { LvsError } from '../errors.js';
import type { Log } from '../system/log.js';
import { type Access, guard, identityRoutes } from './access.js';
import { type Audit, auditChanges, rememberCode } from './audit.js';
import { ChangeDesk } from './change-desk.js';
import type { Changes } from './changes.js';
import { type ConfigurationView, configurationRoutes } from './configuration.js';
import { type DashboardFile, dashboardRoutes } from './dashboard.js';
import { destinationChangeRoutes } from './destination-changes.js';
import { type Destinations, destinationRoutes } from './destinations.js';
import { type DoctorView, doctorRoutes } from './doctor.js';
import { type EngineView, engineRoutes } from './engine.js';
import { eventRoutes, type EventsView } from './events.js';
import { drainRoutes } from './drains.js';
import { type Health, healthRoutes } from './health.js';
import { historyRoutes } from './history.js';
import { type ConnectionsView, connectionRoutes } from './live-connections.js';
import { AnswerKeeper, answerOnce, withKey } from './idempotency.js';
import { answerOtherMethods, knowAllMethods, pathOf } from './methods.js';
import { openapiRoutes, type Route } from './openapi.js';
import { metricsRoutes, type MetricsView } from './metrics.js';
import { type PairView, pairRoutes } from './pair.js';
import { BODY_LIMIT, problemOf, PROBLEM_TYPE } from './problem.js';
import { readNumbers } from './query.js';
import { type Api, JSON_TYPE, MERGE_PATCH_TYPE, object } from './schema.js';
import { schedulerRoutes, type SchedulersView } from './schedulers.js';
import { serviceChangeRoutes } from './service-changes.js';
import { type Services, serviceRoutes } from './services.js';
import { statisticsRoutes, type StatisticsView } from './statistics.js';
import { type StatusView, statusRoutes } from './status.js';
import { transactionRoutes } from './transactions.js';
import { validatorsOnDemand } from './validation.js';
import { type Vrrp, vrrpRoutes } from './vrrp.js';

/** What the routes may ask of the rest of lvsd. */
export interface ApiPorts {
  readonly services: Services;
  readonly destinations: Destinations;
  readonly changes: Changes;
  readonly health: Health;
  readonly vrrp: Vrrp;
  readonly pair: PairView;
  readonly engine: EngineView;
  readonly status: StatusView;
  readonly statistics: StatisticsView;
  readonly connections: ConnectionsView;
  readonly schedulers: SchedulersView;
  readonly configuration: ConfigurationView;
  readonly events: EventsView;
  readonly metrics: MetricsView;
  readonly doctor: DoctorView;
}

export interface ApiOptions {
  readonly log: Log;
  /** Release of lvsd. */
  readonly version: string;
  /** Milliseconds that never jump. */
  readonly now: () => number;
  readonly access: Access;
  readonly audit: Audit;
  /** Absent: no page is served. */
  readonly dashboard?: readonly DashboardFile[];
}

/** Of a route that says nothing of queries: a word that does nothing is a mistake of who wrote it. */
const NO_QUERY = object({});

/** All routes; ready to be asked. It listens nowhere: whoever has a socket hands requests to its `routing`. */
export async function apiServer(
  ports: ApiPorts,
  { log, version, now, access, audit, dashboard = [] }: ApiOptions,
): Promise<Api> {
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = problemOf(error, request.routeOptions.bodyLimit);
    if (problem.status >= 500) log.error({ event: 'api.failed', ...about(request), ...causeOf(error) });
    rememberCode(reply, problem.code);
    void reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
  };
  const api: Api = fastify({
    bodyLimit: BODY_LIMIT,
    frameworkErrors: fail,
  }).withTypeProvider();
  api.setValidatorCompiler(validatorsOnDemand());
  knowAllMethods(api);
  api.setErrorHandler(fail);
  api.setSerializerCompiler(() => (document) => JSON.stringify(document));
  readJsonOnly(api);
  api.addHook('onRequest', (_request, reply, done) => {
    void reply.header('cache-control', 'no-cache').header('x-content-type-options', 'nosniff');
    done();
  });
  guard(api, access);
  api.addHook('onRequest', (request, _reply, done) => {
    done(request.is404 ? new LvsError('API_NO_ROUTE', [pathOf(request.url)]) : undefined);
  });
  api.addHook('preValidation', ({ query, routeOptions }, _reply, done) => {
    readNumbers(query, routeOptions.schema?.querystring);
    done();
  });
  auditChanges(api, access, audit);
  answerOnce(api, new AnswerKeeper({ now }));

  const routes: Route[] = [];
  const all: { readonly method: string; readonly url: string }[] = [];
  api.addHook('onRoute', (route) => {
    const schema: FastifySchema = { querystring: NO_QUERY, ...withKey(route.method, route.schema) };
    route.schema = schema;
    for (const method of [route.method].flat()) {
      all.push({ method, url: route.url });
      if (schema.operationId !== undefined && method !== 'HEAD') routes.push({ method, url: route.url, schema });
    }
  });
  serviceRoutes(api, ports.services);
  destinationRoutes(api, ports.services, ports.destinations);
  const desk = new ChangeDesk(ports.changes, ports.services, ports.destinations);
  serviceChangeRoutes(api, desk);
  destinationChangeRoutes(api, desk);
  drainRoutes(api, desk);
  transactionRoutes(api, desk);
  historyRoutes(api, desk);
  healthRoutes(api, ports.health);
  vrrpRoutes(api, ports.vrrp);
  pairRoutes(api, ports.pair);
  engineRoutes(api, ports.engine);
  statusRoutes(api, ports.status);
  statisticsRoutes(api, ports.statistics);
  connectionRoutes(api, ports.connections);
  schedulerRoutes(api, ports.schedulers);
  configurationRoutes(api, ports.configuration);
  doctorRoutes(api, ports.doctor);
  eventRoutes(api, ports.events);
  metricsRoutes(api, ports.metrics);
  dashboardRoutes(api, dashboard);
  identityRoutes(api);
  openapiRoutes(api, routes, version);
  answerOtherMethods(api, [...all]);
  await api.ready();
  return api;
}

const about = ({ method, url }: FastifyRequest): { readonly method: string; readonly path: string } => ({
  method,
  path: pathOf(url),
});

const causeOf = (error: unknown): { readonly reason: string; readonly stack?: string | undefined } =>
  error instanceof Error ? { reason: error.message, stack: error.stack } : { reason: String(error) };

/** A body is JSON or is refused. Without a byte there is none, whatever its type would be: some clients always say one. */
function readJsonOnly(api: Api): void {
  const parse = api.getDefaultJsonParser('error', 'error');
  api.removeAllContentTypeParsers();
  api.addContentTypeParser([JSON_TYPE, MERGE_PATCH_TYPE], { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}
