/** A forwarding table as the bytes that native/engine/image.h calls a services image, and back. */
import { LvsError } from '../errors.js';
import { familyOf } from '../model/address.js';
import { type DestinationSettings, destinationName, plainTunnel } from '../model/destination.js';
import { defaultEngineSettings, type EngineSettings } from '../model/engine.js';
import { protocolName, protocolNumber, type ServiceSettings, serviceName } from '../model/service.js';
import type { Table, TableDestination, TableService } from '../model/table.js';
import { type DestinationRecord, records, SERVICES_MAGIC, type ServiceRecord } from './image-layout.js';
import type { EngineGlobals } from './network.js';
import {
  type AddressKey,
  bitsMask,
  destinationComplaint,
  echoNames,
  fieldBits,
  fieldsOf,
  MOST_SECONDS,
  maskBits,
  methodNames,
  placeOf,
  schedulerNames,
  serviceComplaint,
  serviceFlag,
  TUNNEL_CHECKSUM,
  tunnelNames,
} from './service-records.js';

/** What the engine cannot carry. The rest of the table goes on without it. */
export interface Refused {
  readonly service: string;
  /** Absent: the whole service. */
  readonly destination?: string;
  /** A clause: `the engine does not know scheduler 'x'`. */
  readonly why: string;
}

/** A destination by serviceName and destinationName. */
export interface PlacedDestination {
  readonly service: string;
  readonly destination: string;
}

/** Who stands where in the image. */
export interface ImageOrder {
  readonly services: readonly string[];
  readonly destinations: readonly PlacedDestination[];
}

export interface ServicesImage {
  readonly image: Uint8Array;
  readonly order: ImageOrder;
  readonly refused: readonly Refused[];
}

const { ServicesHeader, Settings, Service, Destination, Pool } = records;

/** One service's part of the image. Its records say destinations and pools from 0 on until they are put together. */
interface Chunk {
  readonly service: string;
  readonly record: Uint8Array;
  readonly destinations: Uint8Array;
  readonly pools: Uint8Array;
  readonly placed: readonly PlacedDestination[];
  readonly refused: readonly Refused[];
  /** Address, prefix, protocol and port: no two services may have the same and take packets from the same interface. */
  readonly key: string;
  readonly nodePort: string | undefined;
  readonly ingress: bigint;
}
type Made = Chunk | Refused;

/**
 * Parts by the service they were made from: a table of 10,000 services of which one has changed is a matter of copying. A service
 * that changed must be another object, as everywhere in a Table.
 */
const made = new WeakMap<TableService, { readonly ports: string | undefined; readonly part: Made }>();

/** @param ports names of the engine's ports, in the order of the network image */
export function servicesImage(table: Table, globals: EngineGlobals, ports: readonly string[]): ServicesImage {
  const portsKey = ports.join(' ');
  const taken = new Taken();
  const refused: Refused[] = [];
  const chunks: Chunk[] = [];
  for (const service of table.values()) {
    const part = partOf(service, ports, portsKey);
    const clash = 'why' in part ? part : taken.clash(part);
    if ('why' in part || clash !== undefined) {
      refused.push(clash!);
      continue;
    }
    chunks.push(part);
    if (part.refused.length > 0) refused.push(...part.refused);
  }
  return { ...assemble(chunks, globals), refused };
}

function partOf(service: TableService, ports: readonly string[], portsKey: string): Made {
  const known = made.get(service);
  if (known !== undefined && (known.ports === undefined || known.ports === portsKey)) return known.part;
  const part = makePart(service, ports);
  const namesPorts = (service.settings.engine?.interfaces.length ?? 0) > 0;
  made.set(service, { ports: namesPorts ? portsKey : undefined, part });
  return part;
}

/** Which service has a key or node port already, and for which interfaces. */
class Taken {
  readonly #by = new Map<string, { all: boolean; some: bigint; service: string }>();

  clash(chunk: Chunk): Refused | undefined {
    for (const key of chunk.nodePort === undefined ? [chunk.key] : [chunk.key, chunk.nodePort]) {
      const other = this.#clash(key, chunk);
      if (other !== undefined)
        return { service: chunk.service, why: `${other} takes the same packets from the same interfaces` };
    }
    return undefined;
  }

  #clash(key: string, { ingress, service }: Chunk): string | undefined {
    const before = this.#by.get(key);
    if (before === undefined) {
      this.#by.set(key, { all: ingress === 0n, some: ingress, service });
      return undefined;
    }
    if (ingress === 0n ? before.all : (ingress & before.some) !== 0n) return before.service;
    before.all ||= ingress === 0n;
    before.some |= ingress;
    return undefined;
  }
}

// ---------------------------------------------------------------- one service

function makePart(service: TableService, ports: readonly string[]): Made {
  const { key, settings } = service;
  const name = serviceName(key);
  const engine = settings.engine ?? defaultEngineSettings;
  const all = [...service.destinations.values()];
  const why = serviceComplaint(service, engine, ports, all.length);
  if (why !== undefined || key.by === 'fwmark') return { service: name, why: why ?? '' };

  const refused: Refused[] = [];
  const carried = all.filter((destination) => {
    const complaint = destinationComplaint(destination, key, engine);
    if (complaint !== undefined)
      refused.push({ service: name, destination: destinationName(destination.key), why: complaint });
    return complaint === undefined;
  });
  const record = serviceRecord(key, settings, engine, carried.length, ports);
  return {
    service: name,
    record: encode(Service, [record]),
    destinations: encode(Destination, carried.map(destinationRecord)),
    pools: encode(
      Pool,
      engine.snatPool.map(({ first, last, lowestPort, highestPort }) => ({
        first,
        last,
        lowest: lowestPort,
        highest: highestPort,
      })),
    ),
    placed: carried.map((destination) => ({ service: name, destination: destinationName(destination.key) })),
    refused,
    key: `${key.address}/${record.prefix} ${record.protocol} ${key.port}`,
    nodePort: engine.nodePort === 0 ? undefined : `node ${record.protocol} ${engine.nodePort}`,
    ingress: record.ingress,
  };
}

function encode<T>(
  codec: { readonly bytes: number; write(to: DataView, at: number, value: T): void },
  values: readonly T[],
): Uint8Array {
  const bytes = new Uint8Array(codec.bytes * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => codec.write(view, i * codec.bytes, value));
  return bytes;
}

const fullLength = (address: string): number => (familyOf(address) === 'ip4' ? 32 : 128);

function serviceRecord(
  key: AddressKey,
  settings: ServiceSettings,
  engine: EngineSettings,
  destinations: number,
  ports: readonly string[],
): ServiceRecord {
  return {
    address: key.address,
    tunnel_source: engine.tunnelSource,
    prefix: key.prefixLength ?? fullLength(key.address),
    protocol: protocolNumber(key.protocol),
    port: key.port,
    node_port: engine.nodePort,
    scheduler: placeOf(schedulerNames, settings.scheduler),
    scheduler_flags: settings.schedulerFlags,
    hash_fields: fieldBits(engine.hashFields),
    flags:
      (settings.onePacket ? serviceFlag.onePacket : 0) |
      (engine.answerArp ? serviceFlag.answerArp : 0) |
      (engine.stateless ? serviceFlag.stateless : 0),
    dscp: engine.dscp,
    echo: placeOf(echoNames, engine.icmpEcho),
    persistence_prefix: settings.persistent ? (maskBits(settings.persistenceMask) ?? 0) : fullLength(key.address),
    persistence: settings.persistent ? Math.min(MOST_SECONDS, Math.max(1, settings.persistenceSeconds)) : 0,
    table_size: engine.tableSize,
    tcp_timeout: Math.min(MOST_SECONDS, engine.tcpTimeout),
    udp_timeout: Math.min(MOST_SECONDS, engine.udpTimeout),
    first_destination: 0,
    destinations,
    first_pool: 0,
    pools: engine.snatPool.length,
    ingress: engine.interfaces.reduce((bits, name) => bits | (1n << BigInt(ports.indexOf(name))), 0n),
  };
}

function destinationRecord({ key, settings }: TableDestination): DestinationRecord {
  const { method, weight, upperThreshold, lowerThreshold, tunnel } = settings;
  const carrier = method === 'tunnel' ? tunnel : plainTunnel;
  return {
    address: key.address,
    port: key.port,
    method: placeOf(methodNames, method),
    tunnel: placeOf(tunnelNames, carrier.type),
    flags: carrier.checksum && carrier.type !== 'ipip' ? TUNNEL_CHECKSUM : 0,
    tunnel_port: carrier.type === 'gue' ? carrier.port : 0,
    weight,
    upper: upperThreshold,
    lower: lowerThreshold,
  };
}

// ---------------------------------------------------------------- put together

const seconds = (value: number): number => Math.min(MOST_SECONDS, Math.max(1, Math.round(value)));

function assemble(chunks: readonly Chunk[], globals: EngineGlobals): { image: Uint8Array; order: ImageOrder } {
  const sum = (of: (chunk: Chunk) => Uint8Array): number =>
    chunks.reduce((bytes, chunk) => bytes + of(chunk).length, 0);
  const destinationBytes = sum((chunk) => chunk.destinations);
  const servicesAt = ServicesHeader.bytes + Settings.bytes;
  const destinationsAt = servicesAt + chunks.length * Service.bytes;
  const poolsAt = destinationsAt + destinationBytes;
  const bytes = poolsAt + sum((chunk) => chunk.pools);

  const image = new Uint8Array(bytes);
  const view = new DataView(image.buffer);
  const destinations = destinationBytes / Destination.bytes;
  const pools = (bytes - poolsAt) / Pool.bytes;
  ServicesHeader.write(view, 0, { magic: SERVICES_MAGIC, bytes, services: chunks.length, destinations, pools });
  writeSettings(view, ServicesHeader.bytes, globals);

  const placed: PlacedDestination[] = [];
  let [service, destination, pool] = [servicesAt, destinationsAt, poolsAt];
  for (const chunk of chunks) {
    image.set(chunk.record, service);
    view.setUint32(service + Service.offsets.first_destination.at, placed.length, true);
    view.setUint32(service + Service.offsets.first_pool.at, (pool - poolsAt) / Pool.bytes, true);
    image.set(chunk.destinations, destination);
    image.set(chunk.pools, pool);
    for (const one of chunk.placed) placed.push(one);
    service += Service.bytes;
    destination += chunk.destinations.length;
    pool += chunk.pools.length;
  }
  return { image, order: { services: chunks.map(({ service: name }) => name), destinations: placed } };
}

function writeSettings(view: DataView, at: number, { timeouts, ...globals }: EngineGlobals): void {
  Settings.write(view, at, {
    tunnel_source4: globals.tunnelSource4,
    tunnel_source6: globals.tunnelSource6,
    tcp_established: seconds(timeouts.tcpEstablished),
    tcp_syn: seconds(timeouts.tcpSyn),
    tcp_fin: seconds(timeouts.tcpFin),
    tcp_closed: seconds(timeouts.tcpClosed),
    udp: seconds(timeouts.udp),
    icmp: seconds(timeouts.icmp),
    other: seconds(timeouts.other),
    fragment_ms: Math.min(60_000, Math.max(1, Math.round(globals.fragmentMs))),
    tunnel_ttl: globals.tunnelTtl,
  });
}

// ---------------------------------------------------------------- and back

/**
 * The table that an image was made from, as far as it was carried: for a director that takes over an engine that runs. What has no
 * meaning is not in an image: thresholds of time of a service that is not persistent, the tunnel of a destination that has none.
 * @throws LvsError ENGINE_IMAGE_UNREADABLE
 */
export function readServicesImage(image: Uint8Array, ports: readonly string[] = []): Table {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const header = readHeader(view);
  const servicesAt = ServicesHeader.bytes + Settings.bytes;
  const destinationsAt = servicesAt + header.services * Service.bytes;
  const poolsAt = destinationsAt + header.destinations * Destination.bytes;
  const table = new Map<string, TableService>();
  for (let i = 0; i < header.services; i++) {
    const record = Service.read(view, servicesAt + i * Service.bytes);
    if (
      record.first_destination + record.destinations > header.destinations ||
      record.first_pool + record.pools > header.pools
    )
      throw new LvsError('ENGINE_IMAGE_UNREADABLE', [`service ${i} has destinations or pools that are not there`]);
    const destinations = new Map<string, TableDestination>();
    for (let n = 0; n < record.destinations; n++) {
      const one = readDestination(view, destinationsAt + (record.first_destination + n) * Destination.bytes);
      destinations.set(destinationName(one.key), one);
    }
    const pools = Array.from({ length: record.pools }, (_, n) =>
      readPool(view, poolsAt + (record.first_pool + n) * Pool.bytes),
    );
    const key = readKey(record);
    table.set(serviceName(key), { key, settings: readSettings(record, pools, ports), destinations });
  }
  return table;
}

function readHeader(view: DataView): ReturnType<typeof ServicesHeader.read> {
  const least = ServicesHeader.bytes + Settings.bytes;
  if (view.byteLength < least) throw new LvsError('ENGINE_IMAGE_UNREADABLE', [`it has ${view.byteLength} bytes`]);
  const header = ServicesHeader.read(view, 0);
  const { magic, bytes, services, destinations, pools } = header;
  if (magic !== SERVICES_MAGIC) throw new LvsError('ENGINE_IMAGE_UNREADABLE', ['it is of another kind or version']);
  const needed = least + services * Service.bytes + destinations * Destination.bytes + pools * Pool.bytes;
  if (bytes !== view.byteLength || needed !== bytes)
    throw new LvsError('ENGINE_IMAGE_UNREADABLE', [`it has ${view.byteLength} bytes, and says ${needed}`]);
  return header;
}

function readKey({ protocol, address, port, prefix }: ServiceRecord): AddressKey {
  const name = protocol === 0 ? 'any' : protocolName(protocol);
  const key: AddressKey = { by: 'address', protocol: name, address, port };
  return prefix === fullLength(address) ? key : { ...key, prefixLength: prefix };
}

const bitNames = (bits: bigint, names: readonly string[]): readonly string[] =>
  names.filter((_, i) => (bits & (1n << BigInt(i))) !== 0n);

function readSettings(
  record: ServiceRecord,
  pools: EngineSettings['snatPool'],
  ports: readonly string[],
): ServiceSettings {
  const { flags, persistence, tunnel_source: tunnelSource } = record;
  const engine: EngineSettings = {
    hashFields: fieldsOf(record.hash_fields),
    tableSize: record.table_size,
    dscp: record.dscp,
    ...(tunnelSource === undefined ? {} : { tunnelSource }),
    nodePort: record.node_port,
    snatPool: pools,
    icmpEcho: echoNames[record.echo] ?? 'default',
    answerArp: (flags & serviceFlag.answerArp) !== 0,
    stateless: (flags & serviceFlag.stateless) !== 0,
    interfaces: bitNames(record.ingress, ports),
    tcpTimeout: record.tcp_timeout,
    udpTimeout: record.udp_timeout,
  };
  return {
    scheduler: schedulerNames[record.scheduler] ?? 'none',
    schedulerFlags: record.scheduler_flags,
    persistent: persistence !== 0,
    persistenceSeconds: persistence,
    persistenceMask: bitsMask(record.persistence_prefix, familyOf(record.address)),
    persistenceEngine: '',
    onePacket: (flags & serviceFlag.onePacket) !== 0,
    engine,
  };
}

function readDestination(view: DataView, at: number): TableDestination {
  const record = Destination.read(view, at);
  const method = methodNames[record.method] ?? 'local';
  const settings: DestinationSettings = {
    method,
    weight: record.weight,
    upperThreshold: record.upper,
    lowerThreshold: record.lower,
    tunnel: {
      type: tunnelNames[record.tunnel] ?? 'ipip',
      port: record.tunnel_port,
      checksum: (record.flags & TUNNEL_CHECKSUM) !== 0,
      remoteChecksum: false,
    },
  };
  return { key: { address: record.address, port: record.port }, settings };
}

function readPool(view: DataView, at: number): EngineSettings['snatPool'][number] {
  const { first, last, lowest, highest } = Pool.read(view, at);
  return { first, last, lowestPort: lowest, highestPort: highest };
}
