/**
 * A message of the IPVS sync protocol, version 1 (net/netfilter/ipvs/ip_vs_sync.c), all numbers in network order:
 *
 *     0  reserved, 0 (version 0 has its count here)   4  connections
 *     1  sync id                                      5  version, 1
 *     2  length of the message, 2 bytes               6  spare, 0
 *
 * then the connections, each at a multiple of four:
 *
 *     0  type: bit 0 is IPv6                          10, 12, 14  ports of client, service, destination
 *     1  protocol                                     16  firewall mark, 4 bytes
 *     2  version (4 bits, 0) and length (12 bits)     20  timeout, seconds, 4 bytes
 *     4  flags, 4 bytes                               24  addresses of client, service, destination, 4 or 16 bytes each
 *     8  state, 2 bytes
 *
 * and behind the addresses options: type, length, value, without padding.
 */

/** How the numbers of one direction are shifted (an FTP helper wrote another address into the stream). 32 bits each. */
export interface SequenceShift {
  readonly initial: number;
  readonly delta: number;
  readonly previousDelta: number;
}

export interface SyncConnection {
  readonly protocol: number;
  /** `connectionFlag` of kernel-words.ts. */
  readonly flags: number;
  readonly state: number;
  readonly clientPort: number;
  readonly virtualPort: number;
  readonly destinationPort: number;
  /** Of the service, 0: it is known by its address. */
  readonly mark: number;
  /** After which it expires, counted from the message on; 0: as the receiver's kernel thinks for its state. */
  readonly timeoutSeconds: number;
  /** All of 4 or all of 16 bytes. */
  readonly client: Uint8Array;
  readonly virtual: Uint8Array;
  readonly destination: Uint8Array;
  readonly sequence?: { readonly incoming: SequenceShift; readonly outgoing: SequenceShift } | undefined;
  /** Of templates: what a persistence engine read; 1 to 255 bytes, its name 1 to 16 characters. */
  readonly persistence?: { readonly engine: string; readonly data: Uint8Array } | undefined;
}

export interface SyncMessage {
  readonly syncId: number;
  readonly connections: readonly SyncConnection[];
}

export type MessageRefusal =
  | 'short'
  | 'length'
  | 'version'
  | 'type'
  | 'connection-version'
  | 'connection-length'
  | 'option-length'
  | 'option-twice'
  | 'option-unknown'
  | 'persistence'
  | 'trailing';

const VERSION = 1;
export const MESSAGE_HEADER_BYTES = 8;
/** The count has one byte. */
const MOST_CONNECTIONS = 255;
const MOST_BYTES = 0xffff;

const offset = {
  flags: 4,
  state: 8,
  clientPort: 10,
  virtualPort: 12,
  destinationPort: 14,
  mark: 16,
  timeout: 20,
} as const;
const ADDRESSES = 24;
const TYPE_IPV6 = 1;
const CONNECTION_LENGTH = 0x0fff;

const option = { sequence: 1, persistenceData: 2, persistenceName: 3, optional: 0x40 } as const;
const SEQUENCE_BYTES = 24;
const LONGEST_PERSISTENCE_DATA = 255;
const LONGEST_PERSISTENCE_NAME = 16;

const padded = (length: number): number => (length + 3) & ~3;

const lengthOf = ({ client, sequence, persistence }: SyncConnection): number =>
  ADDRESSES +
  3 * client.length +
  (sequence === undefined ? 0 : 2 + SEQUENCE_BYTES) +
  (persistence === undefined ? 0 : 4 + persistence.data.length + persistence.engine.length);

/** Fills messages; one that is full comes out when the next connection is added. */
export class MessageWriter {
  readonly #syncId: number;
  readonly #buffer: Buffer;
  #length = MESSAGE_HEADER_BYTES;
  #connections = 0;

  /** @param maxLength longest message, bytes: what the receiver's kernel was told (`sync_maxlen`) */
  constructor(syncId: number, maxLength: number) {
    this.#syncId = syncId;
    this.#buffer = Buffer.alloc(Math.min(maxLength, MOST_BYTES));
  }

  /**
   * A message that is full, without this connection; undefined: there is room yet. The bytes are the caller's.
   * @returns 'too-long' if no message can hold it: it is left out
   */
  add(connection: SyncConnection): Uint8Array | 'too-long' | undefined {
    const length = lengthOf(connection);
    if (MESSAGE_HEADER_BYTES + length > this.#buffer.length) return 'too-long';
    const isFull = this.#connections === MOST_CONNECTIONS || padded(this.#length) + length > this.#buffer.length;
    const full = isFull ? this.flush() : undefined;
    const at = padded(this.#length);
    this.#buffer.fill(0, this.#length, at);
    writeConnection(this.#buffer, at, length, connection);
    this.#length = at + length;
    this.#connections++;
    return full;
  }

  /** What is begun; undefined: nothing. */
  flush(): Uint8Array | undefined {
    if (this.#connections === 0) return undefined;
    const buffer = this.#buffer;
    buffer[0] = 0;
    buffer[1] = this.#syncId;
    buffer.writeUInt16BE(this.#length, 2);
    buffer[4] = this.#connections;
    buffer[5] = VERSION;
    buffer.writeUInt16BE(0, 6);
    const message = Uint8Array.prototype.slice.call(buffer, 0, this.#length);
    this.#length = MESSAGE_HEADER_BYTES;
    this.#connections = 0;
    return message;
  }
}

function writeConnection(to: Buffer, at: number, length: number, connection: SyncConnection): void {
  const { client, virtual, destination, sequence, persistence } = connection;
  to[at] = client.length === 16 ? TYPE_IPV6 : 0;
  to[at + 1] = connection.protocol;
  to.writeUInt16BE(length, at + 2);
  to.writeUInt32BE(connection.flags, at + offset.flags);
  to.writeUInt16BE(connection.state, at + offset.state);
  to.writeUInt16BE(connection.clientPort, at + offset.clientPort);
  to.writeUInt16BE(connection.virtualPort, at + offset.virtualPort);
  to.writeUInt16BE(connection.destinationPort, at + offset.destinationPort);
  to.writeUInt32BE(connection.mark, at + offset.mark);
  to.writeUInt32BE(connection.timeoutSeconds, at + offset.timeout);
  let end = at + ADDRESSES;
  for (const address of [client, virtual, destination]) {
    to.set(address, end);
    end += address.length;
  }
  if (sequence !== undefined) {
    to[end] = option.sequence;
    to[end + 1] = SEQUENCE_BYTES;
    const { incoming, outgoing } = sequence;
    writeShift(to, end + 2, incoming);
    writeShift(to, end + 2 + SEQUENCE_BYTES / 2, outgoing);
    end += 2 + SEQUENCE_BYTES;
  }
  if (persistence !== undefined) {
    end = writeOption(to, end, option.persistenceData, persistence.data);
    writeOption(to, end, option.persistenceName, Buffer.from(persistence.engine, 'latin1'));
  }
}

function writeShift(to: Buffer, at: number, { initial, delta, previousDelta }: SequenceShift): void {
  to.writeUInt32BE(initial, at);
  to.writeUInt32BE(delta, at + 4);
  to.writeUInt32BE(previousDelta, at + 8);
}

function writeOption(to: Buffer, at: number, type: number, value: Uint8Array): number {
  to[at] = type;
  to[at + 1] = value.length;
  to.set(value, at + 2);
  return at + 2 + value.length;
}

/** Takes what the kernel would, and refuses a message whole where it takes half of one. Nothing in the answer is part of `bytes`. */
export function decodeMessage(bytes: Uint8Array): SyncMessage | MessageRefusal {
  const from = Buffer.from(bytes);
  const header = headerOf(from);
  if (typeof header === 'string') return header;
  const connections: SyncConnection[] = [];
  let at = MESSAGE_HEADER_BYTES;
  let end = at;
  for (let i = 0; i < header.count; i++) {
    if (at + ADDRESSES > from.length) return 'short';
    const word = from.readUInt16BE(at + 2);
    if (word > CONNECTION_LENGTH) return 'connection-version';
    end = at + word;
    if (end > from.length) return 'short';
    const connection = readConnection(from.subarray(at, end));
    if (typeof connection === 'string') return connection;
    connections.push(connection);
    at = padded(end);
  }
  return end === from.length ? { syncId: header.syncId, connections } : 'trailing';
}

/** The same checks as the kernel's, without reading the connections: for who only hands them on. */
export function headerOf(bytes: Uint8Array): { readonly syncId: number; readonly count: number } | MessageRefusal {
  const [reserved, syncId = 0, high = 0, low = 0, count = 0, version, ...spare] = bytes.subarray(
    0,
    MESSAGE_HEADER_BYTES,
  );
  if (bytes.length < MESSAGE_HEADER_BYTES) return 'short';
  if (256 * high + low !== bytes.length) return 'length';
  if (reserved !== 0 || version !== VERSION || spare[0] !== 0 || spare[1] !== 0) return 'version';
  return { syncId, count };
}

function readConnection(from: Buffer): SyncConnection | MessageRefusal {
  const type = from[0] ?? 0;
  // the kernel looks at the lowest bit first, and then knows no other
  const isIp6 = (type & TYPE_IPV6) !== 0;
  if (!isIp6 && type !== 0) return 'type';
  const width = isIp6 ? 16 : 4;
  const options = ADDRESSES + 3 * width;
  if (from.length < options) return 'connection-length';
  const told = readOptions(from, options);
  if (typeof told === 'string') return told;
  const address = (i: number): Uint8Array =>
    Uint8Array.from(from.subarray(ADDRESSES + i * width, ADDRESSES + (i + 1) * width));
  return {
    protocol: from[1] ?? 0,
    flags: from.readUInt32BE(offset.flags),
    state: from.readUInt16BE(offset.state),
    clientPort: from.readUInt16BE(offset.clientPort),
    virtualPort: from.readUInt16BE(offset.virtualPort),
    destinationPort: from.readUInt16BE(offset.destinationPort),
    mark: from.readUInt32BE(offset.mark),
    timeoutSeconds: from.readUInt32BE(offset.timeout),
    client: address(0),
    virtual: address(1),
    destination: address(2),
    ...told,
  };
}

function readOptions(from: Buffer, start: number): Pick<SyncConnection, 'sequence' | 'persistence'> | MessageRefusal {
  const found = new Map<number, Buffer>();
  for (let at = start; at < from.length; ) {
    const length = from[at + 1] ?? 0;
    const value = from.subarray(at + 2, at + 2 + length);
    if (length === 0 || value.length < length) return 'option-length';
    const type = from[at] ?? 0;
    at += 2 + length;
    const known = type & ~option.optional;
    if (known < option.sequence || known > option.persistenceName) {
      if ((type & option.optional) === 0) return 'option-unknown';
      continue;
    }
    if (found.has(known)) return 'option-twice';
    found.set(known, value);
  }
  const sequence = found.get(option.sequence);
  const data = found.get(option.persistenceData);
  const engine = found.get(option.persistenceName);
  if (sequence !== undefined && sequence.length !== SEQUENCE_BYTES) return 'option-length';
  if ((data?.length ?? 0) > LONGEST_PERSISTENCE_DATA || (engine?.length ?? 0) > LONGEST_PERSISTENCE_NAME)
    return 'option-length';
  if ((data === undefined) !== (engine === undefined)) return 'persistence';
  return {
    ...(sequence === undefined
      ? {}
      : { sequence: { incoming: readShift(sequence, 0), outgoing: readShift(sequence, 12) } }),
    ...(data === undefined || engine === undefined
      ? {}
      : { persistence: { engine: engine.toString('latin1'), data: Uint8Array.from(data) } }),
  };
}

const readShift = (from: Buffer, at: number): SequenceShift => ({
  initial: from.readUInt32BE(at),
  delta: from.readUInt32BE(at + 4),
  previousDelta: from.readUInt32BE(at + 8),
});
