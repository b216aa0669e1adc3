import type { CheckStatus, EngineState, EngineSyncState, Status } from '../cli/control.js';
import type { EngineSyncStatus } from '../connsync/engine-sync.js';
import type { DirectorStatus } from '../director/director.js';
import { changeName } from '../model/change.js';
import type { EngineStatus } from './engine.js';

/** What `lvsctl status` shows. */
export const statusOf = (director: DirectorStatus, checks: readonly CheckStatus[]): Status => ({
  services: [...director.known].map(([service, { settings, destinations }]) => ({
    service,
    engine: settings.engine === undefined ? 'kernel' : 'userspace',
    scheduler: settings.scheduler,
    destinations: [...destinations].map(
      ([
        destination,
        {
          settings: { method, weight },
        },
      ]) => ({
        destination,
        method,
        weight,
      }),
    ),
  })),
  checks,
  quorumLost: [...director.quorums].flatMap(([name, has]) => (has ? [] : [name])),
  lastPlan: director.last.changes.map(changeName),
  refused: director.refused,
  drift: director.drift,
  foreign: director.foreign,
  writes: director.writes,
});

const numbersOf = (counts: ReadonlyMap<string, bigint>): Record<string, number> =>
  Object.fromEntries([...counts].map(([word, count]) => [word, Number(count)]));

/** The engine's part of it. */
export const engineStatusOf = (status: EngineStatus): EngineState => ({
  running: status.running,
  path: status.path,
  pid: status.pid ?? null,
  workers: status.workers,
  restarts: status.restarts,
  ports: status.ports.map(({ name, mode, queues, reason = '' }) => ({ name, mode, queues, reason })),
  silentNeighbours: status.silentNeighbours,
  sessions: {
    live: Number(status.counters?.liveSessions ?? 0),
    capacity: Number(status.counters?.sessionCapacity ?? 0),
    bytes: Number(status.counters?.sessionBytes ?? 0),
  },
  dropped: numbersOf(status.counters?.dropped ?? new Map()),
  events: numbersOf(status.counters?.events ?? new Map()),
});

/** Its sync daemons, likewise. */
export const engineSyncStatusOf = (status: EngineSyncStatus | undefined): EngineSyncState | null => {
  if (status === undefined) return null;
  const { settings, roles, isRunning, trouble = '', told, taken } = status;
  const { interface: device, group, port, syncId } = settings;
  return {
    ...{ ...roles, running: isRunning, trouble, interface: device, group, port, syncId },
    sent: {
      messages: told.messages,
      connections: told.connections,
      untold: Object.fromEntries(told.untold),
      failed: Object.fromEntries(told.failed),
    },
    received: { messages: taken.messages, taken: taken.taken, refused: Object.fromEntries(taken.refused) },
  };
};
