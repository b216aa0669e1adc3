import { Growing, littleEndian } from '../../../../src/netlink/bytes.js';
import { HEADER_BYTES, type Message, messageFlag, messageType, writeMessage } from '../../../../src/netlink/message.js';
import { FakeSocket } from '../../../helpers/fake-socket.js';
import type { Exchanged } from './fixtures.js';

const NLCTRL = 16;
const FAMILY = 0x1e;
const GET_DEST = 8;
const GET_INFO = 15;

interface Turn {
  readonly command: number;
  /** Behind the generic header. */
  readonly payload: Buffer;
  readonly replies: Buffer[];
}

/** The kernel of one recorded step: answers each request as it answered the original's, and keeps what did not match. */
export class RecordedKernel {
  readonly socket: FakeSocket;
  /** Requests that differ from the original's, in words. */
  readonly mismatches: string[] = [];
  readonly #turns: Turn[];
  readonly #info: Turn | undefined;

  /** `counters`: forged for every service and server, in the order of the attributes. */
  constructor(io: readonly Exchanged[], counters?: readonly bigint[]) {
    const turns = turnsOf(io);
    if (counters !== undefined) for (const reply of turns.flatMap(({ replies }) => replies)) forge(reply, counters);
    this.#info = turns.find(({ command }) => command === GET_INFO);
    this.#turns = turns.filter(({ command }) => command !== GET_INFO);
    this.socket = new FakeSocket((request) => this.#answer(request));
  }

  /** Requests of the original that nobody made. */
  get left(): number {
    return this.#turns.length;
  }

  #answer(request: Message): Uint8Array[] {
    const { from, at, end } = request;
    const { type, sequence } = request;
    if (type === NLCTRL) return [familyAnswer(sequence), ack(sequence)];
    const bytes = Buffer.from(from.bytes.subarray(at, end));
    const command = bytes[0]!;
    const payload = bytes.subarray(4);
    const turn = command === GET_INFO ? this.#info : this.#take(command, payload);
    if (turn === undefined) {
      this.mismatches.push(`command ${command} was not asked by the original`);
      return [ack(sequence)];
    }
    const ended = turn.replies.some(endsExchange);
    return [...turn.replies.map((reply) => withSequence(reply, sequence)), ...(ended ? [] : [ack(sequence)])];
  }

  /** GET_DEST may come in another order: ours are asked before sorting. */
  #take(command: number, payload: Buffer): Turn | undefined {
    const index = this.#turns.findIndex(
      (turn) => turn.command === command && (command !== GET_DEST || turn.payload.equals(payload)),
    );
    if (index < 0) return undefined;
    const [turn] = this.#turns.splice(index, 1);
    this.#compare(command, payload, turn!.payload);
    return turn;
  }

  #compare(command: number, ours: Buffer, theirs: Buffer): void {
    for (const [name, type, whole] of nests) {
      const [mine, original] = [attribute(ours, type), attribute(theirs, type)].map(withoutStaleBytes);
      if (!alike(mine, original, (whole as readonly number[]).includes(command)))
        this.mismatches.push(
          `command ${command}, ${name}:\n  ours ${mine?.toString('hex')}\n  original ${original?.toString('hex')}`,
        );
    }
  }
}

/** Where only identity is needed the original says more than that; where settings go along every byte must be the same. */
const nests = [
  ['service', 1, [1, 2, GET_DEST]],
  ['destination', 2, [5, 6]],
  ['daemon', 3, []],
] as const satisfies readonly (readonly [string, number, readonly number[]])[];

function alike(mine: Buffer | undefined, original: Buffer | undefined, whole: boolean): boolean {
  if (mine === undefined || original === undefined) return mine === original;
  return whole ? mine.equals(original) : original.subarray(0, mine.length).equals(mine);
}

/** Of an IPv4 server in an IPv6 service the original sends the last twelve bytes of the service's address behind the four. */
function withoutStaleBytes(nest: Buffer | undefined): Buffer | undefined {
  if (nest?.subarray(0, 12).toString('hex') !== '06000b000200000014000100') return nest;
  return Buffer.from(nest).fill(0, 16, 28);
}

/** Writes ten counters over those of every nest of 64-bit statistics. */
function forge(datagram: Buffer, counters: readonly bigint[]): void {
  const nest = Buffer.from('7c000c000c000100', 'hex');
  for (let at = datagram.indexOf(nest); at >= 0; at = datagram.indexOf(nest, at + 1))
    counters.forEach((counter, i) => datagram.writeBigUInt64LE(counter, at + 8 + 12 * i));
}

/** Payload of a top-level attribute. */
function attribute(payload: Buffer, wanted: number): Buffer | undefined {
  for (let at = 0; at + 4 <= payload.length; ) {
    const length = payload.readUInt16LE(at);
    if ((payload.readUInt16LE(at + 2) & 0x3fff) === wanted) return payload.subarray(at + 4, at + length);
    at += (length + 3) & ~3;
  }
  return undefined;
}

function turnsOf(io: readonly Exchanged[]): Turn[] {
  const turns: Turn[] = [];
  for (const step of io) {
    if (step.dir !== 'req' && step.dir !== 'rep') continue;
    const bytes = Buffer.from(step.hex, 'hex');
    if (step.dir === 'rep') turns.at(-1)?.replies.push(bytes);
    else turns.push({ command: bytes[HEADER_BYTES]!, payload: bytes.subarray(HEADER_BYTES + 4), replies: [] });
  }
  return turns;
}

/** Where each message of a datagram starts. */
function starts(datagram: Buffer): number[] {
  const at: number[] = [];
  for (let next = 0; next < datagram.length; next += (datagram.readUInt32LE(next) + 3) & ~3) at.push(next);
  return at;
}

const endsExchange = (datagram: Buffer): boolean =>
  starts(datagram).some((at) =>
    ([messageType.error, messageType.done] as number[]).includes(datagram.readUInt16LE(at + 4)),
  );

function withSequence(datagram: Buffer, sequence: number): Uint8Array {
  const copy = Buffer.from(datagram);
  for (const at of starts(copy)) copy.writeUInt32LE(sequence, at + 8);
  return copy;
}

function framed(type: number, flags: number, sequence: number, body: (to: Growing) => void): Uint8Array {
  const to = new Growing(64);
  writeMessage(to, { type, flags, sequence }, body);
  return to.written().slice();
}

const ack = (sequence: number): Uint8Array =>
  framed(messageType.error, messageFlag.capped, sequence, (to) => {
    to.extend(4 + HEADER_BYTES);
  });

const familyAnswer = (sequence: number): Uint8Array =>
  framed(NLCTRL, 0, sequence, (to) => {
    const at = to.extend(12);
    const { view, bytes } = to.memory;
    bytes[at] = 1;
    view.setUint16(at + 4, 6, littleEndian);
    view.setUint16(at + 6, 1, littleEndian);
    view.setUint16(at + 8, FAMILY, littleEndian);
  });
