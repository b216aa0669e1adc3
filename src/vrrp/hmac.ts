/**
 * auth_hmac of keepalived 2.4 (draft-cassen-vrrp-auth-hmac): 28 bytes behind each advert that say when it was sent and that the sender has the key.
 *
 *    0                   1                   2                   3
 *   |     Type 1    |    Key Id     |              0                |
 *   |                     Seconds since 1970                        |  these three are the sequence: 64 bits that grow
 *   |     Fraction of a second      |            Counter            |  with each advert, in serial arithmetic (RFC 1982)
 *   |                 HMAC-SHA-256, its first 16 bytes …            |
 *
 * Signed are a pseudo header (family, version, VRID, source), the advert with a checksum of zero, this trailer, and 16 zeros in place of the HMAC. The
 * destination is not: one signed advert is good for all unicast peers.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { addressBytes } from '../model/address.js';
import type { Version } from './rfc.js';

export const TRAILER_BYTES = 28;
const TYPE_SHA256 = 1;
const HMAC_AT = 12;
const HMAC_BYTES = 16;
const CHECKSUM = { from: 6, to: 8 } as const;
/** Multicast senders that are remembered; the one heard longest ago makes room. */
export const MOST_SENDERS = 4;

export interface HmacSettings {
  /** By id, 1 to 255; 32 to 64 bytes. Adverts are good under each of them: so keys are changed without a pause. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  /** Signs what we send. */
  readonly activeKey: number;
  /** How far the sender's clock may be from ours; undefined: its time only has to grow (anti_replay monotonic). */
  readonly windowMs: number | undefined;
  /** `permissive` takes unsigned adverts as well, `receive-only` does and signs none of ours. A wrong signature is refused in each. */
  readonly mode: 'enforce' | 'permissive' | 'receive-only';
}

/** What a signature is bound to, so that it is worth nothing elsewhere. */
export interface SignedFor {
  readonly version: Version;
  readonly vrid: number;
  readonly source: string;
}

/** The greatest sequence of a sender. */
export interface HeardSequence {
  readonly source: string;
  readonly sequence: bigint;
}

export type TrailerRefusal = 'hmac-malformed' | 'hmac-stale' | 'hmac-key' | 'hmac-mismatch' | 'hmac-replay';

const SECONDS_SHIFT = 32n;

/** The trailer for a message whose checksum may be anything. @throws TypeError without the active key */
export function signTrailer(
  { keys, activeKey }: HmacSettings,
  bound: SignedFor,
  message: Uint8Array,
  sequence: bigint,
): Uint8Array {
  const key = keys.get(activeKey);
  if (key === undefined) throw new TypeError(`there is no key ${activeKey}`);
  const trailer = new Uint8Array(TRAILER_BYTES);
  trailer.set([TYPE_SHA256, activeKey]);
  new DataView(trailer.buffer).setBigUint64(4, sequence);
  trailer.set(digest(key, bound, message, trailer), HMAC_AT);
  return trailer;
}

/** Cheap checks first, so that a flood of old adverts costs no digest. `wallMs`: ms since 1970 when the advert arrived. */
export function verifyTrailer(
  { keys, windowMs }: HmacSettings,
  bound: SignedFor,
  message: Uint8Array,
  trailer: Uint8Array,
  wallMs: number,
): { readonly sequence: bigint } | { readonly refused: TrailerRefusal } {
  if (trailer.length !== TRAILER_BYTES) return { refused: 'hmac-malformed' };
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  if (view.getUint8(0) !== TYPE_SHA256 || view.getUint16(2) !== 0) return { refused: 'hmac-malformed' };
  const sequence = view.getBigUint64(4);
  if (windowMs !== undefined && isOutside(sequence, windowMs, wallMs)) return { refused: 'hmac-stale' };
  const key = keys.get(view.getUint8(1));
  if (key === undefined) return { refused: 'hmac-key' };
  const found = trailer.subarray(HMAC_AT);
  if (!timingSafeEqual(found, digest(key, bound, message, trailer))) return { refused: 'hmac-mismatch' };
  return { sequence };
}

function digest(key: Uint8Array, bound: SignedFor, message: Uint8Array, trailer: Uint8Array): Uint8Array {
  const pseudo = new Uint8Array(20);
  const source = addressBytes(bound.source);
  pseudo.set([source.length === 4 ? 4 : 6, bound.version, bound.vrid]);
  pseudo.set(source, 4);
  return createHmac('sha256', key)
    .update(pseudo)
    .update(message.subarray(0, CHECKSUM.from))
    .update(new Uint8Array(CHECKSUM.to - CHECKSUM.from))
    .update(message.subarray(CHECKSUM.to))
    .update(trailer.subarray(0, HMAC_AT))
    .update(new Uint8Array(HMAC_BYTES))
    .digest()
    .subarray(0, HMAC_BYTES);
}

/** Whole seconds are compared, as keepalived does, and in 32 bits. */
function isOutside(sequence: bigint, windowMs: number, wallMs: number): boolean {
  const apart = (Math.floor(wallMs / 1000) - Number(sequence >> SECONDS_SHIFT)) | 0;
  return Math.abs(apart) > windowMs / 1000;
}

const isAfter = (a: bigint, b: bigint): boolean => BigInt.asIntN(64, a - b) > 0n;

/** A moment as a sequence with a counter of zero. */
export function sequenceAt(wallMs: number): bigint {
  const seconds = Math.floor(wallMs / 1000);
  const fraction = Math.floor(((wallMs - seconds * 1000) * 0x10000) / 1000);
  return BigInt.asUintN(64, (BigInt(seconds) << SECONDS_SHIFT) | BigInt(fraction * 0x10000));
}

/**
 * The sequence of an advert that leaves at `wallMs` after one with `last`: the clock, or one more. Where times count and the clock was set back
 * further than receivers forgive, the clock again: what we sent before is stale for them, so they have forgotten it.
 */
export function nextSequence(last: bigint | undefined, wallMs: number, windowMs: number | undefined): bigint {
  const clock = sequenceAt(wallMs);
  if (last === undefined || isAfter(clock, last)) return clock;
  const stale = windowMs !== undefined && isOutside(last, windowMs, wallMs);
  return stale ? clock : BigInt.asUintN(64, last + 1n);
}

/**
 * Sequences heard with this one among them, or undefined: it is not above the sender's last. Asked only after the signature is known to be good, so
 * that forged sources push nobody out. Latest sender last. `most`: peers of unicast never make room for each other.
 */
export function admitSequence(
  heard: readonly HeardSequence[],
  sender: HeardSequence,
  { windowMs }: HmacSettings,
  wallMs: number,
  most: number,
): readonly HeardSequence[] | undefined {
  const before = heard.find(({ source }) => source === sender.source);
  const forgotten = before !== undefined && windowMs !== undefined && isOutside(before.sequence, windowMs, wallMs);
  if (before !== undefined && !forgotten && !isAfter(sender.sequence, before.sequence)) return undefined;
  return [...heard.filter((one) => one !== before), sender].slice(-most);
}
