/** What lvsd and its engine say to each other over a Unix stream socket: native/control/protocol.h. All numbers are little-endian. */

/** kProtocol. */
export const PROTOCOL = 1;
/** kLongestPayload: of one frame, either way. */
export const LONGEST_PAYLOAD = 256 * 2 ** 20;
/** sizeof(SessionRecord) of native/engine/sessions.h. */
export const SESSION_RECORD_BYTES = 104;

/** enum Request. Hello, sessions and stop keep their numbers for ever: an lvsd speaks them with engines of other protocols. */
export const request = {
  hello: 1,
  openPorts: 2,
  publishNetwork: 3,
  publishServices: 4,
  services: 5,
  counters: 6,
  explain: 7,
  sessions: 8,
  loadSessions: 9,
  flush: 10,
  follow: 11,
  capture: 12,
  stop: 13,
} as const;
export type RequestName = keyof typeof request;

/** enum Topic: bits. */
export const topic = { neighbours: 1, ports: 2, sessionChanges: 4 } as const;

/** enum Event. */
export const event = { neighbourWanted: 100, portChanged: 101, sessionsChanged: 102, captured: 103 } as const;

/** struct FrameHeader: payload bytes u32 | type u16 | status u16 | id u32. */
const HEADER_BYTES = 12;

export interface Frame {
  readonly type: number;
  /** Of an answer: 0 done, 1 refused, the payload being a sentence. */
  readonly status: number;
  /** Of the request; 0 in an event. */
  readonly id: number;
  readonly payload: Uint8Array;
}

/** What the engine sent is no frame. Whoever reads it closes the connection. */
export class BadFrame extends Error {
  override readonly name = 'BadFrame';
}

export const frameHeader = ({ type, status, id, payload }: Frame): Uint8Array => {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setUint32(0, payload.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, status, true);
  view.setUint32(8, id, true);
  return new Uint8Array(view.buffer);
};

/** Bytes as they come become frames. What a header announces is only made room for when it has come. */
export class FrameDecoder {
  readonly #longest: number;
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #header: { readonly type: number; readonly status: number; readonly id: number; readonly bytes: number } | undefined;

  constructor(longestPayload = LONGEST_PAYLOAD) {
    this.#longest = longestPayload;
  }

  /** Visits each frame that is complete. @throws BadFrame when one is announced that is too long; nothing more is to be read then */
  push(chunk: Uint8Array, visit: (frame: Frame) => void): void {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    for (;;) {
      this.#header ??= this.#waiting < HEADER_BYTES ? undefined : this.#readHeader();
      if (this.#header === undefined || this.#waiting < this.#header.bytes) return;
      const { type, status, id, bytes } = this.#header;
      this.#header = undefined;
      visit({ type, status, id, payload: this.#take(bytes) });
    }
  }

  #readHeader() {
    const view = viewOf(this.#take(HEADER_BYTES));
    const bytes = view.getUint32(0, true);
    if (bytes > this.#longest) throw new BadFrame(`a frame of ${bytes} bytes was announced`);
    return {
      bytes,
      type: view.getUint16(4, true),
      status: view.getUint16(6, true),
      id: view.getUint32(8, true),
    };
  }

  /** The first `count` bytes: a window on a chunk where they lie in one. */
  #take(count: number): Uint8Array {
    this.#waiting -= count;
    const [first = new Uint8Array(0)] = this.#chunks;
    if (first.length >= count) {
      this.#chunks[0] = first.subarray(count);
      if (first.length === count) this.#chunks.shift();
      return first.subarray(0, count);
    }
    const taken = new Uint8Array(count);
    let filled = 0;
    let used = 0;
    while (filled < count) {
      const chunk = this.#chunks[used]!;
      const part = chunk.subarray(0, count - filled);
      taken.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) used++;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks.splice(0, used);
    return taken;
  }
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const longerThan = (payload: Uint8Array, bytes: number, what: string): void => {
  if (payload.length < bytes) throw new BadFrame(`${what} of ${payload.length} bytes where ${bytes} are needed`);
};

// ---------------------------------------------------------------- requests

/** PortMode of native/port/port.h, in its order: what a port is asked to be opened as. */
export const wireModes = ['auto', 'xdp-zero-copy', 'xdp-native', 'xdp-generic', 'packet'] as const;
export type WireMode = (typeof wireModes)[number];

export interface PortOrder {
  readonly name: string;
  readonly mode: WireMode;
  /** The device is virtual: partial checksums are completed. */
  readonly completeChecksums: boolean;
  /** undefined: as many as the device has. */
  readonly queues?: number;
  /** Of the port in images; keeps its meaning as long as the port is open. */
  readonly index: number;
}

const PORT_ORDER_BYTES = 24;
/** IFNAMSIZ, with the NUL. */
const NAME_BYTES = 16;

export function encodePortOrders(orders: readonly PortOrder[]): Uint8Array {
  const bytes = new Uint8Array(orders.length * PORT_ORDER_BYTES);
  const view = viewOf(bytes);
  orders.forEach(({ name, mode, completeChecksums, queues, index }, i) => {
    const at = i * PORT_ORDER_BYTES;
    bytes.set(new TextEncoder().encode(name).subarray(0, NAME_BYTES - 1), at);
    view.setUint8(at + 16, wireModes.indexOf(mode));
    view.setUint8(at + 17, (completeChecksums ? 1 : 0) | (queues === undefined ? 0 : 2));
    view.setUint16(at + 18, queues ?? 0, true);
    view.setUint32(at + 20, index, true);
  });
  return bytes;
}

const words = (...numbers: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = viewOf(bytes);
  numbers.forEach((number, i) => view.setUint32(4 * i, number, true));
  return bytes;
};

export const encodeFollow = (topics: number): Uint8Array => words(topics, 0);

/** All of them, and all of a service. */
export const ALL = 0xffff_ffff;
export const encodeFlush = (service: number, destination: number): Uint8Array => words(service, destination);

export function encodeExplain(port: number, frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + frame.length);
  viewOf(bytes).setUint32(0, port, true);
  bytes.set(frame, 8);
  return bytes;
}

export function encodeSessionsQuestion(cursor: bigint, most: number): Uint8Array {
  const bytes = new Uint8Array(16);
  viewOf(bytes).setBigUint64(0, cursor, true);
  viewOf(bytes).setUint32(8, most, true);
  return bytes;
}

/** Which packets to capture; what is absent is any. */
export interface CaptureOrder {
  /** Addresses as text. */
  readonly client?: string;
  readonly vip?: string;
  readonly server?: string;
  readonly clientPort?: number;
  readonly vipPort?: number;
  /** IP protocol number. */
  readonly protocol?: number;
  readonly onlyDropped?: boolean;
  /** Bytes of each frame; absent: all. */
  readonly snap?: number;
  /** Packets. */
  readonly most: number;
}

/** `address` is 16 bytes of an Address of native/packet/address.h. */
export function encodeCapture(order: CaptureOrder, address: (text: string) => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = viewOf(bytes);
  [order.client, order.vip, order.server].forEach((text, i) => {
    if (text !== undefined) bytes.set(address(text), 16 * i);
  });
  view.setUint16(48, order.clientPort ?? 0, true);
  view.setUint16(50, order.vipPort ?? 0, true);
  view.setUint8(52, order.protocol ?? 0);
  view.setUint8(53, order.onlyDropped === true ? 1 : 0);
  view.setUint16(54, order.snap ?? 0, true);
  view.setUint32(56, order.most, true);
  return bytes;
}

// ---------------------------------------------------------------- answers

/** A port as the engine has it. */
export interface EnginePort {
  readonly index: number;
  readonly name: string;
  /** What it became of `auto`. */
  readonly mode: string;
  readonly queues: number;
  /** Why it was refused, or why nothing faster was to be had. */
  readonly reason?: string;
}

export interface Hello {
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly workers: number;
  /** Capacity. */
  readonly sessions: number;
  readonly ports: readonly EnginePort[];
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(payload: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    throw new BadFrame(`${what} is no JSON`);
  }
}

const numberOf = (fields: Fields, name: string): number => {
  const value = fields[name];
  return typeof value === 'number' ? value : 0;
};
const textOf = (fields: Fields, name: string): string => {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
};

function portOf(value: unknown): EnginePort {
  if (!isFields(value)) throw new BadFrame('a port that is no object');
  const reason = textOf(value, 'reason');
  return {
    index: numberOf(value, 'index'),
    name: textOf(value, 'name'),
    mode: textOf(value, 'mode'),
    queues: numberOf(value, 'queues'),
    ...(reason === '' ? {} : { reason }),
  };
}

export function decodePorts(payload: Uint8Array): readonly EnginePort[] {
  const value = parseJson(payload, 'the list of ports');
  const list: unknown = isFields(value) ? value['ports'] : value;
  if (!Array.isArray(list)) throw new BadFrame('the list of ports is no list');
  return list.map(portOf);
}

/** Of an engine of any protocol: what it does not say is 0 or empty. */
export function decodeHello(payload: Uint8Array): Hello {
  const value = parseJson(payload, 'hello');
  if (!isFields(value) || typeof value['protocol'] !== 'number') throw new BadFrame('hello says no protocol');
  return {
    protocol: value['protocol'],
    version: textOf(value, 'version'),
    pid: numberOf(value, 'pid'),
    startedMs: numberOf(value, 'startedMs'),
    workers: numberOf(value, 'workers'),
    sessions: numberOf(value, 'sessions'),
    ports: Array.isArray(value['ports']) ? value['ports'].map(portOf) : [],
  };
}

export interface SessionsPage {
  /** 0: that was all. */
  readonly next: bigint;
  /** SessionRecord[]. */
  readonly records: Uint8Array;
}

export function decodeSessionsPage(payload: Uint8Array): SessionsPage {
  longerThan(payload, 8, 'a page of sessions');
  return { next: viewOf(payload).getBigUint64(0, true), records: payload.subarray(8) };
}

export function decodeLoaded(payload: Uint8Array): { readonly taken: number; readonly refused: number } {
  longerThan(payload, 8, 'an answer to sessions');
  return { taken: viewOf(payload).getUint32(0, true), refused: viewOf(payload).getUint32(4, true) };
}

export function decodeFlushed(payload: Uint8Array): number {
  longerThan(payload, 4, 'an answer to flush');
  return viewOf(payload).getUint32(0, true);
}

// ---------------------------------------------------------------- events

/** Whose link-layer address the engine lacks. */
export interface NeighbourWanted {
  /** 16 bytes; IPv4 as ::ffff:a.b.c.d. */
  readonly address: Uint8Array;
  readonly port: number;
}

const WANTED_BYTES = 24;

export function decodeWanted(payload: Uint8Array): readonly NeighbourWanted[] {
  if (payload.length % WANTED_BYTES !== 0) throw new BadFrame(`${payload.length} bytes of wanted neighbours`);
  const view = viewOf(payload);
  return Array.from({ length: payload.length / WANTED_BYTES }, (_, i) => ({
    address: payload.slice(i * WANTED_BYTES, i * WANTED_BYTES + 16),
    port: view.getUint32(i * WANTED_BYTES + 16, true),
  }));
}

export interface PortChanged {
  readonly index: number;
  readonly name: string;
  readonly state: 'up' | 'gone';
  readonly reason: string;
}

export function decodePortChanged(payload: Uint8Array): PortChanged {
  const value = parseJson(payload, 'a change of a port');
  if (!isFields(value)) throw new BadFrame('a change of a port that is no object');
  return {
    index: numberOf(value, 'index'),
    name: textOf(value, 'name'),
    state: value['state'] === 'up' ? 'up' : 'gone',
    reason: textOf(value, 'reason'),
  };
}

export interface SessionsChanged {
  /** More changed than could be told: all of them must be asked for. */
  readonly lost: boolean;
  /** SessionRecord[]. */
  readonly records: Uint8Array;
}

export function decodeSessionsChanged(payload: Uint8Array): SessionsChanged {
  longerThan(payload, 8, 'changes of sessions');
  return { lost: viewOf(payload).getUint32(0, true) !== 0, records: payload.subarray(8) };
}

/** A packet on its way, before and after. */
export interface Captured {
  /** Nanoseconds since 1970. */
  readonly realtimeNs: bigint;
  readonly before: Uint8Array;
  /** Empty: nothing went out. */
  readonly after: Uint8Array;
  /** JSON. */
  readonly decision: string;
  readonly portIn: number | undefined;
  readonly portOut: number | undefined;
}

/** sizeof(CapturedHeader), which ends at a multiple of eight. */
const CAPTURED_HEADER_BYTES = 24;
const NO_PORT = 0xffff;

export function decodeCaptured(payload: Uint8Array): Captured {
  longerThan(payload, CAPTURED_HEADER_BYTES, 'a captured packet');
  const view = viewOf(payload);
  const [before, after, decision] = [8, 12, 16].map((at) => view.getUint32(at, true)) as [number, number, number];
  longerThan(payload, CAPTURED_HEADER_BYTES + before + after + decision, 'a captured packet');
  const port = (at: number): number | undefined => {
    const index = view.getUint16(at, true);
    return index === NO_PORT ? undefined : index;
  };
  const part = (from: number, length: number): Uint8Array => payload.slice(from, from + length);
  return {
    realtimeNs: view.getBigUint64(0, true),
    before: part(CAPTURED_HEADER_BYTES, before),
    after: part(CAPTURED_HEADER_BYTES + before, after),
    decision: new TextDecoder().decode(part(CAPTURED_HEADER_BYTES + before + after, decision)),
    portIn: port(20),
    portOut: port(22),
  };
}
