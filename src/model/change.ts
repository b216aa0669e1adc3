import type { DestinationKey, DestinationSettings } from './destination.js';
import { destinationName } from './destination.js';
import type { ServiceKey, ServiceSettings } from './service.js';
import { serviceName } from './service.js';
import type { Table } from './table.js';

/** One step from table to table. Data: printed, logged, tested, and carried out by a Forwarder. */
export type Change =
  | { readonly do: 'add-service' | 'edit-service'; readonly service: ServiceKey; readonly settings: ServiceSettings }
  | { readonly do: 'delete-service'; readonly service: ServiceKey }
  | {
      readonly do: 'add-destination' | 'edit-destination';
      readonly service: ServiceKey;
      readonly destination: DestinationKey;
      readonly settings: DestinationSettings;
    }
  | { readonly do: 'delete-destination'; readonly service: ServiceKey; readonly destination: DestinationKey };

/** What became of each change, in the order given: undefined = done, else why it was refused. */
export type Outcomes = readonly (Error | undefined)[];

/** The port: kernel IPVS is one, our own engine is another, a test's Map is a third. */
export interface Forwarder {
  /** The whole table, strangers' services too. */
  read(): Promise<Table>;
  /** The same for who only wants to see: changes do not wait for it, and may be in it or not. */
  look(): Promise<Table>;
  /** All of them in order and in one pipelined batch; a refused change does not stop the others. */
  apply(changes: readonly Change[]): Promise<Outcomes>;
}

/** `add-destination tcp 192.0.2.1:80 -> 10.0.0.1:80`, for plans and logs. */
export const changeName = (change: Change): string =>
  'destination' in change
    ? `${change.do} ${serviceName(change.service)} -> ${destinationName(change.destination)}`
    : `${change.do} ${serviceName(change.service)}`;
