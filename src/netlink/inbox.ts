import { align, type Memory, memory } from './bytes.js';
import type { DatagramSocket } from './exchange.js';

/** No netlink datagram of the kernel is longer. */
export const MAX_DATAGRAM = 32768;

const SLAB = 32 * MAX_DATAGRAM;

/**
 * Where datagrams land. The same few pages again and again, for fresh memory costs more than what the kernel does to fill it;
 * only where rows are to be decoded later is their slab left alone, and filled to its end before another is begun.
 */
export class Inbox {
  #slab: Memory = memory(new Uint8Array(SLAB));
  #at = 0;

  /** Receives once and visits each datagram; false if none was waiting. Throws what the socket throws. */
  fill(socket: DatagramSocket, visit: (from: Memory, at: number, end: number) => void): boolean {
    if (!this.#slab.kept) {
      this.#at = 0;
    } else if (SLAB - this.#at < MAX_DATAGRAM) {
      this.#slab = memory(new Uint8Array(SLAB));
      this.#at = 0;
    }
    const slab = this.#slab;
    const ends = socket.receive(slab.bytes, this.#at);
    if (ends === undefined) return false;
    for (const end of ends) {
      const start = this.#at;
      this.#at = align(end);
      visit(slab, start, end);
    }
    return true;
  }
}
