import { addressBytes } from '../model/address.js';
import { bytes, encodeAttributes, type Field, u16be, u8 } from '../netlink/attributes.js';
import { Growing } from '../netlink/bytes.js';
import { routeEncapsulation } from './uapi.js';

/** Headers that a route puts in front: the kind and its words, as ip-route(8) has them. */
export interface RouteEncapsulation {
  readonly kind: keyof typeof routeEncapsulation;
  /** `id`, `dst`, `src`, `tos` or `tc`, `ttl` or `hoplimit`, `flags`; `labels`; `locator`. */
  readonly options: Readonly<Record<string, string>>;
}

const u64be: Field<bigint> = {
  size: () => 8,
  write: ({ view }, at, value) => view.setBigUint64(at, value),
  read: ({ view }, at) => view.getBigUint64(at),
};

/** LWTUNNEL_IP_* and LWTUNNEL_IP6_* have the same numbers. */
const tunnelAttrs = {
  id: [1, u64be],
  dst: [2, bytes],
  src: [3, bytes],
  ttl: [4, u8],
  tos: [5, u8],
  flags: [6, u16be],
} as const;
/** MPLS_IPTUNNEL_*: a stack of labels. */
const mplsAttrs = { labels: [1, bytes] } as const;
/** ILA_ATTR_*. */
const ilaAttrs = { locator: [1, bytes] } as const;

/** RTA_ENCAP_TYPE and what is in RTA_ENCAP. */
export function encapsulationOf({ kind, options }: RouteEncapsulation): {
  readonly type: number;
  readonly data: Uint8Array;
} {
  const data = new Growing(64);
  const type = routeEncapsulation[kind];
  const { id, dst, src, flags, labels = '', locator = '' } = options;
  if (kind === 'mpls') encodeAttributes(data, mplsAttrs, { labels: labelStack(labels) });
  else if (kind === 'ila') encodeAttributes(data, ilaAttrs, { locator: locatorBytes(locator) });
  else {
    const ttl = options['ttl'] ?? options['hoplimit'];
    const tos = options['tos'] ?? options['tc'];
    encodeAttributes(data, tunnelAttrs, {
      ...(id === undefined ? {} : { id: BigInt(id) }),
      ...(dst === undefined ? {} : { dst: addressBytes(dst) }),
      ...(src === undefined ? {} : { src: addressBytes(src) }),
      ...(ttl === undefined ? {} : { ttl: Number(ttl) }),
      ...(tos === undefined ? {} : { tos: Number(tos) }),
      ...(flags === undefined ? {} : { flags: Number(flags) }),
    });
  }
  return { type, data: data.written().slice() };
}

/** RFC 3032: label of 20 bits, traffic class, bottom of stack, TTL (0: the kernel's). `100/200`. */
export function labelStack(labels: string): Uint8Array {
  const list = labels.split('/').map(Number);
  const stack = new Uint8Array(4 * list.length);
  const view = new DataView(stack.buffer);
  list.forEach((label, i) => view.setUint32(4 * i, ((label << 12) | (i === list.length - 1 ? 0x100 : 0)) >>> 0));
  return stack;
}

/** Four words of 16 bits in network order: `2001:db8:0:1`. */
const locatorBytes = (locator: string): Uint8Array =>
  Uint8Array.from(
    locator.split(':').flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]),
  );
