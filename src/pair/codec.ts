/**
 * The line between two directors. Each side says hello in clear; what follows are lines `MAC JSON`, in which the MAC is HMAC-SHA-256 of the line's
 * number and text under a key made of the secret, both nonces and the direction. The first good one proves the secret; a line that is said
 * again, left out, turned round or of another connection has another MAC. Nothing is secret on the wire but the secret.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isMessage, type Message } from './messages.js';

export const PAIR_VERSION = 1;
/** Of a line from whom nobody trusts yet, and of one from the other director. */
const LONGEST_HELLO = 256;
const LONGEST_LINE = 4 * 2 ** 20;

export const NONCE_BYTES = 32;
const MAC_CHARACTERS = 64;

/** Who opened the connection. */
export type End = 'caller' | 'called';

export interface Hello {
  /** Of this connection. */
  readonly nonce: string;
  /** Of the process: it decides which of two connections stays. */
  readonly id: string;
}

export const encodeHello = ({ nonce, id }: Hello): string => `${JSON.stringify({ pair: PAIR_VERSION, nonce, id })}\n`;

/** A string is why it is none. */
export function decodeHello(line: string): Hello | string {
  const told = parse(line) as
    | { readonly pair?: unknown; readonly nonce?: unknown; readonly id?: unknown }
    | null
    | undefined;
  if (typeof told !== 'object' || told === null || typeof told.pair !== 'number') return 'what it says is no hello';
  if (told.pair !== PAIR_VERSION) return `it speaks version ${told.pair} of the pair's protocol, we ${PAIR_VERSION}`;
  const { nonce, id } = told;
  const isHex = (text: unknown): text is string => typeof text === 'string' && HEX.test(text);
  return isHex(nonce) && isHex(id) ? { nonce, id } : 'what it says is no hello';
}

const HEX = /^[0-9a-f]{64}$/;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One direction of one connection: signs its lines, or checks them, in order. */
export class Seal {
  readonly #key: Buffer;
  #count = 0n;

  /** @param from whose lines these are */
  constructor(secret: Uint8Array, from: End, nonces: Readonly<Record<End, string>>) {
    this.#key = createHmac('sha256', secret)
      .update(`lvsd pair ${PAIR_VERSION} ${from} ${nonces.caller} ${nonces.called}`)
      .digest();
  }

  sign(message: Message): string {
    const text = JSON.stringify(message);
    return `${this.#next(text)} ${text}\n`;
  }

  /** A string is why the line is not taken. */
  open(line: string): Message | string {
    const text = line.slice(MAC_CHARACTERS + 1);
    const said = Buffer.from(line.slice(0, MAC_CHARACTERS), 'latin1');
    const due = Buffer.from(this.#next(text), 'latin1');
    const first = this.#count === 1n;
    if (said.length !== due.length || line[MAC_CHARACTERS] !== ' ' || !timingSafeEqual(said, due))
      return first ? 'its key is not ours' : 'a line of it is not signed as it should be';
    const message = parse(text);
    return isMessage(message) ? message : 'a line of it is no message: another release of lvsd?';
  }

  #next(text: string): string {
    const count = Buffer.alloc(8);
    count.writeBigUInt64BE(this.#count++);
    return createHmac('sha256', this.#key).update(count).update(text).digest('hex');
  }
}

/** Bytes into lines. What is longer than lines may be is refused before it is kept. */
export class LineReader {
  #parts: Buffer[] = [];
  #length = 0;
  #limit: number;

  /** @param longest bytes of a line */
  constructor(longest = LONGEST_HELLO) {
    this.#limit = longest;
  }

  /** The other side has proved itself. */
  trust(): void {
    this.#limit = LONGEST_LINE;
  }

  /** False: a line is too long; nothing more comes. */
  push(bytes: Uint8Array, take: (line: string) => void): boolean {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      if (this.#length + end > this.#limit) return false;
      const line = Buffer.concat([...this.#parts, rest.subarray(0, end)]).toString('utf8');
      this.#parts = [];
      this.#length = 0;
      rest = rest.subarray(end + 1);
      take(line);
    }
    this.#length += rest.length;
    if (this.#length > this.#limit) return false;
    if (rest.length > 0) this.#parts.push(Buffer.from(rest));
    return true;
  }
}

const LF = 0x0a;
