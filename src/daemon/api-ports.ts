import type { Changes } from '../api/changes.js';
import type { DoctorView } from '../api/doctor.js';
import type { EventsView } from '../api/events.js';
import type { MetricsView } from '../api/metrics.js';
import type { ApiPorts } from '../api/server.js';
import type { Director } from '../director/director.js';
import { changeName } from '../model/change.js';
import type { Table } from '../model/table.js';
import { release } from '../system/release.js';
import { type Answerers, holding, needed, seenPair } from './answers.js';
import { Served } from './api-services.js';
import { liveConnections } from './connection-list.js';
import type { KernelView } from './kernel-view.js';
import type { LiveCounts } from './live-counts.js';
import type { Reload } from './reload.js';
import { schedulerList } from './scheduler-list.js';
import { engineStatusOf } from './status.js';
import type { CheckRow as WatchedCheck, Watch } from './watch.js';

/** Who knows what the API is asked for. */
export interface ApiAnswerers extends Pick<Answerers, 'engine'> {
  readonly director: Pick<Director, 'status' | 'preview'>;
  readonly changes: Changes;
  readonly watch: Pick<Watch, 'rows' | 'show' | 'isUp'>;
  readonly reload: Pick<Reload, 'configuration' | 'originOf' | 'fingerprint' | 'read' | 'fromSource'>;
  /** undefined: nothing holds addresses. */
  readonly vrrp: Pick<NonNullable<Answerers['vrrp']>, 'report' | 'pair' | 'failover'> | undefined;
  readonly sync: Pick<NonNullable<Answerers['sync']>, 'report'> | undefined;
  readonly events: EventsView;
  readonly metrics: MetricsView;
  readonly doctor: DoctorView;
  readonly counts: Pick<LiveCounts, 'read'>;
  /** undefined: it has no IPVS. */
  readonly kernel: Pick<KernelView, 'connections'> | undefined;
}

/** Of each list of the status. */
const MOST_LINES = 1000;

/** The ports of the API: what lvsctl is answered, by nouns. */
export function apiPortsOf(answerers: ApiAnswerers): ApiPorts {
  const { director, engine, watch, reload, vrrp, sync, events, metrics, doctor, counts, kernel, changes } = answerers;
  const served = new Served({
    configuration: () => reload.configuration,
    director,
    changes,
    originOf: (service) => reload.originOf(service),
    isUp: (server) => watch.isUp(server),
  });
  return {
    services: served,
    destinations: served,
    changes,
    health: { rows: () => watch.rows, show: (row) => watch.show(row as WatchedCheck) },
    vrrp: {
      report: async () => (await vrrp?.report()) ?? { instances: [], groups: [] },
      failover: (order) => holding(vrrp).failover(order),
    },
    pair: { report: () => seenPair(vrrp, sync) },
    engine: { status: async () => engineStatusOf(await needed(engine).status()) },
    status: {
      status() {
        const { known, last, quorums, refused, drift, foreign, writes } = director.status;
        const { rows } = watch;
        const up = rows.filter(({ verdict }) => verdict === 'up').length;
        return {
          software: release(),
          services: known.size,
          destinations: destinationsIn(known),
          checks: { up, down: rows.length - up },
          quorumLost: lostOf(quorums),
          lastPlan: last.changes.slice(0, MOST_LINES).map(changeName),
          refused: refused.slice(0, MOST_LINES).map(({ change, reason }) => ({ change, reason })),
          drift: drift.slice(0, MOST_LINES),
          foreign: foreign.slice(0, MOST_LINES),
          writes,
        };
      },
    },
    statistics: counts,
    connections: {
      rows: () => liveConnections({ table: () => director.status.known, kernel, engine }),
    },
    schedulers: { all: () => schedulerList() },
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
    events,
    metrics,
    doctor,
  };
}

function destinationsIn(table: Table): number {
  let sum = 0;
  for (const { destinations } of table.values()) sum += destinations.size;
  return sum;
}

function lostOf(quorums: ReadonlyMap<string, boolean>): string[] {
  const lost: string[] = [];
  for (const [name, has] of quorums) if (!has) lost.push(name);
  return lost;
}
