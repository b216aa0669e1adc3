/**
 * web/ — the dashboard in a real Chromium. fake-director.ts: an API that answers what a test wants, with the real page, events and guard ·
 * screen.ts: the browser.
 */
import fastify from 'fastify';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { guard, type Identity, identityRoutes } from '../../src/api/access.js';
import { httpServer } from '../../src/api/connections.js';
import { dashboardRoutes } from '../../src/api/dashboard.js';
import type { Destination } from '../../src/api/destinations.js';
import { eventRoutes } from '../../src/api/events.js';
import type { Check } from '../../src/api/health.js';
import { problemOf, PROBLEM_TYPE } from '../../src/api/problem.js';
import type { Api } from '../../src/api/schema.js';
import type { Service } from '../../src/api/services.js';
import { dashboardFiles, dashboardPlaces } from '../../src/daemon/dashboard-files.js';
import type { Pending } from '../../src/declare/change.js';
import { LvsError } from '../../src/errors.js';
import { Journal } from '../../src/events/journal.js';
import { EventStreams } from '../../src/events/streams.js';
import { systemClock, wallMs } from '../../src/system/clock.js';

/** Rows of a page, whatever is asked: the dashboard has to follow cursors. */
const MOST_ROWS = 400;

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What it serves now; a test changes it as it likes. */
export class FakeDirector {
  readonly journal = new Journal({ wallMs });
  readonly streams = new EventStreams(this.journal, systemClock);
  services: readonly Service[] = [];
  destinations: readonly Destination[] = [];
  failing: readonly Check[] = [];
  status = calmStatus;
  vrrp: object = { instances: [], groups: [] };
  /** A change that waits to be confirmed. */
  pending: Pending | null = null;
  /** undefined: it has no peer. */
  pair: object | undefined;
  /** New connections per second and destination. */
  rate = 10;
  identity: Identity = { name: 'uid 0 (root)', role: 'admin', services: 'all', by: 'socket' };
  /** By token; undefined: nobody needs one. */
  tokens: ReadonlyMap<string, Identity> | undefined;
  readonly #startedAt = wallMs();
  #server: Server | undefined;
  #port = 0;
  /** Paths that were asked for, without their queries. */
  readonly asked: string[] = [];

  readonly api: Api;

  private constructor(api: Api) {
    this.api = api;
  }

  /** It answers until the test ends. */
  static async open(t: Test): Promise<FakeDirector> {
    const api: Api = fastify().withTypeProvider();
    const director = new FakeDirector(api);
    director.journal.open();
    api.setErrorHandler((error, _request, reply) => {
      const problem = problemOf(error);
      void reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
    });
    guard(api, { identify: (request) => director.#identify(request), passBy: () => undefined, from: () => 'a test' });
    api.addHook('onRequest', ({ url }, _reply, done) => {
      director.asked.push(url.split('?', 1)[0] ?? '');
      done();
    });
    dashboardRoutes(api, dashboardFiles({ ...dashboardPlaces(), page: `${root}web` }));
    identityRoutes(api);
    eventRoutes(api, director);
    director.#routes();
    await api.ready();
    t.teardown(async () => {
      await director.hide();
      await api.close();
    });
    return director;
  }

  get url(): string {
    return `http://localhost:${this.#port}/`;
  }

  /** Listens, at the same port as before. */
  async show(): Promise<string> {
    this.#server = httpServer(this.api);
    await new Promise<void>((resolve, reject) => {
      this.#server?.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    return this.url;
  }

  /** As if it had ended. */
  async hide(): Promise<void> {
    this.streams.endAll();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  change(service: string, destination: string, change: Partial<Destination>): void {
    this.destinations = this.destinations.map((one) =>
      one.service === service && one.id === destination ? { ...one, ...change } : one,
    );
  }

  #identify({ headers }: IncomingMessage): Identity {
    if (this.tokens === undefined) return this.identity;
    const known = this.tokens.get(headers.authorization?.replace('Bearer ', '') ?? '');
    if (known === undefined) throw new LvsError('API_UNAUTHENTICATED', ['a token is needed']);
    return known;
  }

  #routes(): void {
    const { api } = this;
    const list = (path: string, rows: () => readonly unknown[], more: () => object = () => ({})): void => {
      api.get(path, ({ query }) => {
        const from = Number((query as { readonly cursor?: string }).cursor ?? 0);
        const all = rows();
        const next = from + MOST_ROWS < all.length ? String(from + MOST_ROWS) : null;
        return { ...more(), items: all.slice(from, from + MOST_ROWS), next, total: all.length };
      });
    };
    list('/v1/services', () => this.services);
    list('/v1/destinations', () => this.destinations);
    list('/v1/health', () => this.failing);
    list(
      '/v1/statistics',
      () => this.#statistics(),
      () => ({ at: wallMs() }),
    );
    api.get('/v1/connections', () => ({ items: [], next: null }));
    api.get('/v1/status', () => this.status);
    api.get('/v1/history', () => ({ revision: 1, pending: this.pending, items: [], next: null, total: 0 }));
    api.get('/v1/vrrp', () => this.vrrp);
    api.get('/v1/pair', () => {
      if (this.pair === undefined) throw new LvsError('PAIR_NOBODY', []);
      return this.pair;
    });
    api.get('/v1/services/:service/destinations/:destination', ({ params }, reply) => {
      const { service, destination } = params as { readonly service: string; readonly destination: string };
      const found = this.destinations.find((one) => one.service === service && one.id === destination);
      if (found === undefined) throw new LvsError('API_NO_DESTINATION', [destination, service]);
      return reply.header('etag', '"1"').send(found);
    });
  }

  #statistics(): readonly object[] {
    const connections = Math.round(((wallMs() - this.#startedAt) / 1000) * this.rate);
    const counters = {
      connections,
      inPackets: 0,
      outPackets: 0,
      inBytes: connections * 1000,
      outBytes: connections * 9000,
    };
    const now = { active: 3, inactive: 4, persistent: 0 };
    const byService = new Map(this.services.map(({ id }): [string, Destination[]] => [id, []]));
    for (const one of this.destinations) byService.get(one.service)?.push(one);
    return this.services.map(({ id, engine }) => {
      const destinations = (byService.get(id) ?? []).map((one) => ({ id: one.id, ...counters, ...now }));
      const times = (record: Readonly<Record<string, number>>): object =>
        Object.fromEntries(Object.entries(record).map(([name, value]) => [name, value * destinations.length]));
      return { id, engine, ...times(counters), ...times(now), destinations };
    });
  }
}

const calmStatus = {
  software: '1.2.3',
  services: 0,
  destinations: 0,
  checks: { up: 0, down: 0 },
  quorumLost: [] as readonly string[],
  lastPlan: [] as readonly string[],
  refused: [] as readonly { readonly change: string; readonly reason: string }[],
  drift: [] as readonly string[],
  foreign: [] as readonly string[],
  writes: 0,
};

/** A service that is up. */
export const service = (address: string, port: number, more: Partial<Service> = {}): Service => ({
  id: `tcp-${address}-${port}`,
  name: `tcp ${address}:${port}`,
  by: 'address',
  family: 'ip4',
  protocol: 'tcp',
  address,
  prefixLength: null,
  port,
  mark: null,
  origin: 'file',
  virtualServer: `tcp ${address}:${port}`,
  engine: 'kernel',
  scheduler: 'wlc',
  persistenceSeconds: null,
  inForce: true,
  quorum: { needed: 1, hysteresis: 0, met: true },
  destinations: 1,
  ...more,
});

/** A real server of it that is up. */
export const destination = ({ id, name }: Service, address: string, more: Partial<Destination> = {}): Destination => ({
  id: `${address}-8080`,
  service: id,
  address,
  port: 8080,
  method: 'masquerade',
  role: 'real',
  server: `${name} -> ${address}:8080`,
  health: 'up',
  configuredWeight: 3,
  override: null,
  weight: 3,
  maintenance: false,
  drain: null,
  refused: null,
  ...more,
});

/** Of a destination that is down. */
export const failed = ({ server }: Destination, detail: string): Check => ({
  server: server ?? '',
  check: 'HTTP_GET',
  verdict: 'down',
  proven: true,
  since: null,
  attempts: 3,
  failures: 3,
  last: 'failed',
  detail,
  damped: false,
  suspended: false,
  servers: 1,
  weight: null,
});

export const down: Partial<Destination> = { health: 'down', weight: null };
