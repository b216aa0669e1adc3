import { formatAddress } from '../model/address.js';
import type { HeardAdvert } from '../vrrp/ports.js';

/** One packet, or one silence, as native/vrrp/advert_ring.h lays it down (HeardRecord), and whom it is for. */
export interface HeardRecord {
  readonly channel: number;
  /** undefined: what is expected has not come for too long. */
  readonly advert: HeardAdvert | undefined;
  /** Where the next one begins. */
  readonly end: number;
}

const HEAD_BYTES = 56;
const SOURCE = 24;
const DESTINATION = 40;
/** Of ::ffff:a.b.c.d. */
const MAPPED_BYTES = 12;
const ADDRESS_BYTES = 16;
const NS_PER_MS = 1e6;

/** The record at an offset of `bytes`, which is a view as long as the native half said. Its bytes are a view too. */
export function readRecord(bytes: Uint8Array, at: number): HeardRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES);
  const record = { channel: view.getUint32(4, true), end: at + view.getUint32(0, true) };
  if (view.getUint8(22) !== 0) return { ...record, advert: undefined };
  const isIp6 = view.getUint8(21) !== 0;
  const address = (offset: number): string =>
    formatAddress(bytes.subarray(at + offset + (isIp6 ? 0 : MAPPED_BYTES), at + offset + ADDRESS_BYTES));
  const header = at + HEAD_BYTES;
  const payload = header + view.getUint16(16, true);
  return {
    ...record,
    advert: {
      ipHeader: bytes.subarray(header, payload),
      payload: bytes.subarray(payload, payload + view.getUint16(18, true)),
      source: address(SOURCE),
      destination: address(DESTINATION),
      ttl: view.getUint8(20),
      atMs: Number(view.getBigInt64(8, true)) / NS_PER_MS,
    },
  };
}
