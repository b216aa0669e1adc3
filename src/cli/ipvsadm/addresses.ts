import { canonicalAddress } from '../../model/address.js';
import type { Names } from './names.js';
import { numberWithin } from './numbers.js';

export interface Endpoint {
  readonly address: string;
  /** undefined: none was written. */
  readonly port: number | undefined;
}

const PART = /^(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/;
/** Largest last part behind 0, 1, 2, 3 others. */
const LAST_PART_MOST = [0xffffffff, 0xffffff, 0xffff, 0xff] as const;
const PLAIN_IP4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;

/** inet_aton(3): one to four parts, decimal, octal or hex, the last one filling what is left; text behind a blank is ignored. */
export function inetAton(text: string): string | undefined {
  if (PLAIN_IP4.test(text)) return text;
  const parts: number[] = [];
  let rest = text;
  for (;;) {
    const token = PART.exec(rest)?.[0];
    if (token === undefined) return undefined;
    parts.push(
      token.length > 1 && token.startsWith('0') && !/^0[xX]/.test(token) ? Number(`0o${token}`) : Number(token),
    );
    rest = rest.slice(token.length);
    if (!rest.startsWith('.')) break;
    if (parts.length === 4 || parts.at(-1)! > 255) return undefined;
    rest = rest.slice(1);
  }
  if (rest !== '' && !/^[ \t\n\v\f\r]/.test(rest)) return undefined;
  const last = parts.pop()!;
  if (last > LAST_PART_MOST[parts.length]!) return undefined;
  for (let shift = 3 - parts.length; shift >= 0; shift--) parts.push(Math.floor(last / 256 ** shift) % 256);
  return parts.join('.');
}

/** IPv4 in any form of inet_aton, or the name of a host. */
export const ip4OrName = (text: string, names: Names): string | undefined => inetAton(text) ?? names.hostByName(text);

/** IPv6 text without zone. */
export const ip6 = (text: string): string | undefined => (text.includes(':') ? canonicalAddress(text) : undefined);

/**
 * `host`, `host:port`, `[ip6]:port` or `ip6`. A port is a number or a service name of the protocol.
 * IPv4 and names within brackets lose the port behind them, as ipvsadm always had it.
 */
export function parseEndpoint(text: string, protocol: string | undefined, names: Names): Endpoint | undefined {
  if (/^[0-9]*$/.test(text)) return undefined;
  let host = text;
  let behindBrackets: string | undefined;
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    if (end < 0 || text.charAt(end + 1) !== ':') return undefined;
    host = text.slice(1, end);
    behindBrackets = text.slice(end + 2);
  }
  const six = ip6(host);
  if (six !== undefined) return withPort(six, behindBrackets, protocol, names);

  const colon = host.lastIndexOf(':');
  const four = ip4OrName(colon < 0 ? host : host.slice(0, colon), names);
  if (four === undefined) return undefined;
  return withPort(four, colon < 0 ? undefined : host.slice(colon + 1), protocol, names);
}

function withPort(
  address: string,
  portText: string | undefined,
  protocol: string | undefined,
  names: Names,
): Endpoint | undefined {
  if (portText === undefined) return { address, port: undefined };
  const port =
    numberWithin(portText, 0, 65535) ?? (protocol === undefined ? undefined : names.serviceByName(portText, protocol));
  return port === undefined ? undefined : { address, port };
}

/** A multicast group as inet_pton(3) takes it, which says the family by a colon. */
export function multicastGroup(text: string): string | undefined {
  const address = canonicalAddress(text);
  if (address === undefined) return undefined;
  if (address.includes(':')) return /^ff[0-9a-f]{2}:/.test(address) ? address : undefined;
  const first = Number.parseInt(address, 10);
  return first >= 224 && first <= 239 ? address : undefined;
}
