import { isLvsError } from '../errors.js';
import type { DestinationKey, DestinationSettings } from '../model/destination.js';
import { serviceFamily, type ServiceKey, type ServiceSettings } from '../model/service.js';
import { decodeAttributes, encodeAttributes, type Values } from '../netlink/attributes.js';
import type { Growing, Memory } from '../netlink/bytes.js';
import { type DatagramSocket, Exchange, type ExchangeOptions } from '../netlink/exchange.js';
import { GenericFamily, type GenericRequest } from '../netlink/generic.js';
import { commandAttrs, infoAttrs, plainCommandAttrs } from './command-attrs.js';
import { daemonValues, readDaemon } from './daemon-attrs.js';
import { destinationIdentity, destinationValues, readDestination } from './destination-attrs.js';
import { explain, type Subject } from './refusals.js';
import type { DestinationRow, Info, ListedService, ServiceRow, SyncDaemon, Timeouts } from './rows.js';
import { readService, serviceIdentity, serviceValues } from './service-attrs.js';
import { addressFamily, command, daemonState, IPVS_GENL_NAME, IPVS_GENL_VERSION } from './uapi.js';

type CommandValues = Values<typeof commandAttrs>;

/** Services whose destinations are asked for together. */
const ASKED_AT_ONCE = 100;

export interface ListOptions {
  /** false: counters are passed over, and read as zero. They are half of what the kernel tells of a large table. */
  readonly statistics?: boolean;
}

/**
 * The kernel's IPVS, one method per command of the family. Calls made in one turn of the event loop travel together, in order.
 *
 * Every method rejects with LvsError: IPVS_NO_SUCH_SERVICE (ESRCH), IPVS_EXISTS (EEXIST), IPVS_NO_SUCH_DESTINATION or
 * IPVS_NO_SCHEDULER (ENOENT), IPVS_NO_PERMISSION (EPERM), IPVS_REFUSED (any other errno), with the KernelRefusal as its cause;
 * or NETLINK_* if the answer could not be had.
 */
export class IpvsClient implements AsyncDisposable {
  readonly #exchange: Exchange;
  readonly #family: GenericFamily;

  constructor(socket: DatagramSocket, options: ExchangeOptions = {}) {
    this.#exchange = new Exchange(socket, options);
    this.#family = new GenericFamily(this.#exchange, IPVS_GENL_NAME, IPVS_GENL_VERSION);
  }

  /** Answers that were refused as malformed, unasked for, or lost. */
  get refused(): Readonly<Exchange['refused']> {
    return this.#exchange.refused;
  }

  /** Asks whether the kernel has IPVS: rejects with IPVS_UNAVAILABLE if not. */
  async probe(): Promise<void> {
    try {
      await this.#family.resolve();
    } catch (cause) {
      throw explain(cause, { operation: 'find IPVS' });
    }
  }

  /** IPVS_CMD_GET_INFO. */
  async info(): Promise<Info> {
    const [told] = await this.#get({ operation: 'read info' }, command.getInfo, infoAttrs);
    return { version: told?.version ?? 0, connectionTableSize: told?.connectionTableSize ?? 0 };
  }

  /** IPVS_CMD_GET_SERVICE as a dump: all services in the kernel's order (its hash table's). */
  services(options: ListOptions = {}): Promise<ServiceRow[]> {
    return this.#dump({ operation: 'list services' }, command.getService, {}, options, ({ service }) =>
      service === undefined ? undefined : readService(service),
    );
  }

  /** IPVS_CMD_GET_SERVICE of one. undefined only if there is none. */
  async findService(key: ServiceKey): Promise<ServiceRow | undefined> {
    const subject = { operation: 'get service', service: key };
    try {
      const [told] = await this.#get(subject, command.getService, commandAttrs, { service: serviceIdentity(key) });
      return told?.service === undefined ? undefined : readService(told.service);
    } catch (error) {
      if (isLvsError(error, 'IPVS_NO_SUCH_SERVICE')) return undefined;
      throw error;
    }
  }

  /** IPVS_CMD_GET_DEST: newest first. Of a service that does not exist the kernel tells an empty list. */
  destinations(service: ServiceKey, options: ListOptions = {}): Promise<DestinationRow[]> {
    const family = addressFamily[serviceFamily(service)];
    return this.#dump(
      { operation: 'list destinations' },
      command.getDest,
      { service: serviceIdentity(service) },
      options,
      ({ destination }) => (destination === undefined ? undefined : readDestination(destination, family)),
    );
  }

  /** Every service with its destinations. */
  async list(options: ListOptions = {}): Promise<ListedService[]> {
    const listed: ListedService[] = [];
    for await (const row of this.each(options)) listed.push(row);
    return listed;
  }

  /** The same one after the other, some asked for together: a large table is not made in one turn of the event loop. */
  async *each(options: ListOptions = {}): AsyncGenerator<ListedService> {
    const services = await this.services(options);
    for (let at = 0; at < services.length; at += ASKED_AT_ONCE) {
      const some = services.slice(at, at + ASKED_AT_ONCE);
      const destinations = await Promise.all(some.map(({ key }) => this.destinations(key, options)));
      for (const [i, row] of some.entries())
        yield {
          key: row.key,
          settings: row.settings,
          get statistics() {
            return row.statistics;
          },
          destinations: destinations[i] ?? [],
        };
    }
  }

  addService(key: ServiceKey, settings: ServiceSettings): Promise<void> {
    return this.#setService('add service', command.newService, key, settings);
  }

  /** Not partial: whatever `settings` says replaces what was. */
  editService(key: ServiceKey, settings: ServiceSettings): Promise<void> {
    return this.#setService('edit service', command.setService, key, settings);
  }

  /** Its destinations go with it; its connections live on. */
  deleteService(key: ServiceKey): Promise<void> {
    return this.#do({ operation: 'delete service', service: key }, command.delService, {
      service: serviceIdentity(key),
    });
  }

  addDestination(service: ServiceKey, key: DestinationKey, settings: DestinationSettings): Promise<void> {
    return this.#setDestination('add destination', command.newDest, service, key, settings);
  }

  editDestination(service: ServiceKey, key: DestinationKey, settings: DestinationSettings): Promise<void> {
    return this.#setDestination('edit destination', command.setDest, service, key, settings);
  }

  deleteDestination(service: ServiceKey, key: DestinationKey): Promise<void> {
    return this.#do({ operation: 'delete destination', service, destination: key }, command.delDest, {
      service: serviceIdentity(service),
      destination: destinationIdentity(key),
    });
  }

  /** IPVS_CMD_ZERO: the counters of one service and its destinations, or of all and the totals. */
  zero(service?: ServiceKey): Promise<void> {
    if (service === undefined) return this.#do({ operation: 'zero counters' }, command.zero, {});
    return this.#do({ operation: 'zero counters', service }, command.zero, {
      service: serviceIdentity(service),
    });
  }

  /** IPVS_CMD_FLUSH: every service of the namespace, whoever made it. */
  flush(): Promise<void> {
    return this.#do({ operation: 'flush' }, command.flush, {});
  }

  async timeouts(): Promise<Timeouts> {
    const [told] = await this.#get({ operation: 'read timeouts' }, command.getConfig, commandAttrs);
    return { tcp: told?.tcp ?? 0, tcpFin: told?.tcpFin ?? 0, udp: told?.udp ?? 0 };
  }

  /** Seconds; what is absent or 0 stays as it is. */
  setTimeouts(timeouts: Partial<Timeouts>): Promise<void> {
    return this.#do({ operation: 'set timeouts' }, command.setConfig, timeouts);
  }

  /** Those that run: none, a master, a backup, or both. */
  daemons(): Promise<SyncDaemon[]> {
    return this.#dump({ operation: 'list sync daemons' }, command.getDaemon, {}, {}, ({ daemon }) =>
      daemon === undefined ? undefined : readDaemon(daemon),
    );
  }

  startDaemon(daemon: SyncDaemon): Promise<void> {
    return this.#do({ operation: 'start sync daemon', daemon: daemon.state }, command.newDaemon, {
      daemon: daemonValues(daemon),
    });
  }

  stopDaemon(state: SyncDaemon['state']): Promise<void> {
    return this.#do({ operation: 'stop sync daemon', daemon: state }, command.delDaemon, {
      daemon: { state: daemonState[state] },
    });
  }

  /** Whoever still waits is answered with NETLINK_CLOSED. */
  close(): void {
    this.#exchange.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #setService(operation: string, number: number, key: ServiceKey, settings: ServiceSettings): Promise<void> {
    return this.#do({ operation, service: key, settings }, number, { service: serviceValues(key, settings) });
  }

  #setDestination(
    operation: string,
    number: number,
    service: ServiceKey,
    key: DestinationKey,
    settings: DestinationSettings,
  ): Promise<void> {
    return this.#do({ operation, service, destination: key }, number, {
      service: serviceIdentity(service),
      destination: destinationValues(key, settings),
    });
  }

  #do(subject: Subject, number: number, values: CommandValues): Promise<void> {
    return this.#ask(subject, { command: number, repeatable: false, write: writing(values) }).then(nothing);
  }

  #get<T extends typeof commandAttrs | typeof infoAttrs>(
    subject: Subject,
    number: number,
    reply: T,
    values: CommandValues = {},
  ): Promise<Values<T>[]> {
    const read = (from: Memory, at: number, end: number): Values<T> => decodeAttributes(reply, from, at, end);
    return this.#ask(subject, { command: number, repeatable: true, write: writing(values), read });
  }

  #dump<T>(
    subject: Subject,
    number: number,
    values: CommandValues,
    { statistics = true }: ListOptions,
    row: (told: CommandValues) => T | undefined,
  ): Promise<T[]> {
    const reply = statistics ? commandAttrs : plainCommandAttrs;
    const read = (from: Memory, at: number, end: number): T | undefined =>
      row(decodeAttributes<typeof commandAttrs>(reply as typeof commandAttrs, from, at, end));
    return this.#ask(subject, { command: number, dump: true, repeatable: true, write: writing(values), read });
  }

  #ask<T>(subject: Subject, request: Omit<GenericRequest<T>, 'operation'>): Promise<T[]> {
    return this.#family.ask({ ...request, operation: subject.operation }).catch((cause: unknown) => {
      throw explain(cause, subject);
    });
  }
}

const nothing = (): void => undefined;

const writing =
  (values: CommandValues) =>
  (to: Growing): void =>
    encodeAttributes(to, commandAttrs, values);
