import type { Diagnostics, Place } from '../../config/diagnostics.js';
import { addressBytes, canonicalAddress, type Family, familyOf, formatAddress } from '../../model/address.js';
import type { Directive } from './lines.js';

/** What names mean: asked of the system by who converts. */
export interface Resolver {
  /** An address of the host in this family; undefined: there is none. */
  host(name: string, family: Family): string | undefined;
  port(name: string, protocol: string): number | undefined;
}

/** gate, masq, ipip. */
export type Forwarding = 'DR' | 'NAT' | 'TUN';
const FORWARDINGS: ReadonlyMap<string, Forwarding> = new Map([
  ['gate', 'DR'],
  ['masq', 'NAT'],
  ['ipip', 'TUN'],
]);

/** One real server of a section, or the fallback. */
export interface Real {
  readonly place: Place;
  readonly address: string;
  /** undefined: none was written. */
  readonly port: number | undefined;
  readonly forwarding: Forwarding;
  readonly weight: number;
  /** Of its own check. */
  readonly request: string | undefined;
  readonly receive: string | undefined;
}

/** How names and numbers of one section are read. */
export interface Reading {
  readonly family: Family;
  readonly protocol: string;
  readonly resolver: Resolver;
  readonly diagnostics: Diagnostics;
}

/** `[ADDRESS]` of IPv6, an address or a name; an optional port. */
const ENDPOINT = /^(\[[^\]\s]*\]|[^\s:[\]]+)(?::(\S+))?$/;

/** undefined: it has been complained about. */
export function readEndpoint(
  text: string,
  place: Place,
  { family, protocol, resolver, diagnostics }: Reading,
): { readonly address: string; readonly port: number | undefined } | undefined {
  const [, host = '', portText] = ENDPOINT.exec(text) ?? [];
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const address = canonicalAddress(bare) ?? (bare === '' ? undefined : resolver.host(bare, family));
  if (address === undefined) {
    const message = bare === '' ? `'${text}' is no address` : `'${bare}' is no address and no name that is known here`;
    diagnostics.error(place, message, { expected: 'ADDRESS:PORT' });
    return undefined;
  }
  if (familyOf(address) !== family) {
    const word = family === 'ip4' ? 'IPv4' : 'IPv6';
    diagnostics.error(place, `${address} is not of the family of its virtual service`, {
      expected: `an ${word} address`,
    });
    return undefined;
  }
  if (portText === undefined) return { address, port: undefined };
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : resolver.port(portText, protocol);
  if (port !== undefined && port <= 65_535) return { address, port: port === 0 ? undefined : port };
  diagnostics.error(place, `'${portText}' is no port`, { expected: 'a port from 1 to 65535 or the name of a service' });
  return undefined;
}

/** More servers than this from one line is a mistake. */
const MOST_SERVERS = 4096;
const MOST_WEIGHT = 2_147_483_647;
const REAL =
  /^(\S+?)(?:->(\S+?))?(:[\w-]+)?\s+(gate|masq|ipip)\b(?:\s+(\d{1,10})\b)?\s*(?:"(.*)"\s*[, ]\s*"(.*)")?\s*$/;

/** `real = ADDRESS[->ADDRESS][:PORT] gate|masq|ipip [WEIGHT] ["REQUEST", "RECEIVE"]`. */
export function readReal({ value, valuePlace: place }: Directive, reading: Reading): readonly Real[] {
  const { diagnostics } = reading;
  const [, first, last, port = '', method = '', weight = '1', request, receive] = REAL.exec(value) ?? [];
  if (first === undefined) {
    diagnostics.error(place, 'this is no real server', {
      expected: 'ADDRESS[->ADDRESS][:PORT] gate|masq|ipip [WEIGHT] ["REQUEST", "RECEIVE"]',
    });
    return [];
  }
  if (Number(weight) > MOST_WEIGHT) {
    diagnostics.error(place, `'${weight}' is no weight`, { expected: `0 to ${MOST_WEIGHT}` });
    return [];
  }
  const from = readEndpoint(`${first}${port}`, place, reading);
  const to = last === undefined ? from : readEndpoint(last, place, reading);
  if (from === undefined || to === undefined) return [];
  const addresses = addressesBetween(from.address, to.address);
  if (typeof addresses === 'string') {
    diagnostics.error(place, addresses, { expected: 'IPv4 addresses, the second not below the first' });
    return [];
  }
  const forwarding = FORWARDINGS.get(method) ?? 'DR';
  return addresses.map((address) => ({
    place,
    address,
    port: from.port,
    forwarding,
    weight: Number(weight),
    request,
    receive,
  }));
}

/** Both ends included; or what is wrong with them. */
function addressesBetween(first: string, last: string): readonly string[] | string {
  if (first === last) return [first];
  if (familyOf(first) === 'ip6') return 'a range of IPv6 addresses';
  const [from, to] = [numberOf(first), numberOf(last)];
  if (to < from) return `the range ${first}->${last} is empty`;
  if (to - from >= MOST_SERVERS) return `the range ${first}->${last} is more than ${MOST_SERVERS} servers`;
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const number = from + i;
    return formatAddress(Uint8Array.of(number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff));
  });
}

const numberOf = (address: string): number => addressBytes(address).reduce((sum, byte) => sum * 256 + byte, 0);

/** `fallback = ADDRESS[:PORT] [gate|masq|ipip]`. */
export function readFallback({ value, valuePlace: place }: Directive, reading: Reading): Real | undefined {
  const [, where = '', method = 'gate'] = /^(\S+)(?:\s+(\S+))?$/.exec(value) ?? [];
  const forwarding = FORWARDINGS.get(method);
  if (where === '' || forwarding === undefined) {
    reading.diagnostics.error(place, 'this is no fallback server', { expected: 'ADDRESS[:PORT] [gate|masq|ipip]' });
    return undefined;
  }
  const endpoint = readEndpoint(where, place, reading);
  return endpoint === undefined
    ? undefined
    : { place, ...endpoint, forwarding, weight: 1, request: undefined, receive: undefined };
}
