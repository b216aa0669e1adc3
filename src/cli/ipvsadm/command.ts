import type { SyncDaemon, Timeouts } from '../../ipvs/rows.js';
import type { DestinationKey, DestinationSettings } from '../../model/destination.js';
import type { ServiceKey, ServiceSettings } from '../../model/service.js';

/** Which listing of the table; of several given the first in this order wins. */
export type View = 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'tun-info' | 'plain';

export interface ListFormat {
  readonly view: View;
  readonly numeric: boolean;
  /** Full numbers in stats and rate. */
  readonly exact: boolean;
  readonly sorted: boolean;
  readonly json: boolean;
}

/** What one command line asks for. Data: parse.ts makes it, run.ts carries it out, diff.ts plays it on a table in memory. */
export type Command =
  | { readonly do: 'help' | 'version' | 'flush' | 'restore' }
  | { readonly do: 'add-service' | 'edit-service'; readonly service: ServiceKey; readonly settings: ServiceSettings }
  | { readonly do: 'delete-service'; readonly service: ServiceKey }
  | {
      readonly do: 'add-server' | 'edit-server';
      readonly service: ServiceKey;
      readonly server: DestinationKey;
      readonly settings: DestinationSettings;
    }
  | { readonly do: 'delete-server'; readonly service: ServiceKey; readonly server: DestinationKey }
  | { readonly do: 'list'; readonly service: ServiceKey | undefined; readonly format: ListFormat }
  | { readonly do: 'list-connections'; readonly format: ListFormat; readonly engineData: boolean }
  | { readonly do: 'list-timeouts' | 'list-daemons'; readonly format: ListFormat }
  | { readonly do: 'save'; readonly numeric: boolean; readonly all: boolean }
  | { readonly do: 'zero'; readonly service: ServiceKey | undefined }
  /** Seconds; 0 keeps what is. */
  | { readonly do: 'set'; readonly timeouts: Timeouts }
  | { readonly do: 'start-daemon'; readonly daemon: SyncDaemon }
  | { readonly do: 'stop-daemon'; readonly state: 'master' | 'backup' }
  | { readonly do: 'diff'; readonly file: string };
