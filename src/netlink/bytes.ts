import { endianness } from 'node:os';

/** Netlink speaks the host's byte order. */
export const littleEndian = endianness() === 'LE';

/** A stretch of memory seen as bytes and as numbers. Offsets are from the start of the array, not of the buffer beneath. */
export interface Memory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Something decoded from it will be read later: it must not be written again. */
  kept: boolean;
}

export const memory = (bytes: Uint8Array): Memory => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  kept: false,
});

/** Every header and attribute starts at a multiple of four (NLMSG_ALIGNTO, NLA_ALIGNTO). */
export const align = (length: number): number => (length + 3) & ~3;

/** Memory that grows while it is written. */
export class Growing {
  #memory: Memory;
  #length = 0;

  constructor(capacity = 4096) {
    this.#memory = memory(new Uint8Array(capacity));
  }

  get length(): number {
    return this.#length;
  }

  get memory(): Memory {
    return this.#memory;
  }

  /** Makes room for `size` zero bytes at the end and says where they start. The memory may have moved: read `memory` anew. */
  extend(size: number): number {
    const start = this.#length;
    this.#length += size;
    if (this.#length > this.#memory.bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#memory.bytes.length));
      larger.set(this.#memory.bytes.subarray(0, start));
      this.#memory = memory(larger);
    } else {
      this.#memory.bytes.fill(0, start, this.#length);
    }
    return start;
  }

  /** What was written so far; valid until the next extend. */
  written(): Uint8Array {
    return this.#memory.bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }
}
