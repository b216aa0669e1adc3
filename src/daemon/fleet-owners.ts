import { hostname } from 'node:os';
import { Announcer } from '../announce/announcer.js';
import type { Director } from '../director/director.js';
import { FleetDesk } from '../fleet/desk.js';
import { Fleet } from '../fleet/fleet.js';
import { wallClock } from '../system/clock.js';
import { systemRandom } from '../system/random.js';
import type { StateFile } from '../system/state-file.js';
import { offersOf } from './announce-offers.js';
import { openEtcd } from './fleet-etcd.js';
import { FleetFacts } from './fleet-facts.js';
import type { Reload } from './reload.js';
import type { Watch } from './watch.js';
import type { World } from './world.js';

export interface FleetOwnersOptions extends Pick<World, 'clock' | 'log' | 'routes'> {
  readonly director: Pick<Director, 'status'>;
  readonly watch: Pick<Watch, 'status'>;
  readonly reload: Pick<Reload, 'configuration' | 'setLayer' | 'withLayer'>;
  readonly files: FleetFiles;
}

/** What outlives us. */
export interface FleetFiles {
  /** The documents that were in force last. */
  readonly documents: Pick<StateFile, 'path' | 'read' | 'write'>;
  /** What was announced, and whether an operator withdrew it. */
  readonly announcements: Pick<StateFile, 'path' | 'read' | 'write'>;
}

export interface FleetOwners {
  readonly fleet: Fleet;
  readonly desk: FleetDesk;
  /** undefined: this world has no routes. */
  readonly announcer: Announcer | undefined;
}

/** Who follows etcd, who carries out an operator's orders there, and who tells the routing daemon. */
export function fleetOwnersOf(options: FleetOwnersOptions): FleetOwners {
  const { clock, log, routes, director, watch, reload, files } = options;
  const announcer =
    routes === undefined
      ? undefined
      : new Announcer({
          board: routes,
          clock,
          log,
          memory: files.announcements,
          offers: () => offersOf(reload.configuration, director.status.quorums),
        });
  const facts = new FleetFacts({
    director: () => director.status,
    checks: () => watch.status,
    announced: () => announcer?.status,
  });
  const fleet = new Fleet({
    open: (settings) => openEtcd(settings, clock),
    apply: (layer) => reload.setLayer('fleet', layer),
    facts: (own) => facts.of(own),
    machine: hostname(),
    memory: files.documents,
    clock,
    random: systemRandom,
    log,
  });
  const desk = new FleetDesk({ fleet, fits: (layer) => void reload.withLayer('fleet', layer), now: wallClock });
  return { fleet, desk, announcer };
}
