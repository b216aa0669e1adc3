import { dh } from './dh.js';
import { fo } from './fo.js';
import { lblc } from './lblc.js';
import { lblcr } from './lblcr.js';
import { lc } from './lc.js';
import { maglevEngine } from './maglev-engine.js';
import { mh } from './mh.js';
import { nq } from './nq.js';
import { ovf } from './ovf.js';
import { rr } from './rr.js';
import type { Scheduler } from './scheduler.js';
import { sed } from './sed.js';
import { sh } from './sh.js';
import { wlc } from './wlc.js';
import { wrr } from './wrr.js';

/** Who can carry an algorithm out. */
export type Engine = 'kernel' | 'engine';

export interface Entry {
  readonly name: string;
  /** For the operator, in a line. */
  readonly meaning: string;
  /** The names of flags 1 and 2, where the algorithm has a use for them. */
  readonly flags: readonly string[];
  /** The kernel module that has it; undefined: only our own engine has it. */
  readonly module: string | undefined;
  readonly runsIn: readonly Engine[];
  readonly algorithm: Scheduler;
}

const entry = <State>(
  name: string,
  meaning: string,
  algorithm: Scheduler<State>,
  flags: readonly string[] = [],
): [string, Entry] => [
  name,
  { name, meaning, flags, module: `ip_vs_${name}`, runsIn: ['kernel', 'engine'], algorithm },
];

/** Every scheduler of the kernel, and our engine's own, by name. */
export const schedulers: ReadonlyMap<string, Entry> = new Map([
  entry('rr', 'round robin: each in turn', rr),
  entry('wrr', 'weighted round robin: each in turn, heavier ones more often', wrr),
  entry('lc', 'least connection', lc),
  entry('wlc', 'weighted least connection, the default', wlc),
  entry('lblc', 'locality-based least connection: an address asked for keeps its server, for caches', lblc),
  entry('lblcr', 'locality-based least connection with replication: keeps a set of servers', lblcr),
  entry('dh', 'destination hashing: the address asked for picks the server', dh),
  entry('sh', 'source hashing: the client picks the server', sh, ['sh-fallback', 'sh-port']),
  entry('sed', 'shortest expected delay', sed),
  entry('nq', 'never queue: an idle server if there is one, else shortest expected delay', nq),
  entry('fo', 'weighted failover: all to the heaviest', fo),
  entry('ovf', 'weighted overflow: the heaviest until it has as many connections as weight', ovf),
  entry('mh', 'Maglev hashing: the client picks the server, and keeps it when others leave', mh, [
    'mh-fallback',
    'mh-port',
  ]),
  [
    'maglev',
    {
      name: 'maglev',
      meaning: 'Maglev hashing over chosen fields of the flow; in the userspace engine only',
      flags: [],
      module: undefined,
      runsIn: ['engine'],
      algorithm: maglevEngine,
    },
  ],
]);
