import type { DestinationKey } from './destination.js';
import type { ServiceKey } from './service.js';
import type { Statistics } from './statistics.js';

export interface CountedDestination {
  readonly key: DestinationKey;
  readonly statistics: Statistics;
  /** Established connections (UDP of the kernel: none). */
  readonly active: number;
  /** Connections in every other state. */
  readonly inactive: number;
  /** Templates that keep clients at this destination. */
  readonly persistent: number;
}

export interface CountedService {
  readonly key: ServiceKey;
  readonly engine: 'kernel' | 'userspace';
  readonly statistics: Statistics;
  readonly destinations: readonly CountedDestination[];
}

/** What was counted, of all services in force, read at one moment. */
export interface CountedTable {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly services: readonly CountedService[];
}
