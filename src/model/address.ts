/**
 * model/ — the nouns of the field: addresses, services, destinations, tables, changes. Pure.
 * Addresses are kept as canonical text (what inet_ntop prints), so they compare and key maps as they are.
 */
import { isIPv6 } from 'node:net';

export type Family = 'ip4' | 'ip6';

export const familyOf = (address: string): Family => (address.includes(':') ? 'ip6' : 'ip4');

/** The bytes of canonical or any valid IPv4/IPv6 text in network order: 4 or 16 of them. Zones are not addresses. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.includes(':')) return isIPv6(text) && !text.includes('%') ? ip6Bytes(text) : undefined;
  return ip4Bytes(text);
}

function ip4Bytes(text: string): Uint8Array | undefined {
  const number = ip4Number(text);
  if (number < 0) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) bytes[i] = number >>> (24 - 8 * i);
  return bytes;
}

const POINT = 46;
const ZERO = 48;
const NINE = 57;

/** Four decimal numbers without leading zeros, or -1. By hand: a table of 50,000 addresses is no work for a regular expression. */
function ip4Number(text: string): number {
  let all = 0;
  let parts = 0;
  let value = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === POINT) {
      if (digits === 0 || parts === 3) return -1;
      all = 256 * all + value;
      parts++;
      value = 0;
      digits = 0;
    } else {
      if (code < ZERO || code > NINE || (digits > 0 && value === 0)) return -1;
      value = 10 * value + code - ZERO;
      digits++;
      if (value > 255) return -1;
    }
  }
  return parts === 3 && digits > 0 ? 256 * all + value : -1;
}

/** Like parseAddress, for text that was validated before: wrong text is a mistake of ours, not of a user. */
export function addressBytes(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === undefined) throw new TypeError(`not an IP address: ${text}`);
  return bytes;
}

/** Canonical text of an address, or undefined if `text` is none. */
export function canonicalAddress(text: string): string | undefined {
  if (!text.includes(':')) return ip4Number(text) < 0 ? undefined : text; // there is but one way to write it
  const bytes = parseAddress(text);
  return bytes === undefined ? undefined : formatAddress(bytes);
}

function ip6Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let rest = text;
  const lastColon = text.lastIndexOf(':');
  if (text.includes('.', lastColon)) {
    const [a = 0, b = 0, c = 0, d = 0] = text
      .slice(lastColon + 1)
      .split('.', 4)
      .map(Number);
    rest = `${text.slice(0, lastColon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', tail] = rest.split('::', 2);
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  all.forEach((word, i) => {
    bytes[2 * i] = word >> 8;
    bytes[2 * i + 1] = word & 0xff;
  });
  return bytes;
}

/** What inet_ntop(3) of glibc prints for 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? formatIp4(bytes, 0) : formatIp6(bytes, 0);
}

export const formatIp4 = (bytes: Uint8Array, at: number): string =>
  `${bytes[at]!}.${bytes[at + 1]!}.${bytes[at + 2]!}.${bytes[at + 3]!}`;

/** The longest run of two or more zero words becomes `::`, the first of equals; `::a.b.c.d` and `::ffff:a.b.c.d` as glibc. */
export function formatIp6(bytes: Uint8Array, at: number): string {
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((bytes[at + i]! << 8) | bytes[at + i + 1]!);

  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && words[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    if (end > i) i = end;
  }
  if (start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff)))
    return `::${length === 5 ? 'ffff:' : ''}${formatIp4(bytes, at + 12)}`;

  const hex = (part: number[]): string => part.map((word) => word.toString(16)).join(':');
  return start < 0 ? hex(words) : `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export const formatEndpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
