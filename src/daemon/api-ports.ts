import type { ApiPorts } from '../api/server.js';
import type { Director } from '../director/director.js';
import { release } from '../system/release.js';
import { type Answerers, holding, needed, seenPair } from './answers.js';
import { Served } from './api-services.js';
import type { Reload } from './reload.js';
import { engineStatusOf, statusOf } from './status.js';
import type { Watch } from './watch.js';

/** Who knows what the API is asked for. */
export interface ApiAnswerers extends Pick<Answerers, 'engine'> {
  readonly director: Pick<Director, 'status' | 'override' | 'preview'>;
  readonly watch: Pick<Watch, 'status' | 'isUp'>;
  readonly reload: Pick<Reload, 'configuration' | 'fingerprint' | 'read' | 'fromSource'>;
  /** undefined: nothing holds addresses. */
  readonly vrrp: Pick<NonNullable<Answerers['vrrp']>, 'report' | 'pair' | 'failover'> | undefined;
  readonly sync: Pick<NonNullable<Answerers['sync']>, 'report'> | undefined;
}

/** The ports of the API: what lvsctl is answered, by nouns. */
export function apiPortsOf({ director, engine, watch, reload, vrrp, sync }: ApiAnswerers): ApiPorts {
  const served = new Served({
    configuration: () => reload.configuration,
    director,
    isUp: (server) => watch.isUp(server),
  });
  return {
    services: served,
    destinations: served,
    health: { checks: () => watch.status },
    vrrp: {
      report: async () => (await vrrp?.report()) ?? { instances: [], groups: [] },
      failover: (order) => holding(vrrp).failover(order),
    },
    pair: { report: () => seenPair(vrrp, sync) },
    engine: { status: async () => engineStatusOf(await needed(engine).status()) },
    status: {
      status() {
        const { services, checks, ...rest } = statusOf(director.status, watch.status);
        return {
          software: release(),
          services: services.length,
          destinations: services.reduce((sum, { destinations }) => sum + destinations.length, 0),
          checks: {
            up: checks.filter(({ verdict }) => verdict === 'up').length,
            down: checks.filter(({ verdict }) => verdict === 'down').length,
          },
          quorumLost: rest.quorumLost,
          lastPlan: rest.lastPlan,
          refused: rest.refused.map(({ change, reason }) => ({ change, reason })),
          drift: rest.drift,
          foreign: rest.foreign,
          writes: rest.writes,
        };
      },
    },
    configuration: {
      inForce: () => ({
        files: reload.configuration?.files ?? [],
        fingerprint: reload.fingerprint ?? null,
        virtualServers: reload.configuration?.virtualServers.length ?? 0,
        virtualRouters: reload.configuration?.vrrp.instances.length ?? 0,
      }),
      plan: async () => director.preview(reload.read()),
      reload: () => reload.fromSource(),
    },
  };
}
