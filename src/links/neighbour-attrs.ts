import { bytes, decodeAttributes, encodeAttributes, Malformed, type Values } from '../netlink/attributes.js';
import { type Growing, littleEndian, type Memory } from '../netlink/bytes.js';

/** NDA_* of <linux/neighbour.h>. */
export const neighbourAttrs = {
  address: [1, bytes],
  linkLayerAddress: [2, bytes],
} as const;

/** struct ndmsg: family u8 | pad u8, u16 | index i32 | state u16 | flags u8 | type u8. */
const HEADER_BYTES = 12;

export interface NeighbourMessage {
  readonly family: number;
  readonly index: number;
  /** NUD_*. */
  readonly state: number;
  /** NTF_*. */
  readonly flags: number;
  readonly attributes: Values<typeof neighbourAttrs>;
}

export function writeNeighbour(to: Growing, message: NeighbourMessage): void {
  const at = to.extend(HEADER_BYTES);
  const { view } = to.memory;
  view.setUint8(at, message.family);
  view.setInt32(at + 4, message.index, littleEndian);
  view.setUint16(at + 8, message.state, littleEndian);
  view.setUint8(at + 10, message.flags);
  encodeAttributes(to, neighbourAttrs, message.attributes);
}

export function readNeighbour(from: Memory, at: number, end: number): NeighbourMessage {
  if (at + HEADER_BYTES > end) throw new Malformed('neighbour shorter than its header');
  return {
    family: from.view.getUint8(at),
    index: from.view.getInt32(at + 4, littleEndian),
    state: from.view.getUint16(at + 8, littleEndian),
    flags: from.view.getUint8(at + 10),
    attributes: decodeAttributes(neighbourAttrs, from, at + HEADER_BYTES, end),
  };
}
