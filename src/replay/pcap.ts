/** Capture files: classic pcap (micro- and nanoseconds, either byte order) and pcapng are read, classic pcap is written. Ethernet only. */

export interface CapturedFrame {
  /** Microseconds since 1970, or since whatever the capture's clock began with. */
  readonly atUs: number;
  readonly bytes: Uint8Array;
}

export interface Capture {
  readonly frames: readonly CapturedFrame[];
  /** What is odd about the file, though the frames are good. */
  readonly remarks: readonly string[];
}

export interface Unreadable {
  readonly unreadable: string;
}

const ETHERNET = 1;
const CLASSIC_HEADER = 24;
const RECORD_HEADER = 16;
/** Of one frame: nothing that a network carries is longer. */
const LONGEST = 262_144;

/** Magic number as a little-endian reader sees it → how to read the rest. */
const classic: ReadonlyMap<number, { readonly little: boolean; readonly perSecond: number }> = new Map([
  [0xa1b2c3d4, { little: true, perSecond: 1e6 }],
  [0xd4c3b2a1, { little: false, perSecond: 1e6 }],
  [0xa1b23c4d, { little: true, perSecond: 1e9 }],
  [0x4d3cb2a1, { little: false, perSecond: 1e9 }],
]);

const SECTION = 0x0a0d0d0a;

/** Frames in the order of the file, or why it cannot be read. Never throws for what is in it. */
export function readCapture(file: Uint8Array): Capture | Unreadable {
  if (file.length < 4) return { unreadable: `${file.length} bytes are no capture` };
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = view.getUint32(0, true);
  const how = classic.get(magic);
  if (how !== undefined) return readClassic(file, view, how);
  if (magic === SECTION) return readNext(file, view);
  return { unreadable: `it begins with 0x${magic.toString(16).padStart(8, '0')}: neither pcap nor pcapng` };
}

const CUT = 'the last frame is cut short and was left out';
const snapped = (count: number): string =>
  `${count} frame${count === 1 ? ' was' : 's were'} captured only in part (snap length)`;

function readClassic(
  file: Uint8Array,
  view: DataView,
  { little, perSecond }: { readonly little: boolean; readonly perSecond: number },
): Capture | Unreadable {
  if (file.length < CLASSIC_HEADER) return { unreadable: 'its header is cut short' };
  const linkType = view.getUint32(20, little) & 0x0fff_ffff; // the upper bits say whether there is a check sequence
  if (linkType !== ETHERNET) return notEthernet(linkType);
  const frames: CapturedFrame[] = [];
  const remarks: string[] = [];
  let partial = 0;
  for (let at = CLASSIC_HEADER; at < file.length; ) {
    if (at + RECORD_HEADER > file.length) {
      remarks.push(CUT);
      break;
    }
    const captured = view.getUint32(at + 8, little);
    if (captured > LONGEST) return { unreadable: `frame ${frames.length + 1} claims ${captured} bytes` };
    const start = at + RECORD_HEADER;
    if (start + captured > file.length) {
      remarks.push(CUT);
      break;
    }
    const fraction = view.getUint32(at + 4, little);
    const atUs = view.getUint32(at, little) * 1e6 + Math.floor((fraction * 1e6) / perSecond);
    if (captured < view.getUint32(at + 12, little)) partial++;
    frames.push({ atUs, bytes: file.subarray(start, start + captured) });
    at = start + captured;
  }
  if (partial > 0) remarks.push(snapped(partial));
  return { frames, remarks };
}

const notEthernet = (linkType: number): Unreadable => ({
  unreadable: `its link type is ${linkType}; only Ethernet (1) can be replayed`,
});

interface Interface {
  readonly linkType: number;
  readonly ticksPerSecond: number;
  readonly snapLength: number;
}

/** pcapng (draft-ietf-opsawg-pcapng): section header, interface description, enhanced and simple packet blocks; others are skipped. */
function readNext(file: Uint8Array, view: DataView): Capture | Unreadable {
  const frames: CapturedFrame[] = [];
  const remarks = new Set<string>();
  let interfaces: Interface[] = [];
  let little = true;
  for (let at = 0; at < file.length; ) {
    if (at + 12 > file.length) {
      remarks.add(CUT);
      break;
    }
    const isSection = view.getUint32(at, true) === SECTION;
    if (isSection) {
      const order = sectionOrder(view, at);
      if (order === undefined) return { unreadable: 'a section header has no byte order' };
      little = order;
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0) return { unreadable: `a block at byte ${at} claims ${length} bytes` };
    if (at + length > file.length) {
      remarks.add(CUT);
      break;
    }
    const body = new DataView(file.buffer, file.byteOffset + at + 8, length - 12);
    if (type === INTERFACE) {
      const found = interfaceOf(body, little);
      if ('unreadable' in found) return found;
      interfaces.push(found);
    } else if (type === ENHANCED || type === SIMPLE) {
      const found = type === ENHANCED ? enhanced(body, little, interfaces) : simple(body, little, interfaces, frames);
      if ('unreadable' in found) return found;
      frames.push(found);
    }
    at += length;
  }
  return { frames, remarks: [...remarks] };
}

const INTERFACE = 1;
const SIMPLE = 3;
const ENHANCED = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

function sectionOrder(view: DataView, at: number): boolean | undefined {
  if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) return true;
  if (view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) return false;
  return undefined;
}

const OPTION_END = 0;
const OPTION_RESOLUTION = 9;

function interfaceOf(body: DataView, little: boolean): Interface | Unreadable {
  if (body.byteLength < 8) return { unreadable: 'an interface block is cut short' };
  const linkType = body.getUint16(0, little);
  if (linkType !== ETHERNET) return notEthernet(linkType);
  let ticksPerSecond = 1e6;
  for (let at = 8; at + 4 <= body.byteLength; ) {
    const code = body.getUint16(at, little);
    const length = body.getUint16(at + 2, little);
    if (code === OPTION_END || at + 4 + length > body.byteLength) break;
    if (code === OPTION_RESOLUTION && length >= 1) {
      const value = body.getUint8(at + 4);
      ticksPerSecond = (value & 0x80) === 0 ? 10 ** value : 2 ** (value & 0x7f);
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { linkType, ticksPerSecond, snapLength: body.getUint32(4, little) };
}

function enhanced(body: DataView, little: boolean, interfaces: readonly Interface[]): CapturedFrame | Unreadable {
  if (body.byteLength < 20) return { unreadable: 'a packet block is cut short' };
  const from = interfaces[body.getUint32(0, little)];
  if (from === undefined) return { unreadable: 'a packet block names an interface that was not described' };
  const ticks = body.getUint32(4, little) * 2 ** 32 + body.getUint32(8, little);
  return frameOf(body, 20, body.getUint32(12, little), Math.floor((ticks / from.ticksPerSecond) * 1e6));
}

/** It has no time of its own: that of the frame before. */
function simple(
  body: DataView,
  little: boolean,
  [first]: readonly Interface[],
  before: readonly CapturedFrame[],
): CapturedFrame | Unreadable {
  if (body.byteLength < 4 || first === undefined) return { unreadable: 'a simple packet block is cut short' };
  const length = body.getUint32(0, little);
  const captured = first.snapLength > 0 ? Math.min(length, first.snapLength) : length;
  return frameOf(body, 4, captured, before.at(-1)?.atUs ?? 0);
}

function frameOf(body: DataView, at: number, captured: number, atUs: number): CapturedFrame | Unreadable {
  if (at + captured > body.byteLength) return { unreadable: 'a packet block is shorter than its packet' };
  return { atUs, bytes: new Uint8Array(body.buffer, body.byteOffset + at, captured) };
}

/** A classic pcap file, little-endian, microseconds. */
export function writeCapture(frames: readonly CapturedFrame[]): Uint8Array {
  const size = frames.reduce((sum, { bytes }) => sum + RECORD_HEADER + bytes.length, CLASSIC_HEADER);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, LONGEST, true);
  view.setUint32(20, ETHERNET, true);
  let at = CLASSIC_HEADER;
  for (const { atUs, bytes } of frames) {
    view.setUint32(at, Math.floor(atUs / 1e6), true);
    view.setUint32(at + 4, Math.floor(atUs % 1e6), true);
    view.setUint32(at + 8, bytes.length, true);
    view.setUint32(at + 12, bytes.length, true);
    file.set(bytes, at + RECORD_HEADER);
    at += RECORD_HEADER + bytes.length;
  }
  return file;
}
