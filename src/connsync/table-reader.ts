import { protocolOfWord, stateOfWord } from './kernel-words.js';
import { ConnectionRow, type RowBytes } from './table-row.js';
import { WordMemory } from './word-memory.js';

const SPACE = 0x20;
const NEWLINE = 0x0a;
const COLON = 0x3a;
const ZERO = 0x30;
const IP4_DIGITS = 8;
/** Eight words of four digits with colons between. */
const IP6_CHARACTERS = 39;
/** A line has at most some 500 characters; what has more is none. */
const LONGEST_LINE = 4096;
/** Older kernels print the time that is over as a number near 2^64. */
const LONGEST_TIME = 2 ** 31;
const NO_LINE = -1;

/** Of each byte its value as a hexadecimal digit; NO_DIGIT: two of them, one shifted, are above 255 whatever the other is. */
const NO_DIGIT = 0x1000;
const digitOf = Uint16Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/** Reads the file as its bytes come. */
export class TableReader {
  readonly #row = new ConnectionRow();
  readonly #each: (row: ConnectionRow) => void;
  readonly #protocols = new WordMemory((word) => protocolOfWord(word) ?? -1);
  /** By protocol, twice: of connections and of templates. */
  readonly #states: (WordMemory | undefined)[] = new Array<undefined>(512).fill(undefined);
  #rest: Buffer = Buffer.alloc(0);
  #isHeader = true;
  rows = 0;
  /** Lines that say nothing we understand. */
  refused = 0;

  constructor(each: (row: ConnectionRow) => void) {
    this.#each = each;
  }

  /** The bytes are the caller's again afterwards. */
  push(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? viewOf(bytes) : Buffer.concat([this.#rest, bytes]);
    const whole = all.lastIndexOf(NEWLINE) + 1;
    for (let at = 0; at < whole; ) at = this.#take(all, at);
    const rest = all.length - whole;
    if (rest > LONGEST_LINE) this.refused++;
    this.#rest = rest > LONGEST_LINE ? Buffer.alloc(0) : Buffer.from(all.subarray(whole));
  }

  /** The last line, if it has no end. */
  end(): void {
    if (this.#rest.length > 0) this.push(Uint8Array.of(NEWLINE));
  }

  /** @returns where the next line begins */
  #take(lines: Buffer, start: number): number {
    if (this.#isHeader) {
      this.#isHeader = false;
      return lines.indexOf(NEWLINE, start) + 1;
    }
    const end = this.#read(lines, start);
    if (end === NO_LINE) {
      this.refused++;
      return lines.indexOf(NEWLINE, start) + 1;
    }
    this.#row.seal();
    this.rows++;
    this.#each(this.#row);
    return end + 1;
  }

  /** @returns where the line ends, or NO_LINE. Nothing below looks beyond the end: it is no digit, and ends a word */
  #read(line: Buffer, start: number): number {
    const row = this.#row;
    let at = endOfWord(line, start);
    row.protocol = this.#protocols.valueOf(line, start, at);
    if (row.protocol < 0) return NO_LINE;
    at = behindSpaces(line, at);
    const characters = endOfWord(line, at) - at;
    if (characters !== IP4_DIGITS && characters !== IP6_CHARACTERS) return NO_LINE;
    const bytes = row.setWidth(characters === IP4_DIGITS ? 4 : 16);
    // a destination of the other family is refused: a sync message has no place for it
    const each = characters + 6;
    row.clientPort = readEndpoint(line, at, bytes, 0);
    row.virtualPort = readEndpoint(line, at + each, bytes, 1);
    row.destinationPort = readEndpoint(line, at + 2 * each, bytes, 2);
    if ((row.clientPort | row.virtualPort | row.destinationPort) < 0) return NO_LINE;
    at = this.#readState(line, behindSpaces(line, at + 3 * each));
    return at === NO_LINE ? NO_LINE : this.#readPersistence(line, at);
  }

  #readState(line: Buffer, start: number): number {
    const row = this.#row;
    let at = endOfWord(line, start);
    // an FTP helper waits for a client whose port it does not know; that is the only other one without, in state LISTEN
    row.isTemplate = row.clientPort === 0 && !isListen(line, start, at);
    row.state = this.#stateWords(row.protocol, row.isTemplate).valueOf(line, start, at);
    if (row.state < 0) return NO_LINE;
    at = behindSpaces(line, at);
    let seconds = 0;
    const digits = at;
    for (; line[at] !== SPACE && line[at] !== NEWLINE; at++) {
      const digit = line[at]! - ZERO;
      if (digit < 0 || digit > 9) return NO_LINE;
      seconds = 10 * seconds + digit;
    }
    row.expiresSeconds = seconds > LONGEST_TIME ? 0 : seconds;
    return at === digits ? NO_LINE : at;
  }

  #stateWords(protocol: number, isTemplate: boolean): WordMemory {
    const which = 2 * protocol + (isTemplate ? 1 : 0);
    return (this.#states[which] ??= new WordMemory((word) => stateOfWord(protocol, isTemplate, word) ?? -1));
  }

  /** One blank, the engine's name, one blank, and what it read: any bytes. */
  #readPersistence(line: Buffer, at: number): number {
    this.#row.persistence = undefined;
    if (line[at] === NEWLINE) return at;
    const start = behindSpaces(line, at);
    const end = line.indexOf(NEWLINE, start);
    if (start === end) return end;
    const behind = endOfWord(line, start);
    if (end - behind < 2) return NO_LINE;
    const engine = line.toString('latin1', start, behind);
    this.#row.persistence = { engine, data: Uint8Array.from(line.subarray(behind + 1, end)) };
    return end;
  }
}

function endOfWord(line: Uint8Array, start: number): number {
  let at = start;
  while (line[at] !== SPACE && line[at] !== NEWLINE) at++;
  return at;
}

function behindSpaces(line: Uint8Array, start: number): number {
  let at = start;
  while (line[at] === SPACE) at++;
  return at;
}

/** An address into the bytes of a row, and the port behind it with a blank before and after: returned, or below 0. */
function readEndpoint(line: Uint8Array, start: number, { identity, width }: RowBytes, group: number): number {
  const to = group * (4 + width);
  let at = start;
  for (let i = 0; i < width; i++) {
    if (width === 16 && i > 0 && i % 2 === 0 && line[at++] !== COLON) return -1;
    const digits = (digitOf[line[at]!]! << 4) | digitOf[line[at + 1]!]!;
    if (digits > 0xff) return -1;
    identity[to + 4 + i] = digits;
    at += 2;
  }
  if (line[at] !== SPACE || line[at + 5] !== SPACE) return -1;
  const high = (digitOf[line[at + 1]!]! << 4) | digitOf[line[at + 2]!]!;
  const low = (digitOf[line[at + 3]!]! << 4) | digitOf[line[at + 4]!]!;
  if ((high | low) > 0xff) return -1;
  identity[to + 2] = high;
  identity[to + 3] = low;
  return (high << 8) | low;
}

const listen = Buffer.from('LISTEN');
const isListen = (line: Uint8Array, start: number, end: number): boolean =>
  end - start === listen.length && listen.every((byte, i) => line[start + i] === byte);

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
