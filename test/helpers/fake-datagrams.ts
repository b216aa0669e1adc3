import type { DatagramEvents, DatagramOrder, OpenDatagram } from '../../src/health/ports.js';

/** What a peer does with each datagram that is sent to it. */
export type Peer = (bytes: Uint8Array, back: DatagramEvents) => void;

/** Sockets whose other end is a function. `opened` are the orders, `open` how many are not closed. */
export class FakeDatagrams {
  readonly opened: DatagramOrder[] = [];
  open = 0;
  readonly #peer: Peer;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  readonly openDatagram: OpenDatagram = (order, events) => {
    this.opened.push(order);
    this.open++;
    let isOpen = true;
    const told: DatagramEvents = {
      message(bytes, from) {
        if (isOpen) events.message(bytes, from);
      },
      error(error) {
        if (isOpen) events.error(error);
      },
    };
    return {
      send: (bytes) => this.#peer(bytes, told),
      close: () => {
        if (isOpen) this.open--;
        isOpen = false;
      },
    };
  };
}

export const from = { address: '192.0.2.1', port: 53, ttl: 64 };

export const errnoError = (code: string, syscall = 'recvmsg'): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
