/**
 * Sessions between two directors: frames of protocol.ts (12 bytes before each payload; `id` is the number of the frame in its table) and
 * sessions without what the other engine finds itself (service, hash, padding): 25 bytes for IPv4 NAT where the engine's record has 104.
 * All numbers are little-endian. Whoever reads trusts nothing: a payload that is no whole list of sane sessions is undefined.
 */
import { type Frame, FrameDecoder, frameHeader, SESSION_RECORD_BYTES, viewOf } from './protocol.js';
import { sessionStates } from './session-record.js';

/** Of this protocol: two that differ do not speak. */
export const SYNC_VERSION = 1;
/** "LVSY". */
const MAGIC = 0x5953_564c;
/** Of one frame's payload, either way. */
export const LONGEST_SYNC_PAYLOAD = 64 * 1024;

const kind = { hello: 1, begin: 2, records: 3, end: 4, beat: 5, ack: 6, again: 7 } as const;

/** `table`: which full table it belongs to, counted from 1 on a connection; 0: none yet. `number`: of the frame, `begin` being 0. */
export type SyncFrame =
  | { readonly kind: 'hello'; readonly version: number; readonly beatMs: number }
  /** What follows is the whole table, then its changes. */
  | { readonly kind: 'begin'; readonly table: number }
  /** `payload`: packed sessions of `packRecords`. */
  | { readonly kind: 'records'; readonly table: number; readonly number: number; readonly payload: Uint8Array }
  /** The whole table was told; what it did not name has ended. */
  | { readonly kind: 'end'; readonly table: number; readonly number: number }
  /** `number`: of the last frame that was sent. */
  | { readonly kind: 'beat'; readonly table: number; readonly number: number }
  /** `bytes`: of this table's payloads, in the receiver's engine by now, modulo 2^32; sessions taken and refused since it began. */
  | {
      readonly kind: 'ack';
      readonly table: number;
      readonly bytes: number;
      readonly taken: number;
      readonly refused: number;
    }
  /** Something is missing: a table newer than this is asked for. */
  | { readonly kind: 'again'; readonly table: number };

// ---------------------------------------------------------------- frames

const wordsOf = (...numbers: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(4 * numbers.length);
  numbers.forEach((number, i) => viewOf(bytes).setUint32(4 * i, number, true));
  return bytes;
};

function payloadOf(frame: SyncFrame): Uint8Array {
  switch (frame.kind) {
    case 'hello':
      return wordsOf(MAGIC, frame.version, frame.beatMs);
    case 'records': {
      const payload = new Uint8Array(4 + frame.payload.length);
      viewOf(payload).setUint32(0, frame.table, true);
      payload.set(frame.payload, 4);
      return payload;
    }
    case 'ack':
      return wordsOf(frame.table, frame.bytes, frame.taken, frame.refused);
    default:
      return wordsOf(frame.table);
  }
}

export function encodeSync(frame: SyncFrame): Uint8Array {
  const payload = payloadOf(frame);
  const header = frameHeader({ type: kind[frame.kind], status: 0, id: 'number' in frame ? frame.number : 0, payload });
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return bytes;
}

/** Bytes of payload by type; records have at least their table. */
const sizes: Readonly<Record<number, number>> = {
  [kind.hello]: 12,
  [kind.begin]: 4,
  [kind.end]: 4,
  [kind.beat]: 4,
  [kind.ack]: 16,
  [kind.again]: 4,
};

/** undefined: no frame of ours. The payload of records is a window on the frame's. */
export function decodeSync({ type, status, id, payload }: Frame): SyncFrame | undefined {
  const size = sizes[type];
  if (status !== 0 || payload.length < 4 || (size !== undefined && payload.length !== size)) return undefined;
  const word = (i: number): number => viewOf(payload).getUint32(4 * i, true);
  const table = word(0);
  switch (type) {
    case kind.hello:
      return word(0) === MAGIC ? { kind: 'hello', version: word(1), beatMs: word(2) } : undefined;
    case kind.begin:
      return { kind: 'begin', table };
    case kind.records:
      return { kind: 'records', table, number: id, payload: payload.subarray(4) };
    case kind.end:
      return { kind: 'end', table, number: id };
    case kind.beat:
      return { kind: 'beat', table, number: id };
    case kind.ack:
      return { kind: 'ack', table, bytes: word(1), taken: word(2), refused: word(3) };
    case kind.again:
      return { kind: 'again', table };
    default:
      return undefined;
  }
}

/** Of a peer that nobody trusts yet. */
export const syncDecoder = (): FrameDecoder => new FrameDecoder(LONGEST_SYNC_PAYLOAD);

// ---------------------------------------------------------------- sessions

/** Places in struct SessionRecord, as session-record.ts has them. */
const CLIENT = 0;
const VIP = 16;
const DESTINATION = 32;
const SNAT = 48;
/** The VIP's follows it. */
const CLIENT_PORT = 64;
const DESTINATION_PORT = 68;
const SNAT_PORT = 70;
const PROTOCOL_AT = 72;
const STATE = 73;
const AFFINITY = 74;
const GONE = 75;
const REMAINING = 76;
const SERVICE = 80;
const NOT_KNOWN = 0xffff_ffff;
/** ::ffff:0:0/96, the third word of an IPv4 address. */
const MAPPED = 0xffff_0000;
const AFFINITY_STATE = sessionStates.indexOf('affinity');

/** First byte: state 0-2, affinity 3, gone 4, IPv6 5. */
const first = { state: 7, affinity: 8, gone: 16, v6: 32, unused: 0xc0 } as const;
/** Second byte: which of destination and source of full NAT it has, and whether they are IPv6. */
const second = { destination: 1, destinationV6: 2, snat: 4, snatV6: 8, unused: 0xf0 } as const;
/** Two bytes, protocol, remaining, then three addresses and ports of IPv6, and a fourth. */
const LONGEST_PACKED = 3 + 4 + 4 * 18;

type Family = 'none' | 'v4' | 'v6';

function familyAt(view: DataView, at: number): Family {
  const high = view.getUint32(at, true) | view.getUint32(at + 4, true);
  const third = view.getUint32(at + 8, true);
  if (high === 0 && third === MAPPED) return 'v4';
  return high === 0 && third === 0 && view.getUint32(at + 12, true) === 0 ? 'none' : 'v6';
}

/** Of a packed session. */
class Writer {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Network order in the record, and here. */
  address(from: Uint8Array, at: number, v6: boolean): void {
    for (let i = v6 ? 0 : 12; i < 16; i++) this.#bytes[this.at++] = from[at + i]!;
  }

  /** As it lies in the record. */
  copy(from: Uint8Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) this.#bytes[this.at++] = from[at + i]!;
  }
}

/** SessionRecord[] as payloads for frames of records, in order; sessions that say nothing (no destination is known) are left out. */
export function packRecords(records: Uint8Array, longest = LONGEST_SYNC_PAYLOAD - 4): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let into = new Uint8Array(Math.min(longest, (records.length / SESSION_RECORD_BYTES) * LONGEST_PACKED));
  let used = 0;
  const view = viewOf(records);
  for (let at = 0; at + SESSION_RECORD_BYTES <= records.length; at += SESSION_RECORD_BYTES) {
    if (used + LONGEST_PACKED > into.length) {
      if (used > 0) payloads.push(into.subarray(0, used));
      const left = ((records.length - at) / SESSION_RECORD_BYTES) * LONGEST_PACKED;
      into = new Uint8Array(Math.min(longest, left));
      used = 0;
    }
    used = packRecord(records, view, at, into, used);
  }
  if (used > 0) payloads.push(into.subarray(0, used));
  return payloads;
}

function packRecord(records: Uint8Array, view: DataView, at: number, into: Uint8Array, used: number): number {
  const family = familyAt(view, at + CLIENT);
  if (family === 'none' || familyAt(view, at + VIP) !== family) return used;
  const gone = records[at + GONE] !== 0;
  const to = gone ? 'none' : familyAt(view, at + DESTINATION);
  const snat = gone ? 'none' : familyAt(view, at + SNAT);
  if (!gone && (to === 'none' || view.getUint32(at + REMAINING, true) === 0)) return used;
  const v6 = family === 'v6';
  into[used] =
    (records[at + STATE]! & first.state) |
    (records[at + AFFINITY] === 0 ? 0 : first.affinity) |
    (gone ? first.gone : 0) |
    (v6 ? first.v6 : 0);
  into[used + 1] =
    (to === 'none' ? 0 : second.destination) |
    (to === 'v6' ? second.destinationV6 : 0) |
    (snat === 'none' ? 0 : second.snat) |
    (snat === 'v6' ? second.snatV6 : 0);
  into[used + 2] = records[at + PROTOCOL_AT]!;
  const writer = new Writer(into, used + 3);
  if (!gone) writer.copy(records, at + REMAINING, 4);
  writer.address(records, at + CLIENT, v6);
  writer.address(records, at + VIP, v6);
  writer.copy(records, at + CLIENT_PORT, 4);
  if (to !== 'none') {
    writer.address(records, at + DESTINATION, to === 'v6');
    writer.copy(records, at + DESTINATION_PORT, 2);
  }
  if (snat !== 'none') {
    writer.address(records, at + SNAT, snat === 'v6');
    writer.copy(records, at + SNAT_PORT, 2);
  }
  return writer.at;
}

/** Bytes of the packed session whose first two bytes these are; 0: there is no such session. */
function packedBytes(one: number, two: number): number {
  const gone = (one & first.gone) !== 0;
  if ((one & first.unused) !== 0 || (two & second.unused) !== 0) return 0;
  if (((one & first.state) === AFFINITY_STATE) !== ((one & first.affinity) !== 0)) return 0;
  const to = two & (second.destination | second.destinationV6);
  const snat = two & (second.snat | second.snatV6);
  if (to === second.destinationV6 || snat === second.snatV6) return 0;
  if (gone ? two !== 0 : to === 0) return 0;
  const own = (one & first.v6) === 0 ? 12 : 36;
  const toBytes = to === 0 ? 0 : to === second.destination ? 6 : 18;
  const snatBytes = snat === 0 ? 0 : snat === second.snat ? 6 : 18;
  return 3 + (gone ? 0 : 4) + own + toBytes + snatBytes;
}

/** SessionRecord[] of a payload; undefined: one of them is none. */
export function unpackRecords(payload: Uint8Array): Uint8Array | undefined {
  let count = 0;
  for (let at = 0; at < payload.length; count++) {
    const size = at + 2 > payload.length ? 0 : packedBytes(payload[at]!, payload[at + 1]!);
    if (size === 0 || at + size > payload.length) return undefined;
    at += size;
  }
  const records = new Uint8Array(count * SESSION_RECORD_BYTES);
  const view = viewOf(records);
  let at = 0;
  for (let into = 0; into < records.length; into += SESSION_RECORD_BYTES) {
    at = unpackRecord(payload, at, records, view, into);
    if (at < 0) return undefined;
  }
  return records;
}

/** Where the next one begins; -1: an address that is none. */
function unpackRecord(payload: Uint8Array, at: number, records: Uint8Array, view: DataView, into: number): number {
  const one = payload[at]!;
  const two = payload[at + 1]!;
  records[into + STATE] = one & first.state;
  records[into + AFFINITY] = (one & first.affinity) === 0 ? 0 : 1;
  records[into + GONE] = (one & first.gone) === 0 ? 0 : 1;
  records[into + PROTOCOL_AT] = payload[at + 2]!;
  view.setUint32(into + SERVICE, NOT_KNOWN, true);
  let from = at + 3;
  const copy = (to: number, count: number): void => {
    for (let i = 0; i < count; i++) records[into + to + i] = payload[from++]!;
  };
  /** False: unspecified, or IPv4 in the clothes of IPv6. */
  const address = (to: number, v6: boolean): boolean => {
    if (!v6) records.fill(0xff, into + to + 10, into + to + 12);
    copy(v6 ? to : to + 12, v6 ? 16 : 4);
    const family = familyAt(view, into + to);
    return v6 ? family === 'v6' : family === 'v4' && view.getUint32(into + to + 12, true) !== 0;
  };
  if ((one & first.gone) === 0) copy(REMAINING, 4);
  const v6 = (one & first.v6) !== 0;
  // An affinity template's client is masked: 0.0.0.0 is one that has all of them. IPv6 has no such address that could be told from none.
  let good = address(CLIENT, v6) || ((one & first.affinity) !== 0 && !v6);
  good = address(VIP, v6) && good;
  copy(CLIENT_PORT, 4);
  if ((two & second.destination) !== 0) {
    good = address(DESTINATION, (two & second.destinationV6) !== 0) && good;
    copy(DESTINATION_PORT, 2);
  }
  if ((two & second.snat) !== 0) {
    good = address(SNAT, (two & second.snatV6) !== 0) && good;
    copy(SNAT_PORT, 2);
  }
  return good ? from : -1;
}

/** Adds to the time that each has left. */
export function prolong(records: Uint8Array, byState: readonly number[]): void {
  const view = viewOf(records);
  for (let at = 0; at < records.length; at += SESSION_RECORD_BYTES) {
    if (records[at + GONE] !== 0) continue;
    const left = view.getUint32(at + REMAINING, true) + (byState[records[at + STATE]!] ?? 0);
    view.setUint32(at + REMAINING, Math.min(left, 0xffff_ffff), true);
  }
}

export const isGone = (records: Uint8Array, at: number): boolean => records[at + GONE] !== 0;

/** The session that is at this place, as one that has ended. */
export function ended(records: Uint8Array, at: number): Uint8Array {
  const record = records.slice(at, at + SESSION_RECORD_BYTES);
  record[GONE] = 1;
  return record;
}
