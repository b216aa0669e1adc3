/** Adverts as bytes: RFC 3768 §5.1 (version 2, IPv4) and RFC 9568 §5.2 (version 3). Whatever a stranger sent, nothing here throws. */
import { type Family, addressBytes, familyOf, formatAddress } from '../model/address.js';
import { onesComplement } from './checksum.js';
import {
  AUTHENTICATION_BYTES,
  FIXED_BYTES,
  GROUP4,
  MOST_ADDRESSES,
  MOST_INTERVAL_CENTISECONDS,
  MOST_INTERVAL_SECONDS,
  PROTOCOL,
  TYPE_ADVERTISEMENT,
  type Version,
} from './rfc.js';

export interface Advert {
  readonly version: Version;
  readonly vrid: number;
  /** 0: the sender lets go; 255: it owns the addresses. */
  readonly priority: number;
  /** A multiple of 1000 in version 2 and of 10 in version 3. */
  readonly intervalMs: number;
  /** Canonical text, as they were sent: at most 255, all of one family. */
  readonly addresses: readonly string[];
  /** Version 2 has it, version 3 has not. */
  readonly authentication: AdvertAuthentication | undefined;
}

export interface AdvertAuthentication {
  readonly type: number;
  /** 8 bytes. */
  readonly data: Uint8Array;
}

/** Of the IP packet; the checksum knows both. */
export interface Envelope {
  readonly source: string;
  readonly destination: string;
}

/**
 * What the checksum of IPv4 covers in version 3: the message alone (`plain`, RFC 9568 §5.2.8), a pseudo header as well (`pseudo`, what RFC 5798
 * §5.2.8 was read as by keepalived and FRR), or one that says 224.0.0.18 though the packet goes elsewhere (`old-unicast`, keepalived to 1.3.6).
 * Version 2 is always `plain`, IPv6 always `pseudo`.
 */
export type ChecksumForm = 'pseudo' | 'plain' | 'old-unicast';

export const malformations = ['truncated', 'version', 'type'] as const;

export type DecodedAdvert =
  | {
      readonly advert: Advert;
      /** Bytes of the message; there may be more behind it: a signature, or nothing that we know. */
      readonly length: number;
    }
  | { readonly refused: (typeof malformations)[number] };

const CHECKSUM_AT = 6;
/** Everything but type 1 is unknown; RFC 9568 §5.2.2. */
const VERSIONS: ReadonlyMap<number, Version> = new Map([
  [2, 2],
  [3, 3],
]);

const widthOf = (family: Family): number => (family === 'ip4' ? 4 : 16);

/**
 *    0                   1                   2                   3
 *   |Version| Type  | Virtual Rtr ID|   Priority    |Count IPvX Addr|
 *   |   Auth Type   |   Adver Int   |           Checksum            |   version 2: seconds
 *   | rsvd  |    Max Adver Int      |           Checksum            |   version 3: centiseconds
 *   |                        IPvX addresses …                       |
 *   |              Authentication Data (version 2) …                |   8 bytes
 *
 * The checksum is not looked at (checksumForms does), nor is the interval.
 */
export function decodeAdvert(payload: Uint8Array, family: Family): DecodedAdvert {
  if (payload.length < FIXED_BYTES) return { refused: 'truncated' };
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const first = view.getUint8(0);
  const version = VERSIONS.get(first >> 4);
  if (version === undefined || (version === 2 && family === 'ip6')) return { refused: 'version' };
  if ((first & 0x0f) !== TYPE_ADVERTISEMENT) return { refused: 'type' };

  const width = widthOf(family);
  const end = FIXED_BYTES + view.getUint8(3) * width;
  const length = end + (version === 2 ? AUTHENTICATION_BYTES : 0);
  if (payload.length < length) return { refused: 'truncated' };

  const addresses: string[] = [];
  for (let at = FIXED_BYTES; at < end; at += width) addresses.push(formatAddress(payload.subarray(at, at + width)));
  return {
    advert: {
      version,
      vrid: view.getUint8(1),
      priority: view.getUint8(2),
      // The upper four bits of version 3 are reserved: sent as zero, not looked at (RFC 9568 §5.2.6).
      intervalMs: version === 2 ? view.getUint8(5) * 1000 : (view.getUint16(4) & MOST_INTERVAL_CENTISECONDS) * 10,
      addresses,
      authentication:
        version === 2 ? { type: view.getUint8(4), data: payload.slice(end, end + AUTHENTICATION_BYTES) } : undefined,
    },
    length,
  };
}

/**
 * The bytes of an advert. `sign` makes what follows the message, which it gets with a checksum of zero: only the checksum of IPv6 covers what
 * follows. @throws TypeError for what no configuration can ask for
 */
export function encodeAdvert(
  advert: Advert,
  envelope: Envelope,
  form: ChecksumForm,
  sign: (message: Uint8Array) => Uint8Array = () => new Uint8Array(0),
): Uint8Array {
  const family = familyOf(envelope.source);
  const message = unsummed(advert, family);
  const trailer = sign(message);
  const bytes = new Uint8Array(message.length + trailer.length);
  bytes.set(message);
  bytes.set(trailer, message.length);
  const covered = coveredBy(family === 'ip6' ? 'pseudo' : form, message, trailer, advert.version, envelope);
  new DataView(bytes.buffer).setUint16(CHECKSUM_AT, onesComplement(...covered));
  return bytes;
}

function unsummed(advert: Advert, family: Family): Uint8Array {
  const { version, vrid, priority, intervalMs, addresses, authentication } = advert;
  const units = intervalMs / (version === 2 ? 1000 : 10);
  if (!Number.isInteger(units) || units < 0 || units > mostUnits(version))
    throw new TypeError(`no advert interval of version ${version}: ${intervalMs} ms`);
  if (addresses.length > MOST_ADDRESSES) throw new TypeError(`${addresses.length} addresses in one advert`);
  if ((version === 2) !== (authentication !== undefined) || (version === 2 && family === 'ip6'))
    throw new TypeError(`version ${version} over ${family}, authentication ${authentication?.type ?? 'none'}`);

  const width = widthOf(family);
  const end = FIXED_BYTES + addresses.length * width;
  const bytes = new Uint8Array(end + (version === 2 ? AUTHENTICATION_BYTES : 0));
  const view = new DataView(bytes.buffer);
  bytes.set([(version << 4) | TYPE_ADVERTISEMENT, vrid, priority, addresses.length]);
  if (authentication === undefined) view.setUint16(4, units);
  else {
    bytes.set([authentication.type, units], 4);
    bytes.set(authentication.data, end);
  }
  addresses.forEach((address, i) => {
    const one = addressBytes(address);
    if (one.length !== width) throw new TypeError(`${address} in an advert of ${family}`);
    bytes.set(one, FIXED_BYTES + i * width);
  });
  return bytes;
}

const mostUnits = (version: Version): number => (version === 2 ? MOST_INTERVAL_SECONDS : MOST_INTERVAL_CENTISECONDS);

/** In which forms the checksum in the message is right; empty: in none. `trailer` is what is behind the message. */
export const checksumForms = (
  version: Version,
  message: Uint8Array,
  trailer: Uint8Array,
  envelope: Envelope,
): readonly ChecksumForm[] =>
  formsOf(version, envelope).filter(
    (form) => onesComplement(...coveredBy(form, message, trailer, version, envelope)) === 0,
  );

function formsOf(version: Version, { source, destination }: Envelope): readonly ChecksumForm[] {
  if (version === 2) return ['plain'];
  if (familyOf(source) === 'ip6') return ['pseudo'];
  return destination === GROUP4 ? ['pseudo', 'plain'] : ['pseudo', 'plain', 'old-unicast'];
}

/** What the sum runs over. Over a message that has its checksum it is 0. */
function coveredBy(
  form: ChecksumForm,
  message: Uint8Array,
  trailer: Uint8Array,
  version: Version,
  { source, destination }: Envelope,
): readonly Uint8Array[] {
  if (version === 2 || form === 'plain') return [message];
  if (familyOf(source) === 'ip6')
    return [pseudoHeader(source, destination, message.length + trailer.length), message, trailer];
  return [pseudoHeader(source, form === 'pseudo' ? destination : GROUP4, message.length), message];
}

/** RFC 8200 §8.1 for IPv6; RFC 793 §3.1 for IPv4. */
function pseudoHeader(source: string, destination: string, length: number): Uint8Array {
  const [from, to] = [addressBytes(source), addressBytes(destination)];
  const tail =
    from.length === 4
      ? [0, PROTOCOL, length >> 8, length & 0xff]
      : [0, 0, length >> 8, length & 0xff, 0, 0, 0, PROTOCOL];
  return Uint8Array.of(...from, ...to, ...tail);
}

/** What authentication by password puts behind the addresses: the first 8 bytes of the text, with zeros if there are fewer. */
export function passwordBytes(password: string): Uint8Array {
  const bytes = new Uint8Array(AUTHENTICATION_BYTES);
  bytes.set(Buffer.from(password, 'utf8').subarray(0, AUTHENTICATION_BYTES));
  return bytes;
}
