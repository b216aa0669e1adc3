import type { ListedService } from '../ipvs/rows.js';
import { forwardingMethods } from '../ipvs/uapi.js';
import { addressBytes } from '../model/address.js';
import type { ForwardingMethod } from '../model/destination.js';
import { protocolNumber, serviceFamily } from '../model/service.js';
import { connectionFlag, ipProtocol, isActive } from './kernel-words.js';
import type { SyncConnection } from './message.js';
import type { ConnectionRow } from './table-row.js';

/** What /proc does not say of a connection, and the services tell. */
interface Place {
  readonly method: number;
  readonly mark: number;
  /** Of templates, 0: unknown. */
  readonly persistenceSeconds: number;
}

interface KnownService {
  readonly mark: number;
  readonly persistenceSeconds: number;
  /** Methods by address and port of the destination. */
  readonly methods: ReadonlyMap<string, number>;
}

/** A place by what a row says of it (`RowBytes.words` from `placeAt` on). */
interface FoundPlace {
  readonly words: Int32Array;
  readonly place: Place;
}

/** Places found are kept, one for each hash; there are as many as services have destinations. */
const PLACES = 16_384;

/**
 * Makes connections for sync messages from what the kernel tells of its own. Three things it tells nobody: how sequence numbers are shifted
 * (of FTP, whose control connections may break after a takeover), the mark of a connection when several marks lead to its destination, and
 * which template keeps which connection.
 */
export class Describer {
  readonly #byAddress = new Map<string, KnownService>();
  readonly #byMark = new Map<string, readonly KnownService[]>();
  /** Services by mark, under each of their destinations. */
  readonly #marksOf = new Map<string, readonly KnownService[]>();
  readonly #places = new Array<FoundPlace | undefined>(PLACES).fill(undefined);
  /** Connections whose service is gone: their forwarding method is taken for NAT. */
  guessed = 0;

  constructor(services: readonly ListedService[]) {
    for (const { key, settings, destinations } of services) {
      const service: KnownService = {
        mark: key.by === 'fwmark' ? key.mark : 0,
        persistenceSeconds: settings.persistent ? settings.persistenceSeconds : 0,
        methods: new Map(
          destinations.map((row) => [`${hex(row.key.address)}:${row.key.port}`, methodNumber(row.settings.method)]),
        ),
      };
      if (key.by === 'address')
        this.#byAddress.set(`${protocolNumber(key.protocol)} ${hex(key.address)}:${key.port}`, service);
      else this.#addMark(service, serviceFamily(key) === 'ip6' ? 16 : 4);
    }
  }

  #addMark(service: KnownService, width: number): void {
    this.#byMark.set(markKey(service.mark, width), [service]);
    for (const endpoint of service.methods.keys())
      this.#marksOf.set(endpoint, [...(this.#marksOf.get(endpoint) ?? []), service]);
  }

  /** What it says is good until the row changes. */
  describe(row: ConnectionRow): SyncConnection {
    const place = this.#placeOf(row);
    if (place === nowhere) this.guessed++;
    const { protocol, state, isTemplate, clientPort, virtualPort, destinationPort } = row;
    const flags =
      place.method |
      (place.method === 0 ? 0 : connectionFlag.noOutput) |
      (isTemplate || isActive(protocol, state) ? 0 : connectionFlag.inactive) |
      (isTemplate ? connectionFlag.template : clientPort === 0 ? connectionFlag.noClientPort : 0);
    return {
      protocol,
      flags,
      state,
      clientPort,
      virtualPort,
      destinationPort,
      mark: place.mark,
      timeoutSeconds: timeoutOf(row, place),
      client: row.client,
      virtual: row.virtual,
      destination: row.destination,
      persistence: row.persistence,
    };
  }

  #placeOf(row: ConnectionRow): Place {
    const { words, placeAt } = row.bytes;
    const slot = hashOf(words, placeAt) & (PLACES - 1);
    const known = this.#places[slot];
    if (known !== undefined && isSame(known.words, words, placeAt)) return known.place;
    const place = this.#find(row);
    this.#places[slot] = { words: words.slice(placeAt), place };
    return place;
  }

  #find(row: ConnectionRow): Place {
    const endpoint = `${row.destination.toString('hex')}:${row.destinationPort}`;
    const anyPort = `${row.destination.toString('hex')}:0`;
    const methodIn = ({ methods }: KnownService): number | undefined => methods.get(endpoint) ?? methods.get(anyPort);
    const candidates = this.#candidates(row, endpoint, anyPort);
    const service = candidates.find((one) => methodIn(one) !== undefined) ?? candidates[0];
    if (service === undefined) return nowhere;
    const { mark, persistenceSeconds } = service;
    return { method: methodIn(service) ?? 0, mark, persistenceSeconds };
  }

  /** The likeliest first. The kernel asks for the packet's mark before its address, but no connection tells its mark. */
  #candidates(row: ConnectionRow, endpoint: string, anyPort: string): readonly KnownService[] {
    const { protocol, isTemplate, virtual, virtualPort } = row;
    if (isTemplate && protocol === ipProtocol.ip)
      return this.#byMark.get(markKey(virtual.readUInt32BE(0), virtual.length)) ?? [];
    const vip = `${protocol} ${virtual.toString('hex')}`;
    // what belongs to an FTP service has other ports: its data, and its templates, which have none
    const ports = [virtualPort, 0, FTP_PORT];
    return [
      ...ports.flatMap((port) => this.#byAddress.get(`${vip}:${port}`) ?? []),
      ...(this.#marksOf.get(endpoint) ?? []),
      ...(this.#marksOf.get(anyPort) ?? []),
    ];
  }
}

function hashOf(words: Int32Array, from: number): number {
  let hash = 0;
  for (let i = from; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, 0x9e37_79b1);
  return hash ^ (hash >>> 16);
}

function isSame(known: Int32Array, words: Int32Array, from: number): boolean {
  if (known.length !== words.length - from) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== words[from + i]) return false;
  return true;
}

const nowhere: Place = { method: 0, mark: 0, persistenceSeconds: 0 };
const FTP_PORT = 21;

/**
 * The kernel counts a template's time from its own length each time it is used, and a connection's from the state: so a template gets its whole
 * time, as the kernel's own daemon sends it, and a connection what it has left.
 */
const timeoutOf = ({ isTemplate, expiresSeconds }: ConnectionRow, { persistenceSeconds }: Place): number =>
  Math.max(1, isTemplate ? Math.max(persistenceSeconds, expiresSeconds) : expiresSeconds);

/** 5 to 7 have no name; a method of our own engine is never the kernel's. */
const methodNumber = (method: ForwardingMethod): number => {
  const index = (forwardingMethods as readonly string[]).indexOf(method);
  return index >= 0 ? index : Number(/^method-([5-7])$/.exec(method)?.[1] ?? 0);
};

const hex = (address: string): string => Buffer.from(addressBytes(address)).toString('hex');
const markKey = (mark: number, width: number): string => `${mark} ${width}`;
