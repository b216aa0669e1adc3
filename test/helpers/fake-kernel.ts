import { LvsError } from '../../src/errors.js';
import { type Change, changeName, type Forwarder, type Outcomes } from '../../src/model/change.js';
import { destinationName } from '../../src/model/destination.js';
import { serviceName } from '../../src/model/service.js';
import type { Table, TableDestination, TableService } from '../../src/model/table.js';

type Entry = Omit<TableService, 'destinations'> & { readonly destinations: Map<string, TableDestination> };

/** IPVS as a Map: refuses what the kernel refuses (twice the same, what is not there), and remembers what it was told. */
export class FakeKernel implements Forwarder {
  readonly #services = new Map<string, Entry>();
  /** Every batch that came, in order. */
  readonly writes: (readonly Change[])[] = [];
  reads = 0;
  /** What to refuse beside: a sentence, or undefined to let it pass. */
  refuse: (change: Change) => string | undefined = () => undefined;

  constructor(table: Table = new Map()) {
    this.set(table);
  }

  /** Somebody with ipvsadm: replaces the table behind everybody's back. */
  set(table: Table): void {
    this.#services.clear();
    for (const [name, service] of table)
      this.#services.set(name, { ...service, destinations: new Map(service.destinations) });
  }

  get table(): Table {
    return new Map(
      [...this.#services].map(([name, service]) => [name, { ...service, destinations: new Map(service.destinations) }]),
    );
  }

  read(): Promise<Table> {
    this.reads++;
    return Promise.resolve(this.table);
  }

  look(): Promise<Table> {
    return this.read();
  }

  apply(changes: readonly Change[]): Promise<Outcomes> {
    this.writes.push(changes);
    return Promise.resolve(changes.map((change) => this.#carryOut(change)));
  }

  #carryOut(change: Change): Error | undefined {
    const refused = this.refuse(change) ?? this.#step(change);
    return refused === undefined ? undefined : new LvsError('IPVS_REFUSED', [change.do, changeName(change), refused]);
  }

  #step(change: Change): string | undefined {
    const name = serviceName(change.service);
    const have = this.#services.get(name);
    switch (change.do) {
      case 'add-service':
        if (have !== undefined) return 'EEXIST';
        this.#services.set(name, { key: change.service, settings: change.settings, destinations: new Map() });
        return undefined;
      case 'edit-service':
        if (have === undefined) return 'ESRCH';
        this.#services.set(name, { ...have, settings: change.settings });
        return undefined;
      case 'delete-service':
        return this.#services.delete(name) ? undefined : 'ESRCH';
      case 'add-destination':
      case 'edit-destination':
        return setDestination(have, change);
      case 'delete-destination':
        if (have === undefined) return 'ESRCH';
        return have.destinations.delete(destinationName(change.destination)) ? undefined : 'ENOENT';
    }
  }
}

function setDestination(
  have: Entry | undefined,
  change: Change & { do: 'add-destination' | 'edit-destination' },
): string | undefined {
  if (have === undefined) return 'ESRCH';
  const destination = destinationName(change.destination);
  if (have.destinations.has(destination) !== (change.do === 'edit-destination'))
    return change.do === 'add-destination' ? 'EEXIST' : 'ENOENT';
  have.destinations.set(destination, { key: change.destination, settings: change.settings });
  return undefined;
}
