import { ChunkDecoder } from './http-chunks.js';

/** The part of an answer that a check reads as it arrives. Bodies are not kept: who wants them takes them from `onBody`. */
export interface ResponseHead {
  readonly status: number;
  /** The head as it was sent, Latin-1, without the empty line. */
  readonly text: string;
  /** Bytes of the body, if the server said. */
  readonly length: number | undefined;
  readonly chunked: boolean;
}

/** Of all heads together: interim answers count too. */
const LONGEST_HEAD = 64 * 1024;
const STATUS_LINE = /^HTTP\/\d\.\d (\d{3})(?: [^\r\n]*)?$/;
const HEAD_END = '\r\n\r\n';

export type Progress = 'more' | 'complete' | { readonly refused: string };

/**
 * Splits an answer into its head and its body, whatever pieces it comes in (RFC 9112). Interim answers (1xx) are passed over, a
 * chunked body is given as it was before it was cut. Bounded: a head longer than 64 KiB is refused.
 */
export class ResponseReader {
  readonly #onBody: (bytes: Uint8Array) => void;
  readonly #chunks = new ChunkDecoder((bytes) => this.#give(bytes));
  #waiting = Buffer.alloc(1024);
  #used = 0;
  #passed = 0;
  #head: ResponseHead | undefined;
  #bodyBytes = 0;

  constructor(onBody: (bytes: Uint8Array) => void) {
    this.#onBody = onBody;
  }

  get head(): ResponseHead | undefined {
    return this.#head;
  }

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  read(bytes: Buffer): Progress {
    if (this.#head !== undefined) return this.#body(this.#head, bytes);
    const room = LONGEST_HEAD - this.#passed - this.#used;
    // a piece that does not fit may still hold the end of the head, and the body behind it
    const searched = this.#used;
    this.#keep(bytes.subarray(0, room));
    const end = this.#waiting.subarray(0, this.#used).indexOf(HEAD_END, Math.max(0, searched - HEAD_END.length + 1));
    if (end < 0) return bytes.length > room ? { refused: 'a head without end' } : 'more';

    const rest = bytes.subarray(end + HEAD_END.length - searched);
    const head = decodeHead(this.#waiting.toString('latin1', 0, end));
    this.#passed += end + HEAD_END.length;
    this.#used = 0;
    if ('refused' in head) return head;
    if (isInterim(head.status)) return this.read(rest);
    this.#waiting = Buffer.alloc(0);
    this.#head = head;
    return this.#body(head, rest);
  }

  #keep(bytes: Buffer): void {
    const needed = this.#used + bytes.length;
    if (needed > this.#waiting.length) {
      const wider = Buffer.alloc(Math.max(needed, 2 * this.#waiting.length));
      this.#waiting.copy(wider, 0, 0, this.#used);
      this.#waiting = wider;
    }
    bytes.copy(this.#waiting, this.#used);
    this.#used = needed;
  }

  /** Beyond the length that the server announced nothing is body. */
  #body({ status, length, chunked }: ResponseHead, bytes: Buffer): Progress {
    if (status === 204 || status === 304) return 'complete';
    if (chunked) return this.#chunks.read(bytes);
    this.#give(length === undefined ? bytes : bytes.subarray(0, length - this.#bodyBytes));
    return length !== undefined && this.#bodyBytes >= length ? 'complete' : 'more';
  }

  #give(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#bodyBytes += bytes.length;
    this.#onBody(bytes);
  }
}

/** Another answer follows; but 101 is the last one in HTTP. */
const isInterim = (status: number): boolean => status >= 100 && status <= 199 && status !== 101;

/** Status line and headers. */
export function decodeHead(text: string): ResponseHead | { readonly refused: string } {
  const [statusLine = '', ...headers] = text.split('\r\n');
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) return { refused: `'${printable(statusLine)}' is not a status line of HTTP` };
  const values = (name: string): string[] =>
    headers
      .filter((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`)
      .map((line) => line.slice(name.length + 1).trim());
  const [length = '', another] = values('content-length');
  const codings = values('transfer-encoding').join().toLowerCase();
  // what is coded otherwise at last ends with the connection (RFC 9112 section 6.3)
  const chunked = /(?:^|,)\s*chunked$/.test(codings);
  const announced = codings === '' && another === undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  return { status: Number(status), text, length: announced, chunked };
}

/** The first words of what a stranger sent, fit for a log. */
const printable = (text: string): string => text.slice(0, 60).replace(/[^ -~]/g, '.');
