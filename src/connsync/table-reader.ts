import { protocolOfWord, stateOfWord } from './kernel-words.js';

/**
 * One line of /proc/net/ip_vs_conn:
 *
 *     TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     891
 *     UDP 0A010002 0000 0A090001 13C4 0A02000B 13C4 NONE            291 sip CALL-ID
 *
 * There is one object for all lines: a table has a million of them. What is to stay is copied.
 */
export class ConnectionRow {
  protocol = 0;
  state = 0;
  isTemplate = false;
  clientPort = 0;
  virtualPort = 0;
  destinationPort = 0;
  /** Remaining time, rounded down. */
  expiresSeconds = 0;
  persistence: { readonly engine: string; readonly data: Uint8Array } | undefined;
  /**
   * All that the line says but the time and the persistence data: state, client; and then the place it leads to. The addresses are parts of it.
   */
  identity: Buffer;
  /** Protocol, kind, service and destination: alike for all connections of a service with a destination. */
  place: Buffer;
  client: Buffer;
  virtual: Buffer;
  destination: Buffer;
  readonly #ip4 = new Layout(4);
  readonly #ip6 = new Layout(16);

  constructor() {
    ({ identity: this.identity, place: this.place } = this.#ip4);
    ({ client: this.client, virtual: this.virtual, destination: this.destination } = this.#ip4);
  }

  setWidth(width: 4 | 16): void {
    const layout = width === 4 ? this.#ip4 : this.#ip6;
    if (layout.identity === this.identity) return;
    ({ identity: this.identity, place: this.place } = layout);
    ({ client: this.client, virtual: this.virtual, destination: this.destination } = layout);
  }

  /** Numbers as bytes of `identity`, when all fields are set. */
  seal(): void {
    const { identity, place } = this;
    const width = this.client.length;
    identity[0] = this.state;
    identity[1] = this.clientPort >>> 8;
    identity[2] = this.clientPort & 0xff;
    place[0] = this.protocol;
    place[1] = this.isTemplate ? 1 : 0;
    place[2] = this.virtualPort >>> 8;
    place[3] = this.virtualPort & 0xff;
    place[4 + width] = this.destinationPort >>> 8;
    place[5 + width] = this.destinationPort & 0xff;
  }
}

class Layout {
  readonly identity: Buffer;
  readonly client: Buffer;
  readonly place: Buffer;
  readonly virtual: Buffer;
  readonly destination: Buffer;

  constructor(width: number) {
    this.identity = Buffer.alloc(9 + 3 * width);
    this.client = this.identity.subarray(3, 3 + width);
    this.place = this.identity.subarray(3 + width);
    this.virtual = this.place.subarray(4, 4 + width);
    this.destination = this.place.subarray(6 + width);
  }
}

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

/** Of each byte its value as a hexadecimal digit, 255: it is none. */
const digitOf = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? 255 : value;
});

/** Reads the file as its bytes come. */
export class TableReader {
  readonly #row = new ConnectionRow();
  readonly #each: (row: ConnectionRow) => void;
  #rest: Buffer = Buffer.alloc(0);
  #isHeader = true;
  #line: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  rows = 0;
  /** Lines that say nothing we understand. */
  refused = 0;

  constructor(each: (row: ConnectionRow) => void) {
    this.#each = each;
  }

  push(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? viewOf(bytes) : Buffer.concat([this.#rest, bytes]);
    let start = 0;
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, start)) {
      this.#take(all, start, end);
      start = end + 1;
    }
    const rest = all.length - start;
    if (rest > LONGEST_LINE) this.refused++;
    this.#rest = rest > LONGEST_LINE ? Buffer.alloc(0) : Buffer.from(all.subarray(start));
  }

  /** The last line, if it has no end. */
  end(): void {
    if (this.#rest.length > 0) this.#take(this.#rest, 0, this.#rest.length);
    this.#rest = Buffer.alloc(0);
  }

  #take(line: Buffer, start: number, end: number): void {
    if (this.#isHeader) {
      this.#isHeader = false;
      return;
    }
    this.#line = line;
    this.#at = start;
    this.#end = end;
    if (!this.#read()) {
      this.refused++;
      return;
    }
    this.#row.seal();
    this.rows++;
    this.#each(this.#row);
  }

  #read(): boolean {
    const row = this.#row;
    const protocol = protocolOfWord(this.#word());
    const clientLength = this.#wordLength();
    if (protocol === undefined || (clientLength !== IP4_DIGITS && clientLength !== IP6_CHARACTERS)) return false;
    row.protocol = protocol;
    row.setWidth(clientLength === IP4_DIGITS ? 4 : 16);
    const isWhole =
      this.#address(row.client) &&
      (row.clientPort = this.#port()) >= 0 &&
      this.#address(row.virtual) &&
      (row.virtualPort = this.#port()) >= 0 &&
      this.#address(row.destination) &&
      (row.destinationPort = this.#port()) >= 0;
    if (!isWhole) return false;
    const word = this.#word();
    // an FTP helper waits for a client whose port it does not know; that is the only other one without, in state LISTEN
    row.isTemplate = row.clientPort === 0 && word !== 'LISTEN';
    const state = stateOfWord(protocol, row.isTemplate, word);
    row.expiresSeconds = this.#seconds();
    if (state === undefined || row.expiresSeconds < 0) return false;
    row.state = state;
    return this.#persistence();
  }

  #skipSpaces(): void {
    while (this.#at < this.#end && this.#line[this.#at] === SPACE) this.#at++;
  }

  #wordLength(): number {
    this.#skipSpaces();
    let end = this.#at;
    while (end < this.#end && this.#line[end] !== SPACE) end++;
    return end - this.#at;
  }

  #word(): string {
    const length = this.#wordLength();
    const word = this.#line.toString('latin1', this.#at, this.#at + length);
    this.#at += length;
    return word;
  }

  /** false also for one of the other family: a sync message has no place for it. */
  #address(to: Buffer): boolean {
    const isIp6 = to.length === 16;
    const line = this.#line;
    if (this.#wordLength() !== (isIp6 ? IP6_CHARACTERS : IP4_DIGITS)) return false;
    let at = this.#at;
    for (let i = 0; i < to.length; i++) {
      if (isIp6 && i > 0 && i % 2 === 0 && line[at++] !== COLON) return false;
      const high = digitOf[line[at++]!]!;
      const low = digitOf[line[at++]!]!;
      if (high > 15 || low > 15) return false;
      to[i] = 16 * high + low;
    }
    this.#at = at;
    return true;
  }

  /** Four digits, or -1. */
  #port(): number {
    if (this.#wordLength() !== 4) return -1;
    let port = 0;
    for (let i = 0; i < 4; i++) {
      const digit = digitOf[this.#line[this.#at++]!]!;
      if (digit > 15) return -1;
      port = 16 * port + digit;
    }
    return port;
  }

  #seconds(): number {
    const length = this.#wordLength();
    let seconds = length === 0 ? -1 : 0;
    for (let i = 0; i < length; i++) {
      const digit = this.#line[this.#at++]! - ZERO;
      if (digit < 0 || digit > 9) return -1;
      seconds = 10 * seconds + digit;
    }
    return seconds > LONGEST_TIME ? 0 : seconds;
  }

  /** One blank, the engine's name, one blank, and what it read: any bytes. */
  #persistence(): boolean {
    this.#row.persistence = undefined;
    if (this.#at === this.#end) return true;
    const engine = this.#word();
    if (engine === '') return true;
    const data = Uint8Array.from(this.#line.subarray(this.#at + 1, this.#end));
    if (data.length === 0) return false;
    this.#row.persistence = { engine, data };
    return true;
  }
}

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
