/**
 * What native/engine/image.h says in C++, field by field and in its order: encoder, decoder and type of every record come from here.
 * Little-endian, aligned to eight, no gap that is not a field. native/engine/image_layout.h has every offset, and a test compares.
 */
import { addressBytes, formatIp4, formatIp6, parseAddress } from '../model/address.js';

/** How a value becomes bytes and back. */
export interface Field<T> {
  readonly bytes: number;
  readonly align: number;
  write(to: DataView, at: number, value: T): void;
  read(from: DataView, at: number): T;
}

export type Layout = Readonly<Record<string, Field<unknown>>>;
type ValueOf<F> = F extends { read(from: DataView, at: number): infer V } ? V : never;
/** The object that a layout describes; padding is not in it. */
export type RecordOf<L extends Layout> = {
  -readonly [K in keyof L as K extends `zero${string}` ? never : K]: ValueOf<L[K]>;
};

const u8: Field<number> = {
  bytes: 1,
  align: 1,
  write: (to, at, value) => to.setUint8(at, value),
  read: (from, at) => from.getUint8(at),
};
const u16: Field<number> = {
  bytes: 2,
  align: 2,
  write: (to, at, value) => to.setUint16(at, value, true),
  read: (from, at) => from.getUint16(at, true),
};
const u32: Field<number> = {
  bytes: 4,
  align: 4,
  write: (to, at, value) => to.setUint32(at, value, true),
  read: (from, at) => from.getUint32(at, true),
};
const u64: Field<bigint> = {
  bytes: 8,
  align: 8,
  write: (to, at, value) => to.setBigUint64(at, value, true),
  read: (from, at) => from.getBigUint64(at, true),
};
const zero = (bytes: number): Field<undefined> => ({
  bytes,
  align: 1,
  write: () => undefined, // fresh memory is zero
  read: () => undefined,
});
const pair: Field<readonly [number, number]> = {
  bytes: 4,
  align: 2,
  write(to, at, [first, second]) {
    to.setUint16(at, first, true);
    to.setUint16(at + 2, second, true);
  },
  read: (from, at) => [from.getUint16(at, true), from.getUint16(at + 2, true)],
};

const bytesAt = (view: DataView, at: number, bytes: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + at, bytes);

const MAPPED = 0xffff;

/** 4 or 16 bytes into memory that is zero; IPv4 stands as ::ffff:a.b.c.d (packet/address.h). */
export function putAddress(to: DataView, at: number, bytes: Uint8Array): void {
  const start = at + 16 - bytes.length;
  if (start > at) to.setUint16(start - 2, MAPPED);
  for (let i = 0; i < bytes.length; i++) to.setUint8(start + i, bytes[i]!);
}

const address: Field<string> = {
  bytes: 16,
  align: 1,
  write: (to, at, text) => putAddress(to, at, addressBytes(text)),
  read(from, at) {
    const bytes = bytesAt(from, at, 16);
    return isMapped(bytes) ? formatIp4(bytes, 12) : formatIp6(bytes, 0);
  },
};

/** Ten zeros and two of all ones in front. */
export const isMapped = (bytes: Uint8Array): boolean =>
  bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);

/** Whether text is an IPv6 address that the engine would take for IPv4. */
export const isMappedText = (text: string): boolean => isMapped(parseAddress(text) ?? new Uint8Array());

const maybeAddress: Field<string | undefined> = {
  bytes: 16,
  align: 1,
  write(to, at, text) {
    if (text !== undefined) address.write(to, at, text);
  },
  read: (from, at) => (bytesAt(from, at, 16).every((byte) => byte === 0) ? undefined : address.read(from, at)),
};

/** `02:fe:00:00:00:01`; undefined: zeros. */
const mac: Field<string | undefined> = {
  bytes: 6,
  align: 1,
  write(to, at, text) {
    text?.split(':').forEach((byte, i) => to.setUint8(at + i, Number.parseInt(byte, 16)));
  },
  read(from, at) {
    const bytes = [...bytesAt(from, at, 6)];
    if (bytes.every((byte) => byte === 0)) return undefined;
    return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  },
};

const NAME_BYTES = 16;
const name: Field<string> = {
  bytes: NAME_BYTES,
  align: 1,
  write: (to, at, text) => bytesAt(to, at, NAME_BYTES).set(new TextEncoder().encode(text).subarray(0, NAME_BYTES - 1)),
  read: (from, at) => new TextDecoder().decode(bytesAt(from, at, NAME_BYTES)).replace(/\0.*$/s, ''),
};

/** A record: where each field stands, and how to write and read all of them. */
export interface RecordCodec<L extends Layout> {
  readonly bytes: number;
  readonly offsets: Readonly<Record<keyof L & string, { readonly at: number; readonly bytes: number }>>;
  /** Into memory that is zero. */
  write(to: DataView, at: number, value: RecordOf<L>): void;
  read(from: DataView, at: number): RecordOf<L>;
}

function record<L extends Layout>(layout: L): RecordCodec<L> {
  const rows: { readonly key: string; readonly at: number; readonly field: Field<unknown> }[] = [];
  let end = 0;
  for (const [key, field] of Object.entries(layout)) {
    if (end % field.align !== 0) throw new TypeError(`${key} is not aligned: declare the gap before it`);
    rows.push({ key, at: end, field });
    end += field.bytes;
  }
  if (end % 8 !== 0) throw new TypeError(`a record of ${end} bytes is not aligned to eight`);
  const said = rows.filter(({ key }) => !key.startsWith('zero'));
  return {
    bytes: end,
    offsets: Object.fromEntries(
      rows.map(({ key, at, field }) => [key, { at, bytes: field.bytes }]),
    ) as RecordCodec<L>['offsets'],
    write(to, start, value) {
      const values = value as Readonly<Record<string, unknown>>;
      for (const { key, at, field } of said) field.write(to, start + at, values[key]);
    },
    read: (from, start) =>
      Object.fromEntries(said.map(({ key, at, field }) => [key, field.read(from, start + at)])) as RecordOf<L>,
  };
}

export const NETWORK_MAGIC = 0x314e_564c;
export const SERVICES_MAGIC = 0x3153_564c;
/** LocalAddress.port of an address on an interface that is no port of ours. */
export const NO_PORT = 0xffff_ffff;

export const portFlag = { up: 1 } as const;
export const adjacencyFlag = { resolved: 1, failed: 2 } as const;
export const routeKind = { unicast: 0, unreachable: 1, onLink: 2 } as const;

/** By their names in image.h. */
export const records = {
  NetworkHeader: record({
    magic: u32,
    bytes: u32,
    ports: u32,
    addresses: u32,
    adjacencies: u32,
    references: u32,
    routes: u32,
    zero: zero(4),
  }),
  Port: record({ ifindex: u32, mtu: u16, flags: u16, mac, zero: zero(2), name }),
  LocalAddress: record({ address, port: u32, prefix: u8, zero: zero(3) }),
  Adjacency: record({
    next_hop: address,
    port: u32,
    mtu: u16,
    flags: u8,
    vlan_tags: u8,
    tag_type: pair,
    tag: pair,
    destination_mac: mac,
    source_mac: mac,
    zero: zero(4),
  }),
  Route: record({ prefix: address, first: u32, count: u32, length: u8, kind: u8, zero: zero(6) }),
  ServicesHeader: record({ magic: u32, bytes: u32, services: u32, destinations: u32, pools: u32, zero: zero(12) }),
  Settings: record({
    tunnel_source4: maybeAddress,
    tunnel_source6: maybeAddress,
    tcp_established: u32,
    tcp_syn: u32,
    tcp_fin: u32,
    tcp_closed: u32,
    udp: u32,
    icmp: u32,
    other: u32,
    fragment_ms: u32,
    tunnel_ttl: u8,
    zero: zero(7),
  }),
  Service: record({
    address,
    tunnel_source: maybeAddress,
    prefix: u8,
    protocol: u8,
    port: u16,
    node_port: u16,
    scheduler: u8,
    scheduler_flags: u8,
    hash_fields: u8,
    flags: u8,
    dscp: u8,
    echo: u8,
    persistence_prefix: u8,
    zero: zero(3),
    persistence: u32,
    table_size: u32,
    tcp_timeout: u32,
    udp_timeout: u32,
    first_destination: u32,
    destinations: u32,
    first_pool: u32,
    pools: u32,
    ingress: u64,
  }),
  Destination: record({
    address,
    port: u16,
    method: u8,
    tunnel: u8,
    flags: u8,
    zero: zero(1),
    tunnel_port: u16,
    weight: u32,
    upper: u32,
    lower: u32,
    zero2: zero(4),
  }),
  Pool: record({ first: address, last: address, lowest: u16, highest: u16, zero: zero(4) }),
} as const;

export type ServiceRecord = ReturnType<typeof records.Service.read>;
export type DestinationRecord = ReturnType<typeof records.Destination.read>;
export type PoolRecord = ReturnType<typeof records.Pool.read>;
export type SettingsRecord = ReturnType<typeof records.Settings.read>;
export type AdjacencyRecord = ReturnType<typeof records.Adjacency.read>;
