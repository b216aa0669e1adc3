/** The part of an answer that a check reads as it arrives. Bodies are not kept: who wants them takes them from `onBody`. */
export interface ResponseHead {
  readonly status: number;
  /** The head as it was sent, Latin-1, without the empty line. */
  readonly text: string;
  /** Bytes of the body, if the server said. */
  readonly length: number | undefined;
  readonly chunked: boolean;
}

const LONGEST_HEAD = 64 * 1024;
const STATUS_LINE = /^HTTP\/\d\.\d (\d{3})(?: [^\r\n]*)?$/;

export type Progress = 'more' | 'complete' | { readonly refused: string };

/** Splits an answer into its head and its body, whatever pieces it comes in. Bounded: a head longer than 64 KiB is refused. */
export class ResponseReader {
  readonly #onBody: (bytes: Uint8Array) => void;
  #waiting: Buffer = Buffer.alloc(0);
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
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    const end = this.#waiting.indexOf('\r\n\r\n');
    if (end < 0) return this.#waiting.length > LONGEST_HEAD ? { refused: 'a head without end' } : 'more';

    const head = decodeHead(this.#waiting.toString('latin1', 0, end));
    if ('refused' in head) return head;
    const body = this.#waiting.subarray(end + 4);
    this.#waiting = Buffer.alloc(0);
    this.#head = head;
    return this.#body(head, body);
  }

  /** Beyond the length that the server announced nothing is body. */
  #body(head: ResponseHead, bytes: Buffer): Progress {
    const rest = head.length === undefined ? bytes.length : head.length - this.#bodyBytes;
    const body = bytes.subarray(0, rest);
    if (body.length > 0) this.#onBody(body);
    this.#bodyBytes += body.length;
    return head.length !== undefined && this.#bodyBytes >= head.length ? 'complete' : 'more';
  }
}

/** Status line and headers. Interim answers (1xx) are none: a GET without Expect gets no such thing. */
export function decodeHead(text: string): ResponseHead | { readonly refused: string } {
  const [statusLine = '', ...headers] = text.split('\r\n');
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) return { refused: `'${printable(statusLine)}' is not a status line of HTTP` };
  const values = (name: string): string[] =>
    headers
      .filter((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`)
      .map((line) => line.slice(name.length + 1).trim());
  const [length = '', another] = values('content-length');
  const chunked = values('transfer-encoding').some((value) => value.toLowerCase().includes('chunked'));
  const announced = !chunked && another === undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  return { status: Number(status), text, length: announced, chunked };
}

/** The first words of what a stranger sent, fit for a log. */
const printable = (text: string): string => text.slice(0, 60).replace(/[^ -~]/g, '.');
