/** Which adverts count: each packet of the protocol becomes an advert that can be believed, or a reason why not. Pure; docs/vrrp.md has the clauses. */
import { timingSafeEqual } from 'node:crypto';
import type { Family } from '../model/address.js';
import { type Advert, type ChecksumForm, checksumForms, decodeAdvert } from './advert.js';
import { HEADER_BYTES, verifyHeader } from './ah.js';
import { type HmacSettings, MOST_SENDERS, TRAILER_BYTES, admitSequence, verifyTrailer } from './hmac.js';
import type { HeardAdvert } from './ports.js';
import type { RefusalReason } from './refusals.js';
import {
  AUTHENTICATION_HEADER,
  AUTHENTICATION_NONE,
  AUTHENTICATION_PASSWORD,
  HEADER_PROTOCOL,
  HOP_LIMIT,
  type Version,
} from './rfc.js';
import type { WireMemory } from './wire-memory.js';

export interface ReceiveSettings {
  readonly family: Family;
  readonly version: Version;
  readonly vrid: number;
  /** Ours: version 2 insists on it, version 3 remarks another one. */
  readonly intervalMs: number;
  /** What we would advertise. */
  readonly addresses: readonly string[];
  /** Addresses that our own adverts come from. */
  readonly ownSources: readonly string[];
  readonly senders: Senders;
  readonly authentication: WireAuthentication;
  readonly hmac: HmacSettings | undefined;
  /** Forms of the IPv4 checksum of version 3 that are good: all that is not turned off. */
  readonly checksums: readonly ChecksumForm[];
  /** owner_ignore_adverts on an owner. */
  readonly ignoresAll: boolean;
}

export type Senders =
  | { readonly by: 'multicast'; readonly group: string }
  | {
      readonly by: 'unicast';
      readonly peers: readonly PeerLimits[];
      /** Others than the peers are refused. */
      readonly peersOnly: boolean;
    };

export interface PeerLimits {
  readonly address: string;
  readonly leastTtl: number;
  readonly mostTtl: number;
}

/** Of version 2; 8 bytes each: passwordBytes() of the password. */
export type WireAuthentication =
  | { readonly by: 'none' }
  | { readonly by: 'password'; readonly password: Uint8Array }
  | { readonly by: 'header'; readonly key: Uint8Array };

/** Odd, but no reason to refuse: two routers that are about to be set up alike pass through this. */
export type Remark = 'addresses' | 'interval' | 'unsigned';

export interface AcceptedAdvert extends Advert {
  readonly source: string;
  readonly remarks: readonly Remark[];
}

export type Judgement =
  | { readonly accepted: AcceptedAdvert; readonly memory: WireMemory }
  | {
      readonly refused: RefusalReason;
      /** What differs, where numbers say it: 'version 2, ours is 3'. */
      readonly detail: string | undefined;
      /** The one that was given: who is refused changes nothing. */
      readonly memory: WireMemory;
    };

/** The order is keepalived's, with the sender's own faults in front. `wallMs`: ms since 1970 when the packet arrived. */
export function judge(settings: ReceiveSettings, memory: WireMemory, heard: HeardAdvert, wallMs: number): Judgement {
  const refuse = (refused: RefusalReason, detail?: string): Judgement => ({ refused, detail, memory });

  const packet = unwrap(settings, heard);
  if ('refused' in packet) return refuse(packet.refused);
  const decoded = decodeAdvert(packet.vrrp, settings.family);
  if ('refused' in decoded) return refuse(decoded.refused);
  const { advert, length } = decoded;
  const message = packet.vrrp.subarray(0, length);
  const rest = packet.vrrp.subarray(length);

  if (advert.vrid !== settings.vrid) return refuse('vrid');
  if (settings.ownSources.includes(heard.source)) return refuse('own-address');
  if (isNoSource(heard.source)) return refuse('source');
  if (rest.length !== 0 && rest.length !== TRAILER_BYTES) return refuse('length', `${rest.length} bytes`);
  if (settings.senders.by === 'multicast' && heard.ttl !== HOP_LIMIT) return refuse('hop-limit', `${heard.ttl}`);
  if (advert.version !== settings.version)
    return refuse('version', `version ${advert.version}, ours is ${settings.version}`);

  const signature = checkTrailer(settings, memory, { advert, message, trailer: rest, source: heard.source }, wallMs);
  if ('refused' in signature) return refuse(signature.refused);
  const authenticated = checkAuthentication(settings, memory, advert, packet.sequenceOf);
  if ('refused' in authenticated) return refuse(authenticated.refused, authenticated.detail);

  const sameInterval = advert.intervalMs === settings.intervalMs;
  const intervals = `${advert.intervalMs} ms, ours is ${settings.intervalMs} ms`;
  if (advert.version === 2 && !sameInterval) return refuse('interval', intervals);
  if (advert.intervalMs === 0) return refuse('interval-zero');

  const fitting = checksumForms(advert.version, message, rest, heard);
  const free = advert.version === 2 || settings.family === 'ip6'; // there is but one form
  const good = free ? fitting : fitting.filter((form) => settings.checksums.includes(form));
  if (good.length === 0)
    return refuse('checksum', fitting.length === 0 ? undefined : `it is '${fitting.join("' or '")}'`);

  // RFC 9568 §5.2.5. keepalived takes it; where all addresses of both sides are "excluded" nothing else is possible.
  if (advert.version === 3 && advert.addresses.length === 0 && settings.addresses.length > 0)
    return refuse('no-addresses');

  const misdirected = checkPath(settings.senders, heard);
  if (misdirected !== undefined) return refuse(misdirected, pathDetail(misdirected, heard));
  if (settings.ignoresAll) return refuse('owner-ignores');

  const remarks: Remark[] = [...signature.remarks];
  if (!sameAddresses(advert.addresses, settings.addresses)) remarks.push('addresses');
  if (!sameInterval) remarks.push('interval');
  return {
    accepted: { ...advert, source: heard.source, remarks },
    memory: {
      ...memory,
      form: good.length === 1 ? good[0] : memory.form,
      headerSequence: authenticated.headerSequence,
      senders: signature.senders,
    },
  };
}

interface Unwrapped {
  /** The advert and what is behind it. */
  readonly vrrp: Uint8Array;
  /** The number in the authentication header, if that is good; undefined: there is no header. */
  readonly sequenceOf: ((key: Uint8Array) => ReturnType<typeof verifyHeader>) | undefined;
}

/** Takes off what is in front of the advert, and behind the IP packet: short frames are filled up, and some devices hand the filling on. */
function unwrap(
  { family, authentication, senders }: ReceiveSettings,
  { ipHeader, payload }: HeardAdvert,
): Unwrapped | { readonly refused: RefusalReason } {
  if (family === 'ip6') return { vrrp: payload, sequenceOf: undefined };
  if (ipHeader.length < 20) return { refused: 'truncated' };
  const length = ((ipHeader[2]! << 8) | ipHeader[3]!) - ipHeader.length;
  if (length < 0 || length > payload.length) return { refused: 'truncated' };
  const inside = payload.subarray(0, length);
  const hasHeader = ipHeader[9] === HEADER_PROTOCOL;
  if (!hasHeader)
    return authentication.by === 'header' ? { refused: 'ah-missing' } : { vrrp: inside, sequenceOf: undefined };
  if (authentication.by !== 'header') return { refused: 'ah-unexpected' };
  if (inside.length < HEADER_BYTES) return { refused: 'truncated' };
  return {
    vrrp: inside.subarray(HEADER_BYTES),
    sequenceOf: (key) => verifyHeader(key, ipHeader, inside, senders.by === 'unicast'),
  };
}

/** Unspecified, loopback, multicast, broadcast. */
const isNoSource = (source: string): boolean => /^(0\.|127\.|22[4-9]\.|2[3-5]\d\.|::1?$|ff)/.test(source);

interface SignedAdvert {
  readonly advert: Advert;
  readonly message: Uint8Array;
  readonly trailer: Uint8Array;
  readonly source: string;
}

function checkTrailer(
  { hmac, senders }: ReceiveSettings,
  memory: WireMemory,
  { advert, message, trailer, source }: SignedAdvert,
  wallMs: number,
):
  | { readonly refused: RefusalReason }
  | { readonly senders: WireMemory['senders']; readonly remarks: readonly Remark[] } {
  const unsigned = trailer.length === 0;
  if (hmac === undefined) return unsigned ? { senders: memory.senders, remarks: [] } : { refused: 'hmac-unexpected' };
  if (unsigned && hmac.mode === 'enforce') return { refused: 'hmac-missing' };
  if (unsigned) return { senders: memory.senders, remarks: ['unsigned'] };
  const verified = verifyTrailer(hmac, { ...advert, source }, message, trailer, wallMs);
  if ('refused' in verified) return verified;
  const most = senders.by === 'multicast' ? MOST_SENDERS : Math.max(MOST_SENDERS, senders.peers.length);
  const admitted = admitSequence(memory.senders, { source, sequence: verified.sequence }, hmac, wallMs, most);
  return admitted === undefined ? { refused: 'hmac-replay' } : { senders: admitted, remarks: [] };
}

const typeOf: Readonly<Record<WireAuthentication['by'], number>> = {
  none: AUTHENTICATION_NONE,
  password: AUTHENTICATION_PASSWORD,
  header: AUTHENTICATION_HEADER,
};

function checkAuthentication(
  { authentication: ours }: ReceiveSettings,
  { headerSequence }: WireMemory,
  { authentication: theirs }: Advert,
  sequenceOf: Unwrapped['sequenceOf'],
): { readonly headerSequence: number } | { readonly refused: RefusalReason; readonly detail?: string } {
  if (theirs === undefined) return { headerSequence };
  if (theirs.type !== typeOf[ours.by])
    return { refused: 'authentication-type', detail: `type ${theirs.type}, ours is ${typeOf[ours.by]}` };
  if (ours.by === 'password')
    return timingSafeEqual(theirs.data, ours.password) ? { headerSequence } : { refused: 'password' };
  if (ours.by === 'none' || sequenceOf === undefined) return { headerSequence };
  const verified = sequenceOf(ours.key);
  if ('refused' in verified) return verified;
  return verified.sequence > headerSequence ? { headerSequence: verified.sequence } : { refused: 'ah-replay' };
}

const isMulticast = (address: string): boolean => /^(22[4-9]|23\d)\.|^ff/.test(address);

function checkPath(senders: Senders, { source, destination, ttl }: HeardAdvert): RefusalReason | undefined {
  if (senders.by === 'multicast') return destination === senders.group ? undefined : 'destination';
  if (isMulticast(destination)) return 'destination';
  const peer = senders.peers.find(({ address }) => address === source);
  if (peer === undefined) return senders.peersOnly ? 'stranger' : undefined;
  return ttl < peer.leastTtl || ttl > peer.mostTtl ? 'hop-limit' : undefined;
}

const pathDetail = (reason: RefusalReason, { destination, source, ttl }: HeardAdvert): string =>
  reason === 'destination' ? destination : reason === 'stranger' ? source : `${ttl}`;

/** Order does not matter (RFC 9568 §5.2.9 asks for the same one, nobody depends on it). */
function sameAddresses(theirs: readonly string[], ours: readonly string[]): boolean {
  const known = new Set(ours);
  return theirs.length === ours.length && new Set(theirs).size === known.size && theirs.every((one) => known.has(one));
}
