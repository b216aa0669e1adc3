/**
 * pcapng, as draft-ietf-opsawg-pcapng has it: a section, its interfaces, and packets with comments. Little-endian; time in nanoseconds.
 * Every function says one block.
 */
const SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const LINKTYPE_ETHERNET = 1;

/** Option codes: 1 is the same in every block. */
const COMMENT = 1;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const SHB_USERAPPL = 4;
const EPB_FLAGS = 2;
/** 10 to the power of minus nine. */
const NANOSECONDS = 9;
/** The longest value of an option. */
const LONGEST_OPTION = 0xffff;

/** Once, at the beginning. */
export const sectionHeader = (application: string): Uint8Array => {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER, true);
  view.setUint16(4, 1, true); // version 1.0
  view.setBigInt64(8, -1n, true); // length of the section: not told
  return block(SECTION, [body, ...options([[SHB_USERAPPL, utf8(application)]])]);
};

/** The first is 0 for packets, the next 1. */
export function interfaceDescription(name: string, comment = ''): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, LINKTYPE_ETHERNET, true); // snap length 0: no limit
  return block(INTERFACE, [
    body,
    ...options([
      [IF_NAME, utf8(name)],
      [IF_TSRESOL, Uint8Array.of(NANOSECONDS)],
      [COMMENT, utf8(comment)],
    ]),
  ]);
}

export interface PcapPacket {
  readonly interface: number;
  /** Nanoseconds since 1970. */
  readonly realtimeNs: bigint;
  readonly frame: Uint8Array;
  /** Bytes it had before it was cut; absent: `frame` is all of it. */
  readonly originalLength?: number;
  readonly direction?: 'in' | 'out';
  readonly comment?: string;
}

export function enhancedPacket(packet: PcapPacket): Uint8Array {
  const { frame, realtimeNs, originalLength = frame.length, direction, comment = '' } = packet;
  const body = new Uint8Array(20 + padded(frame.length));
  const view = new DataView(body.buffer);
  view.setUint32(0, packet.interface, true);
  view.setUint32(4, Number(BigInt.asUintN(32, realtimeNs >> 32n)), true);
  view.setUint32(8, Number(BigInt.asUintN(32, realtimeNs)), true);
  view.setUint32(12, frame.length, true);
  view.setUint32(16, originalLength, true);
  body.set(frame, 20);
  const flags = new Uint8Array(4);
  if (direction !== undefined) flags[0] = direction === 'in' ? 1 : 2;
  const ways: readonly Option[] = direction === undefined ? [] : [[EPB_FLAGS, flags]];
  return block(ENHANCED_PACKET, [body, ...options([[COMMENT, utf8(comment)], ...ways])]);
}

type Option = readonly [code: number, value: Uint8Array];

const padded = (length: number): number => (length + 3) & ~3;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Empty ones are left out; the last is opt_endofopt, but where there is none. */
function options(list: readonly Option[]): Uint8Array[] {
  const written = list.filter(([, value]) => value.length > 0).map(([code, value]) => option(code, value));
  return written.length === 0 ? [] : [...written, new Uint8Array(4)];
}

function option(code: number, value: Uint8Array): Uint8Array {
  const kept = value.subarray(0, LONGEST_OPTION);
  const bytes = new Uint8Array(4 + padded(kept.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, kept.length, true);
  bytes.set(kept, 4);
  return bytes;
}

/** Type and length before, length again behind. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = 12 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  view.setUint32(at, length, true);
  return bytes;
}
