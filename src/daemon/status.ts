import type { CheckStatus, Status } from '../cli/control.js';
import type { DirectorStatus } from '../director/director.js';
import { changeName } from '../model/change.js';

/** What `lvsctl status` shows. */
export const statusOf = (director: DirectorStatus, checks: readonly CheckStatus[]): Status => ({
  services: [...director.known].map(([service, { settings, destinations }]) => ({
    service,
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
