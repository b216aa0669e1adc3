import type { DestinationKey, DestinationSettings } from '../model/destination.js';
import type { ServiceKey, ServiceSettings } from '../model/service.js';
import type { Statistics } from '../model/statistics.js';

/** A service as the kernel tells it. */
export interface ServiceRow {
  readonly key: ServiceKey;
  readonly settings: ServiceSettings;
  readonly statistics: Statistics;
}

/** A destination as the kernel tells it. */
export interface DestinationRow {
  readonly key: DestinationKey;
  readonly settings: DestinationSettings;
  /** Established connections (UDP: none). */
  readonly active: number;
  /** Connections in every other state. */
  readonly inactive: number;
  /** Persistence templates. */
  readonly persistent: number;
  readonly statistics: Statistics;
}

export interface ListedService extends ServiceRow {
  readonly destinations: readonly DestinationRow[];
}

/** Seconds. */
export interface Timeouts {
  readonly tcp: number;
  readonly tcpFin: number;
  readonly udp: number;
}

export interface Info {
  /** 0x010201 is 1.2.1. */
  readonly version: number;
  readonly connectionTableSize: number;
}

/** One direction of connection synchronisation between directors. Zero or empty: the kernel's default. */
export interface SyncDaemon {
  readonly state: 'master' | 'backup';
  readonly interface: string;
  /** 0 to 255; 0 of a backup takes any. */
  readonly syncId: number;
  /** Longest datagram, bytes. */
  readonly maxLength?: number;
  /** IPv4 or IPv6 multicast address. */
  readonly group?: string;
  readonly port?: number;
  readonly ttl?: number;
}
