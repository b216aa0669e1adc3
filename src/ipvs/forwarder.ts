import type { Change, Forwarder, Outcomes } from '../model/change.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { IpvsClient } from './client.js';

/** The kernel's IPVS as a Forwarder: what the director reads and changes. */
export class IpvsForwarder implements Forwarder {
  readonly #client: IpvsClient;

  constructor(client: IpvsClient) {
    this.#client = client;
  }

  async read(): Promise<Table> {
    const listed = await this.#client.list({ statistics: false });
    return new Map(
      listed.map(({ key, settings, destinations }) => [
        serviceName(key),
        {
          key,
          settings,
          destinations: new Map(
            destinations.map((row) => [destinationName(row.key), { key: row.key, settings: row.settings }]),
          ),
        },
      ]),
    );
  }

  async apply(changes: readonly Change[]): Promise<Outcomes> {
    const results = await Promise.allSettled(changes.map((change) => this.#carryOut(change)));
    return results.map((result) => (result.status === 'fulfilled' ? undefined : (result.reason as Error)));
  }

  #carryOut(change: Change): Promise<void> {
    switch (change.do) {
      case 'add-service':
        return this.#client.addService(change.service, change.settings);
      case 'edit-service':
        return this.#client.editService(change.service, change.settings);
      case 'delete-service':
        return this.#client.deleteService(change.service);
      case 'add-destination':
        return this.#client.addDestination(change.service, change.destination, change.settings);
      case 'edit-destination':
        return this.#client.editDestination(change.service, change.destination, change.settings);
      case 'delete-destination':
        return this.#client.deleteDestination(change.service, change.destination);
    }
  }
}
