import { LvsError } from '../errors.js';
import { type Change, changeName, type Forwarder, type Outcomes } from '../model/change.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table, TableService } from '../model/table.js';
import type { IpvsClient } from './client.js';

/** The kernel's IPVS as a Forwarder: what the director reads and changes. */
export class IpvsForwarder implements Forwarder {
  readonly #client: IpvsClient;
  readonly #reader: IpvsClient;

  /** `reader` has a socket of its own: what is asked there is answered beside what is asked of `client`. */
  constructor(client: IpvsClient, reader = client) {
    this.#client = client;
    this.#reader = reader;
  }

  read(): Promise<Table> {
    return tableOf(this.#client);
  }

  look(): Promise<Table> {
    return tableOf(this.#reader);
  }

  async apply(changes: readonly Change[]): Promise<Outcomes> {
    const results = await Promise.allSettled(changes.map((change) => this.#carryOut(change)));
    return results.map((result) => (result.status === 'fulfilled' ? undefined : (result.reason as Error)));
  }

  #carryOut(change: Change): Promise<void> {
    const foreign = foreignTo(change);
    if (foreign !== undefined) return Promise.reject(new LvsError('IPVS_ENGINE_NEEDED', [changeName(change), foreign]));
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

async function tableOf(client: IpvsClient): Promise<Table> {
  const table = new Map<string, TableService>();
  for await (const { key, settings, destinations } of client.each({ statistics: false })) {
    const rows = destinations.map(
      (row) => [destinationName(row.key), { key: row.key, settings: row.settings }] as const,
    );
    table.set(serviceName(key), { key, settings, destinations: new Map(rows) });
  }
  return table;
}

/** What of a change the kernel's attributes have no place for: it would be told something else, and take it. */
function foreignTo(change: Change): string | undefined {
  const { service } = change;
  if (service.by === 'address' && service.prefixLength !== undefined)
    return `the prefix ${service.address}/${service.prefixLength}`;
  if (service.by === 'address' && service.protocol === 'any') return 'protocol any';
  switch (change.do) {
    case 'add-service':
    case 'edit-service':
      if (change.settings.engine !== undefined) return 'a service with lvs_engine userspace';
      return change.settings.scheduler === 'maglev' ? 'scheduler maglev' : undefined;
    case 'add-destination':
    case 'edit-destination': {
      const { method } = change.settings;
      return method === 'l3dsr' || method === 'full-nat' ? `method ${method}` : undefined;
    }
    case 'delete-service':
    case 'delete-destination':
      return undefined;
  }
}
