import { LvsError } from '../errors.js';
import { type Change, changeName } from './change.js';
import { destinationName } from './destination.js';
import { serviceName } from './service.js';
import type { Table, TableDestination, TableService } from './table.js';

/**
 * A table that takes changes as a forwarder would: what is there already, or is not, is refused. A service that was seen is never written
 * again: a changed one is another object, by which others know that it changed.
 */
export class WorkingTable {
  readonly #services: Map<string, TableService>;
  /** Destinations of services made since `table` was looked at: nobody else has them. */
  readonly #own = new Map<string, Map<string, TableDestination>>();
  #shape = Symbol();

  constructor(table: Table = new Map()) {
    this.#services = new Map(table);
  }

  get table(): Table {
    if (this.#own.size > 0) this.#own.clear();
    return this.#services;
  }

  /** The same as long as there are the same services and destinations, whatever their settings: what was made of their names holds. */
  get shape(): symbol {
    return this.#shape;
  }

  has(service: string): boolean {
    return this.#services.has(service);
  }

  /** undefined: done. */
  take(change: Change): LvsError | undefined {
    return 'destination' in change ? this.#takeDestination(change) : this.#takeService(change);
  }

  /** This service is so, whatever it was; undefined: there is none. */
  correct(name: string, service: TableService | undefined): void {
    this.#own.delete(name);
    this.#shape = Symbol();
    if (service === undefined) this.#services.delete(name);
    else this.#services.set(name, service);
  }

  /** This destination of a service that is there. */
  correctDestination(service: string, name: string, destination: TableDestination | undefined): void {
    this.#shape = Symbol();
    if (destination === undefined) this.#destinationsOf(service)?.delete(name);
    else this.#destinationsOf(service)?.set(name, destination);
  }

  #takeService(change: Extract<Change, { do: `${string}-service` }>): LvsError | undefined {
    const name = serviceName(change.service);
    const have = this.#services.get(name);
    if (change.do === 'add-service') {
      if (have !== undefined) return new LvsError('IPVS_EXISTS', ['add service', name]);
      const destinations = new Map<string, TableDestination>();
      this.#own.set(name, destinations);
      this.#shape = Symbol();
      this.#services.set(name, { key: change.service, settings: change.settings, destinations });
      return undefined;
    }
    if (have === undefined) return new LvsError('IPVS_NO_SUCH_SERVICE', [changeName(change), name]);
    if (change.do === 'delete-service') this.correct(name, undefined);
    else this.#services.set(name, { ...have, settings: change.settings });
    return undefined;
  }

  #takeDestination(change: Extract<Change, { do: `${string}-destination` }>): LvsError | undefined {
    const service = serviceName(change.service);
    const destinations = this.#destinationsOf(service);
    if (destinations === undefined) return new LvsError('IPVS_NO_SUCH_SERVICE', [changeName(change), service]);
    const name = destinationName(change.destination);
    const isThere = destinations.has(name);
    if (change.do === 'add-destination' && isThere) return new LvsError('IPVS_EXISTS', ['add destination', name]);
    if (change.do !== 'add-destination' && !isThere)
      return new LvsError('IPVS_NO_SUCH_DESTINATION', [changeName(change), name]);
    if (change.do !== 'edit-destination') this.#shape = Symbol();
    if (change.do === 'delete-destination') destinations.delete(name);
    else destinations.set(name, { key: change.destination, settings: change.settings });
    return undefined;
  }

  /** To be written, of a service that is another object from now on. */
  #destinationsOf(name: string): Map<string, TableDestination> | undefined {
    const own = this.#own.get(name);
    const service = this.#services.get(name);
    if (own !== undefined || service === undefined) return own;
    const destinations = new Map(service.destinations);
    this.#own.set(name, destinations);
    this.#services.set(name, { ...service, destinations });
    return destinations;
  }
}
