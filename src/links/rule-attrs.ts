import {
  decodeAttributes,
  encodeAttributes,
  type Field,
  Malformed,
  bytes,
  text,
  u32,
  u8,
  type Values,
} from '../netlink/attributes.js';
import { type Growing, littleEndian, type Memory } from '../netlink/bytes.js';

/** Both ends belong to it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const range = (width: 2 | 4): Field<Range> => {
  const set = ({ view }: Memory, at: number, value: number): void =>
    width === 2 ? view.setUint16(at, value, littleEndian) : view.setUint32(at, value, littleEndian);
  const get = ({ view }: Memory, at: number): number =>
    width === 2 ? view.getUint16(at, littleEndian) : view.getUint32(at, littleEndian);
  return {
    size: () => 2 * width,
    write(to, at, value) {
      set(to, at, value.from);
      set(to, at + width, value.to);
    },
    read(from, at, length) {
      if (length < 2 * width) throw new Malformed(`range of ${length} bytes`);
      return { from: get(from, at), to: get(from, at + width) };
    },
  };
};

const u64be: Field<bigint> = {
  size: () => 8,
  write: ({ view }, at, value) => view.setBigUint64(at, value),
  read({ view }, at, length) {
    if (length < 8) throw new Malformed(`number of ${length} bytes where 8 are needed`);
    return view.getBigUint64(at);
  },
};

/** FRA_* of <linux/fib_rules.h>. */
export const ruleAttrs = {
  destination: [1, bytes],
  source: [2, bytes],
  inInterface: [3, text],
  goto: [4, u32],
  priority: [6, u32],
  mark: [10, u32],
  flow: [11, u32],
  tunnelId: [12, u64be],
  suppressGroup: [13, u32],
  suppressPrefixLength: [14, u32],
  table: [15, u32],
  markMask: [16, u32],
  outInterface: [17, text],
  l3mdev: [19, u8],
  uids: [20, range(4)],
  protocol: [21, u8],
  ipProtocol: [22, u8],
  sourcePorts: [23, range(2)],
  destinationPorts: [24, range(2)],
} as const;

/** struct fib_rule_hdr: family | destination length | source length | tos | table | 2 reserved | action, each u8, and flags u32. */
const HEADER_BYTES = 12;

export interface RuleMessage {
  readonly family: number;
  readonly destinationLength: number;
  readonly sourceLength: number;
  readonly tos: number;
  /** FR_ACT_*. */
  readonly action: number;
  readonly flags: number;
  readonly attributes: Values<typeof ruleAttrs>;
}

export function writeRule(to: Growing, message: RuleMessage): void {
  const at = to.extend(HEADER_BYTES);
  const { view } = to.memory;
  view.setUint8(at, message.family);
  view.setUint8(at + 1, message.destinationLength);
  view.setUint8(at + 2, message.sourceLength);
  view.setUint8(at + 3, message.tos);
  view.setUint8(at + 7, message.action);
  view.setUint32(at + 8, message.flags, littleEndian);
  encodeAttributes(to, ruleAttrs, message.attributes);
}

export function readRule(from: Memory, at: number, end: number): RuleMessage {
  if (at + HEADER_BYTES > end) throw new Malformed('rule shorter than its header');
  return {
    family: from.view.getUint8(at),
    destinationLength: from.view.getUint8(at + 1),
    sourceLength: from.view.getUint8(at + 2),
    tos: from.view.getUint8(at + 3),
    action: from.view.getUint8(at + 7),
    flags: from.view.getUint32(at + 8, littleEndian),
    attributes: decodeAttributes(ruleAttrs, from, at + HEADER_BYTES, end),
  };
}
