/** Where the decoder is. */
type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done';

/** A line of the coding: a size with its extensions, or a field behind the last chunk; and all of these fields. */
const LONGEST_LINE = 4096;
const LONGEST_TRAILER = 64 * 1024;
/** Chunks of a byte cost a thousand times what they carry. */
const MOST_CHUNKS = 100_000;
/** RFC 9112 section 7.1. Ten digits are a terabyte: nobody reads a body to there. */
const SIZE = /^([0-9a-fA-F]{1,10})[ \t]*(?:;.*)?$/;

/** The chunked transfer coding (RFC 9112 section 7.1): takes the chunks apart, in whatever pieces they come. */
export class ChunkDecoder {
  readonly #onBody: (bytes: Uint8Array) => void;
  #state: State = 'size';
  /** Of the chunk, bytes to come. */
  #left = 0;
  #line = '';
  #chunks = 0;
  #trailerBytes = 0;

  constructor(onBody: (bytes: Uint8Array) => void) {
    this.#onBody = onBody;
  }

  /** What follows the last chunk is not looked at. */
  read(bytes: Buffer): 'more' | 'complete' | { readonly refused: string } {
    for (let at = 0; at < bytes.length && this.#state !== 'done'; ) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left);
        this.#onBody(piece);
        this.#left -= piece.length;
        at += piece.length;
        if (this.#left === 0) this.#state = 'data-end';
        continue;
      }
      const feed = bytes.indexOf(10, at);
      const end = feed < 0 ? bytes.length : feed;
      if (this.#line.length + end - at > LONGEST_LINE) return { refused: 'a line without end among the chunks' };
      this.#line += bytes.toString('latin1', at, end);
      at = end + 1;
      const refused = feed < 0 ? undefined : this.#endLine();
      if (refused !== undefined) return { refused };
    }
    return this.#state === 'done' ? 'complete' : 'more';
  }

  #endLine(): string | undefined {
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r')) return 'a chunk that does not end where its size says, or a line feed alone';
    const text = line.slice(0, -1);
    switch (this.#state) {
      case 'size': {
        const [, digits] = SIZE.exec(text) ?? [];
        if (digits === undefined) return 'a chunk without size';
        if (++this.#chunks > MOST_CHUNKS) return `more than ${MOST_CHUNKS} chunks`;
        this.#left = Number.parseInt(digits, 16);
        this.#state = this.#left === 0 ? 'trailer' : 'data';
        return undefined;
      }
      case 'data-end':
        this.#state = 'size';
        return text === '' ? undefined : 'a chunk that is longer than its size says';
      default:
        this.#trailerBytes += line.length;
        if (text === '') this.#state = 'done';
        return this.#trailerBytes > LONGEST_TRAILER ? 'a trailer without end' : undefined;
    }
  }
}
