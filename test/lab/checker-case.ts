/** A checker, its real server and what happens to that: what checkers.lab.ts is made of. */
import { join } from 'node:path';
import type { Step } from './checker-story.js';

export const folder = '/run/checkers';
export const at = (name: string): string => join(folder, name);

/** Of every check; from a server's end to the table: docs/health.md. */
export const pace = { delayLoop: 1, retry: 1, delayBeforeRetry: 0.5, connectTimeout: 5 };
/** What a check says of a server that let it wait for so long. */
export const timedOut = `within ${pace.connectTimeout * 1000} ms`;
export const PROMISED_MS =
  1000 * (pace.delayLoop + pace.retry * pace.delayBeforeRetry + (pace.retry + 1) * pace.connectTimeout);
/** Of the BFD session, either way; on a busy machine everybody has a turn before it is over. */
export const bfdPace = { intervalMs: 100, multiplier: 30 };
export const BFD_DETECTION_MS = bfdPace.intervalMs * bfdPace.multiplier;

/** Of the real servers. */
export const address = {
  tcp: '10.2.0.11',
  http: '10.2.0.12',
  ssl: '10.2.0.13',
  h2c: '10.2.0.14',
  h2: '10.2.0.15',
  grpc: '10.2.0.16',
  smtp: '10.2.0.17',
  dns: '10.2.0.18',
  udp: '10.2.0.19',
  misc: '10.2.0.20',
  dynamic: '10.2.0.21',
  file: '10.2.0.22',
  suspended: '10.2.0.23',
  inhibited: '10.2.0.24',
  quorum: '10.2.0.25',
  sorry: '10.2.0.26',
  ping: '10.2.0.31',
  bfd: '10.2.0.32',
} as const;

export interface Checker {
  /** The test's name. */
  readonly what: string;
  readonly server: string;
  /** 80 if not told. */
  readonly port?: number;
  /** The check, and what else stands in real_server. */
  readonly real: string;
  /** In virtual_server; it replaces `alpha`. */
  readonly virtual?: string;
  /** `10.1.0.100` if not told. */
  readonly vip?: string;
  /** TCP if not told. */
  readonly protocol?: 'UDP';
  /** From a change of the server to the table, if it is not PROMISED_MS. */
  readonly promisedMs?: number;
  /** Why it cannot be held here. */
  readonly skip?: string | false;
  readonly start?: () => unknown;
  readonly end?: () => unknown;
  readonly steps: readonly Step[];
}

/** A table of one server. */
export const one = (server: string, weight = 1): string => `${server} ${weight}`;

/** In the table, out of it, in it again. */
export const outAndBack = (
  server: string,
  broken: Pick<Step, 'what' | 'act' | 'because'>,
  mended: Pick<Step, 'what' | 'act'>,
): Step[] => [
  { what: 'at first', becomes: one(server) },
  { ...broken, becomes: '' },
  { ...mended, becomes: one(server) },
];
