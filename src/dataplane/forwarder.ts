import { LvsError } from '../errors.js';
import type { Change, Forwarder, Outcomes } from '../model/change.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table, TableService } from '../model/table.js';
import { WorkingTable } from '../model/working-table.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import type { EngineCounters } from './counters.js';
import { RateMeter, type ServiceStatistics, statisticsOf } from './engine-statistics.js';
import type { EngineGlobals } from './network.js';
import { ALL } from './protocol.js';
import type { ImageOrder, Refused, ServicesImage } from './services-image.js';

export interface EngineForwarderOptions {
  readonly images: {
    make(table: Table, globals: EngineGlobals, ports: readonly string[]): ServicesImage;
    /** Throws for bytes that are no image. */
    read(image: Uint8Array): Table;
  };
  readonly globals: () => EngineGlobals;
  /** The ports by index, with those that this table needs. */
  readonly ports: (table: Table) => Promise<readonly string[]>;
  /** What the engine has now, whoever published it; undefined: no engine runs, or nothing was published. */
  readonly published: () => Promise<Uint8Array | undefined>;
  /** Starts the engine if need be. The table is what is in the image. */
  readonly publish: (image: Uint8Array, table: Table) => Promise<void>;
  /** undefined: no engine runs. */
  readonly counters: () => Promise<EngineCounters | undefined>;
  /** By index in the image, or ALL. How many sessions ended. */
  readonly flush: (service: number, destination: number) => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
}

const nothing: ImageOrder = { services: [], destinations: [] };

/**
 * Our own engine as a Forwarder. It keeps the table, and publishes it whole, once for each batch of changes; the engine swaps it in at once.
 * What the engine cannot do is refused by name, and the rest goes on.
 */
export class EngineForwarder implements Forwarder {
  readonly #options: EngineForwarderOptions;
  readonly #mailbox = new Mailbox();
  readonly #rates: RateMeter;
  #table: Table = new Map();
  /** Of ours, published last or adopted. */
  #image: Uint8Array | undefined;
  #order: ImageOrder = nothing;

  constructor(options: EngineForwarderOptions) {
    this.#options = options;
    this.#rates = new RateMeter(options.clock);
  }

  /** What is forwarded, or will be when the engine is back. */
  get table(): Table {
    return this.#table;
  }

  get order(): ImageOrder {
    return this.#order;
  }

  read(): Promise<Table> {
    return this.#mailbox.post(async () => {
      const bytes = await this.#options.published();
      if (bytes !== undefined && !(this.#image !== undefined && Buffer.compare(bytes, this.#image) === 0))
        await this.#adopt(bytes);
      return this.#table;
    });
  }

  look(): Promise<Table> {
    return this.read();
  }

  apply(changes: readonly Change[]): Promise<Outcomes> {
    return this.#mailbox.post(() => this.#apply(changes));
  }

  /** The engine is new, or ports or settings are other ones: the same table as an image of now. */
  republish(): Promise<void> {
    return this.#mailbox.post(async () => {
      if (this.#table.size === 0 && this.#image === undefined) return;
      const working = new WorkingTable(this.#table);
      const made = await this.#make(working.table);
      for (const refusal of made.refused) {
        this.#options.log.error({ event: 'engine.cannot', object: nameOf(refusal), reason: refusal.why });
        put(working, refusal, undefined);
      }
      await this.#publish(made, working.table);
    });
  }

  /** Ends the sessions of a service, of one of its destinations, or all. How many. @throws LvsError ENGINE_CANNOT for a name that is none */
  flush(service?: string, destination?: string): Promise<number> {
    return this.#mailbox.post(() => {
      if (service === undefined) return this.#options.flush(ALL, ALL);
      const at = this.#order.services.indexOf(service);
      if (at < 0) throw new LvsError('ENGINE_CANNOT', [service, 'it has no such service']);
      if (destination === undefined) return this.#options.flush(at, ALL);
      const to = this.#order.destinations.findIndex(
        (one) => one.service === service && one.destination === destination,
      );
      if (to < 0) throw new LvsError('ENGINE_CANNOT', [`${service} -> ${destination}`, 'it has no such destination']);
      return this.#options.flush(at, to);
    });
  }

  /** By service name; empty where no engine runs. */
  async statistics(): Promise<ReadonlyMap<string, ServiceStatistics>> {
    const order = this.#order;
    const counters = await this.#options.counters();
    if (counters === undefined) return new Map();
    return this.#rates.rated(statisticsOf(counters, order));
  }

  close(): Promise<void> {
    return this.#mailbox.close();
  }

  /** An engine that ran before us. */
  async #adopt(bytes: Uint8Array): Promise<void> {
    try {
      const table = this.#options.images.read(bytes);
      this.#table = table;
      this.#order = (await this.#make(table)).order;
      this.#image = bytes;
    } catch (error) {
      this.#options.log.warn({ event: 'engine.image-unreadable', reason: reasonOf(error) });
      this.#table = new Map();
      this.#order = nothing;
      this.#image = undefined;
    }
  }

  async #apply(changes: readonly Change[]): Promise<Outcomes> {
    const working = new WorkingTable(this.#table);
    const outcomes: (Error | undefined)[] = changes.map((change) => working.take(change));
    if (outcomes.every((outcome) => outcome !== undefined)) return outcomes;
    try {
      const made = await this.#makeWhatCan(working, changes, outcomes);
      if (working.table.size > 0 || this.#image !== undefined) await this.#publish(made, working.table);
      return outcomes;
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      return outcomes.map((outcome) => outcome ?? failure);
    }
  }

  /** What is refused goes back to what it was, or goes; who asked for it is told. */
  async #makeWhatCan(
    working: WorkingTable,
    changes: readonly Change[],
    outcomes: (Error | undefined)[],
  ): Promise<ServicesImage> {
    let made = await this.#make(working.table);
    const seen = new Set<string>();
    for (let again = true; again; ) {
      again = false;
      for (const refusal of made.refused) {
        const name = nameOf(refusal);
        const old = seen.has(name) ? undefined : this.#before(refusal);
        seen.add(name);
        put(working, refusal, old);
        again ||= old !== undefined;
        const error = new LvsError('ENGINE_CANNOT', [name, refusal.why]);
        const concerned = changes.flatMap((change, i) => (concerns(change, refusal, old !== undefined) ? [i] : []));
        for (const i of concerned) outcomes[i] ??= error;
        if (concerned.length === 0)
          this.#options.log.error({ event: 'engine.cannot', object: name, reason: refusal.why });
      }
      if (again) made = await this.#make(working.table);
    }
    return made;
  }

  #before({ service, destination }: Refused) {
    const old = this.#table.get(service);
    return destination === undefined || old?.destinations.has(destination) === true ? old : undefined;
  }

  async #make(table: Table): Promise<ServicesImage> {
    const ports = await this.#options.ports(table);
    return this.#options.images.make(table, this.#options.globals(), ports);
  }

  async #publish({ image, order }: ServicesImage, table: Table): Promise<void> {
    await this.#options.publish(image, table);
    this.#table = table;
    this.#image = image;
    this.#order = order;
  }
}

const nameOf = ({ service, destination }: Refused): string =>
  destination === undefined ? service : `${service} -> ${destination}`;

/** A service that is refused takes its destinations with it; if it stays as it was, so do those that were to go. */
const concerns = (change: Change, { service, destination }: Refused, stays: boolean): boolean =>
  serviceName(change.service) === service &&
  (stays || !change.do.startsWith('delete')) &&
  (destination === undefined || ('destination' in change && destinationName(change.destination) === destination));

/** What was refused, as it was before; undefined: it was not there. */
function put(working: WorkingTable, { service, destination }: Refused, old: TableService | undefined): void {
  if (destination === undefined) working.correct(service, old);
  else working.correctDestination(service, destination, old?.destinations.get(destination));
}
