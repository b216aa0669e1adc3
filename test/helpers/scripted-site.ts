/** Two services of a scripted API, whose counters grow as its own clock says. */
import { listed, Problem, type Scripts } from './scripted-api.js';

export const web = {
  id: 'tcp-192.0.2.1-80',
  name: 'tcp 192.0.2.1:80',
  by: 'address',
  family: 'ip4',
  protocol: 'tcp',
  address: '192.0.2.1',
  prefixLength: null,
  port: 80,
  mark: null,
  origin: 'file',
  virtualServer: 'tcp 192.0.2.1:80',
  engine: 'kernel',
  scheduler: 'wlc',
  persistenceSeconds: 300,
  inForce: true,
  quorum: { needed: 1, hysteresis: 0, met: true },
  destinations: 2,
} as const;

export const dns = {
  ...web,
  id: 'udp-2001:db8::1-53',
  name: 'udp [2001:db8::1]:53',
  protocol: 'udp',
  address: '2001:db8::1',
  port: 53,
  origin: 'api',
  scheduler: 'rr',
  persistenceSeconds: null,
  quorum: { needed: 1, hysteresis: 0, met: false },
  destinations: 1,
} as const;

const destination = (service: typeof web | typeof dns, address: string, port: number) =>
  ({
    id: `${address}-${port}`,
    service: service.id,
    address,
    port,
    method: 'direct-route',
    role: 'real',
    server: `${service.name} -> ${address.includes(':') ? `[${address}]` : address}:${port}`,
    health: 'up',
    configuredWeight: 3,
    override: null,
    weight: 3,
    refused: null,
    maintenance: false,
    drain: null,
  }) as const;

export const one = destination(web, '10.0.0.1', 8080);
export const two = { ...destination(web, '10.0.0.2', 8080), health: 'down', weight: null } as const;
export const resolver = { ...destination(dns, '2001:db8:1::1', 53), health: 'down', weight: null } as const;
const all = [one, two, resolver];

/** After `seconds`; per second: connections, bytes in. */
const counters = (id: string, seconds: number, connections: number, bytes: number, active: number) => ({
  id,
  connections: seconds * connections,
  inPackets: seconds * connections * 10,
  outPackets: seconds * connections * 20,
  inBytes: seconds * bytes,
  outBytes: seconds * bytes * 4,
  active,
  inactive: 2 * active,
  persistent: 0,
});

/** Counters as they are `seconds` after a start. The web service has many connections, the resolver many bytes. */
export const statisticsAt = (seconds: number, service?: string | null): object => ({
  at: 1_700_000_000_000 + 1000 * seconds,
  ...listed(
    ...[
      {
        ...counters(web.id, seconds, 120, 5000, 40),
        engine: 'kernel',
        destinations: [counters(one.id, seconds, 100, 4000, 30), counters(two.id, seconds, 20, 1000, 10)],
      },
      {
        ...counters(dns.id, seconds, 7, 2_500_000, 0),
        engine: 'kernel',
        destinations: [counters(resolver.id, seconds, 7, 2_500_000, 0)],
      },
    ].filter(({ id }) => service === undefined || service === null || id === service),
  ),
});

/** What can be read of it. `seconds`: how old its counters are when they are asked for. */
export const site = (seconds: () => number = () => 10): Scripts => ({
  'GET /v1/services': ({ query }) => listed(...[web, dns].filter(({ name }) => name.includes(query.get('name') ?? ''))),
  'GET /v1/services/*': ({ path }) => [web, dns].find(({ id }) => path.endsWith(`/${id}`)) ?? new Problem(404, 'no'),
  'GET /v1/services/*/destinations': ({ path }) => ({
    items: all.filter(({ service }) => path.includes(`/${service}/`)),
  }),
  'GET /v1/destinations': ({ query }) =>
    listed(
      ...all.filter(
        ({ health, address }) =>
          (query.get('health') ?? health) === health && (query.get('address') ?? address) === address,
      ),
    ),
  'GET /v1/statistics': ({ query }) => statisticsAt(seconds(), query.get('service')),
});
