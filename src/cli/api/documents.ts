/** What lvsctl reads of the API's documents; test/unit/cli/api-documents.test.ts holds them to the schemas of src/api. */

export interface ShownService {
  readonly id: string;
  readonly name: string;
  readonly origin: string;
  readonly engine: 'kernel' | 'userspace';
  readonly scheduler: string;
  readonly persistenceSeconds: number | null;
  readonly inForce: boolean;
  readonly quorum: { readonly needed: number; readonly met: boolean } | null;
  readonly destinations: number;
}

export interface ShownDestination {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly method: string;
  readonly role: 'real' | 'sorry' | 'other';
  /** `tcp 192.0.2.1:80 -> 10.0.0.1:80` */
  readonly server: string | null;
  readonly health: 'up' | 'down' | null;
  readonly configuredWeight: number | null;
  readonly override: number | null;
  readonly weight: number | null;
  readonly refused: string | null;
  readonly maintenance?: boolean;
  /** The one that runs. */
  readonly drain?: { readonly id: string } | null;
}

export interface Counters {
  readonly id: string;
  readonly connections: number;
  readonly inPackets: number;
  readonly outPackets: number;
  readonly inBytes: number;
  readonly outBytes: number;
  readonly active: number;
  readonly inactive: number;
  readonly persistent: number;
}

export interface ServiceCounters extends Counters {
  readonly destinations: readonly Counters[];
}

export interface End {
  readonly address: string;
  readonly port: number;
}

export interface ShownConnection {
  readonly engine: 'kernel' | 'userspace';
  readonly service: string | null;
  readonly protocol: string;
  readonly client: End;
  readonly virtual: End;
  readonly destination: End | null;
  readonly state: string;
  readonly template: boolean;
  readonly expiresSeconds: number;
}

export interface ShownEvent {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly [field: string]: unknown;
}
