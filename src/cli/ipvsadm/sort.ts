import { addressBytes } from '../../model/address.js';
import { protocolNumber, type ServiceKey } from '../../model/service.js';
import type { DestinationKey } from '../../model/destination.js';

type Compare<T> = (a: T, b: T) => number;

/**
 * glibc's qsort(3) step by step: merge sort, halves n/2 and n − n/2, the left one first when not greater.
 * The comparison below is not transitive, so the order is that of this very algorithm over the kernel's.
 */
export function mergeSort<T>(items: readonly T[], compare: Compare<T>): T[] {
  const sorted = [...items];
  const spare = new Array<T>(items.length);
  sortRange(sorted, spare, 0, items.length, compare);
  return sorted;
}

function sortRange<T>(items: T[], spare: T[], from: number, count: number, compare: Compare<T>): void {
  if (count <= 1) return;
  const half = count >> 1;
  const middle = from + half;
  const end = from + count;
  sortRange(items, spare, from, half, compare);
  sortRange(items, spare, middle, count - half, compare);
  let [left, right, to] = [from, middle, 0];
  while (left < middle && right < end)
    spare[to++] = compare(items[left]!, items[right]!) <= 0 ? items[left++]! : items[right++]!;
  while (left < middle) spare[to++] = items[left++]!;
  // What is left of the right half stands where it belongs.
  for (let i = 0; i < to; i++) items[from + i] = spare[i]!;
}

/** Where something stands, and what stands there: one object each, for tables are large. */
interface Place<T> {
  readonly item: T;
  readonly mark: number;
  readonly six: boolean;
  readonly protocol: number;
  /** First word of the address. */
  readonly word: number;
  readonly bytes: Uint8Array | undefined;
  readonly port: number;
}

function servicePlace<T extends { readonly key: ServiceKey }>(item: T): Place<T> {
  const { key } = item;
  if (key.by === 'fwmark')
    return { item, mark: key.mark, six: key.family === 'ip6', protocol: 0, word: 0, bytes: undefined, port: 0 };
  return placeAt(item, protocolNumber(key.protocol), key.address, key.port);
}

function placeAt<T>(item: T, protocol: number, address: string, port: number): Place<T> {
  if (!address.includes(':'))
    return { item, mark: 0, six: false, protocol, word: ip4Word(address), bytes: undefined, port };
  const bytes = addressBytes(address);
  return { item, mark: 0, six: true, protocol, word: wordAt(bytes, 0), bytes, port };
}

function ip4Word(text: string): number {
  let [word, part] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 46) {
      word = (word << 8) | part;
      part = 0;
    } else part = part * 10 + c - 48;
  }
  return (word << 8) | part;
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;

/** Differences of 32-bit words, taken as signed: 223.0.0.1 comes before 9.0.0.1. */
function compareAddresses(a: Place<unknown>, b: Place<unknown>): number {
  const first = (a.word - b.word) | 0;
  if (first !== 0 || a.bytes === undefined || b.bytes === undefined) return first;
  for (let at = 4; at < 16; at += 4) {
    const difference = (wordAt(a.bytes, at) - wordAt(b.bytes, at)) | 0;
    if (difference !== 0) return difference;
  }
  return 0;
}

const comparePlaces = (a: Place<unknown>, b: Place<unknown>): number =>
  (a.mark - b.mark) | 0 ||
  Number(a.six) - Number(b.six) ||
  a.protocol - b.protocol ||
  compareAddresses(a, b) ||
  a.port - b.port;

const sortPlaces = <T>(places: readonly Place<T>[]): T[] => mergeSort(places, comparePlaces).map(({ item }) => item);

/** By fwmark, family, protocol number, address, port. Takes the kernel's order. */
export const sortServices = <T extends { readonly key: ServiceKey }>(services: readonly T[]): T[] =>
  sortPlaces(services.map(servicePlace));

/** By family, address, port. Takes the kernel's order. */
export const sortServers = <T extends { readonly key: DestinationKey }>(servers: readonly T[]): T[] =>
  sortPlaces(servers.map((server) => placeAt(server, 0, server.key.address, server.key.port)));
