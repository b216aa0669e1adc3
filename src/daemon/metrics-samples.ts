import type { Samples } from '../metrics/samples.js';
import type { PairReport } from '../pair/pair.js';
import type { SyncReport } from '../pair/sync-report.js';
import type { VrrpReport } from '../vrrp/report.js';
import type { EngineStatus } from './engine.js';

const ROLES = ['initialize', 'backup', 'master', 'fault'] as const;

/** @param report undefined: the process does not answer */
export function addVrrp(samples: Samples, report: VrrpReport | undefined): void {
  samples.add('vrrp_up', report === undefined ? 0 : 1);
  for (const one of report?.instances ?? []) {
    const router = { router: one.name };
    for (const role of ROLES) samples.add('vrrp_role', one.role === role ? 1 : 0, { ...router, role });
    samples.add('vrrp_priority', one.priority, router);
    samples.add('vrrp_adverts_sent', one.sent.adverts, router);
    samples.add('vrrp_adverts_accepted', one.accepted, router);
    for (const [reason, { adverts }] of Object.entries(one.refused))
      samples.add('vrrp_adverts_refused', adverts, { ...router, reason });
    samples.add('vrrp_addresses_in_use', one.addressesInUse.length, router);
  }
}

/** @param pair none: nothing is held, so that the directors only synchronise */
export function addPair(samples: Samples, pair: PairReport | 'none' | undefined, sync: SyncReport | undefined): void {
  if (pair !== 'none') {
    samples.add('pair_connected', pair?.state === 'connected' ? 1 : 0);
    if (pair !== undefined) samples.add('pair_differences', pair.differences.length);
  }
  samples.add('sync_connected', sync?.peer.is === 'connected' ? 1 : 0);
  if (sync === undefined) return;
  const { connections, sessions } = sync;
  const areHere = connections.is === 'done' || connections.is === 'off';
  samples.add('sync_whole', areHere && sessions.takes?.isWhole !== false ? 1 : 0);
  if (connections.lostMessages !== null) samples.add('sync_lost_messages', connections.lostMessages);
}

export function addEngine(
  samples: Samples,
  { running, restarts, counters, ports, silentNeighbours }: EngineStatus,
): void {
  samples.add('engine_up', running ? 1 : 0);
  samples.add('engine_restarts', restarts);
  samples.add('engine_silent_neighbours', silentNeighbours.length);
  for (const { name: port, mode } of ports) samples.add('engine_ports', 1, { port, mode });
  if (counters === undefined) return;
  samples.add('engine_sessions', counters.liveSessions);
  samples.add('engine_session_capacity', counters.sessionCapacity);
  samples.addEach(
    'engine_dropped_packets',
    'reason',
    [...counters.dropped].filter(([reason]) => reason !== 'none'),
  );
  samples.addEach('engine_events', 'event', counters.events);
}
