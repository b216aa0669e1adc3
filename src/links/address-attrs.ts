import { bytes, decodeAttributes, type Field, Malformed, text, u32, u8, type Values } from '../netlink/attributes.js';
import { encodeAttributes } from '../netlink/attributes.js';
import { type Growing, littleEndian, type Memory } from '../netlink/bytes.js';

/** struct ifa_cacheinfo: lifetimes in seconds; two time stamps follow that only the kernel writes. */
export interface Lifetimes {
  readonly preferred: number;
  readonly valid: number;
}

const lifetimes: Field<Lifetimes> = {
  size: () => 16,
  write({ view }, at, { preferred, valid }) {
    view.setUint32(at, preferred, littleEndian);
    view.setUint32(at + 4, valid, littleEndian);
  },
  read({ view }, at, length) {
    if (length < 16) throw new Malformed(`lifetimes of ${length} bytes`);
    return { preferred: view.getUint32(at, littleEndian), valid: view.getUint32(at + 4, littleEndian) };
  },
};

/** IFA_* of <linux/if_addr.h>. */
export const addressAttrs = {
  local: [2, bytes],
  /** On a point-to-point link the far end; else the same as `local`. IPv6 tells only this one. */
  address: [1, bytes],
  label: [3, text],
  broadcast: [4, bytes],
  lifetimes: [6, lifetimes],
  /** All 32 bits; the header has room for eight. */
  flags: [8, u32],
  /** Who made it. Kernels before 5.18 neither keep nor tell it. */
  protocol: [11, u8],
} as const;

/** struct ifaddrmsg: family u8 | prefix length u8 | flags u8 | scope u8 | index u32. */
const HEADER_BYTES = 8;

export interface AddressMessage {
  readonly family: number;
  readonly prefixLength: number;
  readonly flags: number;
  readonly scope: number;
  readonly index: number;
  readonly attributes: Values<typeof addressAttrs>;
}

export function writeAddress(to: Growing, message: AddressMessage): void {
  const at = to.extend(HEADER_BYTES);
  const { view } = to.memory;
  view.setUint8(at, message.family);
  view.setUint8(at + 1, message.prefixLength);
  view.setUint8(at + 2, message.flags & 0xff);
  view.setUint8(at + 3, message.scope);
  view.setUint32(at + 4, message.index, littleEndian);
  const flags = message.flags > 0xff ? { flags: message.flags } : {};
  encodeAttributes(to, addressAttrs, { ...message.attributes, ...flags });
}

export function readAddress(from: Memory, at: number, end: number): AddressMessage {
  if (at + HEADER_BYTES > end) throw new Malformed('address shorter than its header');
  const attributes = decodeAttributes(addressAttrs, from, at + HEADER_BYTES, end);
  return {
    family: from.view.getUint8(at),
    prefixLength: from.view.getUint8(at + 1),
    flags: attributes.flags ?? from.view.getUint8(at + 2),
    scope: from.view.getUint8(at + 3),
    index: from.view.getUint32(at + 4, littleEndian),
    attributes,
  };
}
