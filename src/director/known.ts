import type { Change } from '../model/change.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table, TableDestination, TableService } from '../model/table.js';

type Service = Omit<TableService, 'destinations'> & { readonly destinations: Map<string, TableDestination> };

/** What we believe the forwarder has of ours: what it said last, and what it has taken since. */
export class KnownTable {
  readonly #services = new Map<string, Service>();

  get table(): Table {
    return this.#services;
  }

  /** It said. */
  replace(table: Table): void {
    this.#services.clear();
    for (const [name, service] of table) this.correct(name, service);
  }

  /** It said of one service; undefined: there is none. */
  correct(name: string, service: TableService | undefined): void {
    if (service === undefined) this.#services.delete(name);
    else this.#services.set(name, { ...service, destinations: new Map(service.destinations) });
  }

  /** It took. */
  take(change: Change): void {
    const name = serviceName(change.service);
    const have = this.#services.get(name);
    switch (change.do) {
      case 'add-service':
        this.#services.set(name, { key: change.service, settings: change.settings, destinations: new Map() });
        break;
      case 'edit-service':
        if (have !== undefined) this.#services.set(name, { ...have, settings: change.settings });
        break;
      case 'delete-service':
        this.#services.delete(name);
        break;
      case 'add-destination':
      case 'edit-destination':
        have?.destinations.set(destinationName(change.destination), {
          key: change.destination,
          settings: change.settings,
        });
        break;
      case 'delete-destination':
        have?.destinations.delete(destinationName(change.destination));
        break;
    }
  }
}
