import type { DestinationKey, DestinationSettings } from './destination.js';
import type { ServiceKey, ServiceSettings } from './service.js';

export interface TableDestination {
  readonly key: DestinationKey;
  readonly settings: DestinationSettings;
}

export interface TableService {
  readonly key: ServiceKey;
  readonly settings: ServiceSettings;
  /** By destinationName(key). */
  readonly destinations: ReadonlyMap<string, TableDestination>;
}

/** A whole forwarding table as a value, by serviceName(key). Two tables can be compared. */
export type Table = ReadonlyMap<string, TableService>;
