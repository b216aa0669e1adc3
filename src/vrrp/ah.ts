/**
 * The authentication header in front of an advert of version 2 over IPv4 (RFC 2402, as RFC 2338 §5.3.6 has it and keepalived builds it).
 *
 *    0                   1                   2                   3
 *   |Next Header 112| Payload Len 4 |              0                |
 *   |       Security Parameters Index: the source address           |
 *   |                       Sequence Number                         |
 *   |          HMAC-MD5, its first 12 bytes (RFC 2403) …            |
 *
 * The IP header is signed, too: without what routers change (TOS, fragmentation, checksum), and without the TTL where adverts are unicast.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { addressBytes } from '../model/address.js';
import { HEADER_PROTOCOL, PROTOCOL } from './rfc.js';

export const HEADER_BYTES = 24;
const ICV_AT = 12;
const ICV_BYTES = 12;
/** RFC 2402 §2.2: 32-bit words of the header, minus 2. */
const PAYLOAD_LENGTH = HEADER_BYTES / 4 - 2;
const IP_HEADER_BYTES = 20;
/** Numbers end a little before 2^32: keepalived stops there. A sender gets so far in 136 years, or because somebody with the key wanted it. */
export const MOST_SEQUENCE = 0xfffffffd;

/** What the IP header of an advert will say; the sending thread has to send just this. */
export interface SignedIpHeader {
  readonly source: string;
  readonly destination: string;
  /** It is signed, so the kernel must not choose it: identificationOf() for ours. */
  readonly identification: number;
  readonly ttl: number;
  readonly unicast: boolean;
}

/** Of packets with the header: the sending thread (native/vrrp) reads the number from the message and writes the same. 0 would be the kernel's. */
export const identificationOf = (sequence: number): number => sequence & 0xffff || 1;

export type HeaderRefusal = 'ah-malformed' | 'ah-mismatch' | 'ah-spi';

/** Header and advert, ready to be sent as protocol 51. `key`: 8 bytes, passwordBytes() of the password. */
export function signHeader(key: Uint8Array, ip: SignedIpHeader, message: Uint8Array, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + message.length);
  const source = addressBytes(ip.source);
  bytes.set([PROTOCOL, PAYLOAD_LENGTH]);
  bytes.set(source, 4);
  new DataView(bytes.buffer).setUint32(8, sequence);
  bytes.set(message, HEADER_BYTES);

  const header = new Uint8Array(IP_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x40 | (IP_HEADER_BYTES / 4));
  view.setUint16(2, IP_HEADER_BYTES + bytes.length);
  view.setUint16(4, ip.identification);
  view.setUint8(8, ip.ttl);
  view.setUint8(9, HEADER_PROTOCOL);
  header.set(source, 12);
  header.set(addressBytes(ip.destination), 16);
  bytes.set(icv(key, header, bytes, ip.unicast), ICV_AT);
  return bytes;
}

/** `ipHeader` as it came, with options if it has any; `payload` is what is behind it, at least a header long. */
export function verifyHeader(
  key: Uint8Array,
  ipHeader: Uint8Array,
  payload: Uint8Array,
  unicast: boolean,
): { readonly sequence: number } | { readonly refused: HeaderRefusal } {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload.length < HEADER_BYTES || ipHeader.length < IP_HEADER_BYTES) return { refused: 'ah-malformed' };
  if (view.getUint8(0) !== PROTOCOL || view.getUint8(1) !== PAYLOAD_LENGTH) return { refused: 'ah-malformed' };
  const found = payload.subarray(ICV_AT, ICV_AT + ICV_BYTES);
  if (!timingSafeEqual(found, icv(key, ipHeader, payload, unicast))) return { refused: 'ah-mismatch' };
  if (ipHeader.subarray(12, 16).some((byte, i) => byte !== payload[4 + i])) return { refused: 'ah-spi' };
  return { sequence: view.getUint32(8) };
}

/** Integrity check value; RFC 2402 §3.3.3. */
function icv(key: Uint8Array, ipHeader: Uint8Array, payload: Uint8Array, unicast: boolean): Uint8Array {
  const header = ipHeader.slice();
  header[1] = 0;
  header.fill(0, 6, 8);
  if (unicast) header[8] = 0;
  header.fill(0, 10, 12);
  return createHmac('md5', key)
    .update(header)
    .update(payload.subarray(0, ICV_AT))
    .update(new Uint8Array(ICV_BYTES))
    .update(payload.subarray(HEADER_BYTES))
    .digest()
    .subarray(0, ICV_BYTES);
}
