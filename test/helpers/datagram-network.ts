import type { DatagramEvents, DatagramOrder, DatagramSocket, OpenDatagram } from '../../src/health/ports.js';
import type { FakeClock } from './fake-clock.js';

/** One datagram under way. */
export interface Carried {
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

interface Open {
  readonly order: DatagramOrder;
  readonly events: DatagramEvents;
}

/** Hosts that send each other UDP, in memory: `host(ADDRESS)` is the port of one of them. */
export class DatagramNetwork {
  /** Milliseconds until it arrives; undefined: it is lost. */
  carry: (datagram: Carried) => number | undefined = () => 1;
  /** What arrived. */
  readonly log: Carried[] = [];
  /** Hops on the way. */
  hops = 0;
  /** Errors that the next bind of a port throws. */
  readonly refusals = new Map<number, string>();
  readonly #clock: FakeClock;
  readonly #sockets = new Set<Open & { readonly address: string }>();
  readonly #held = new Map<string, (() => void)[]>();

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  get sockets(): readonly DatagramOrder[] {
    return [...this.#sockets].map(({ order }) => order);
  }

  /** What arrives there waits in the socket until `release`: its event loop is busy. */
  hold(address: string): void {
    this.#held.set(address, []);
  }

  /** The loop reads so many, or all and is busy no more. */
  release(address: string, count?: number): void {
    const waiting = this.#held.get(address) ?? [];
    if (count === undefined) this.#held.delete(address);
    for (const deliver of waiting.splice(0, count ?? waiting.length)) deliver();
  }

  host(address: string): OpenDatagram {
    return (order, events): DatagramSocket => {
      const code = this.refusals.get(order.bindPort ?? 0);
      if (code !== undefined) throw Object.assign(new Error(`${code}: refused`), { code });
      const socket = { order, events, address: order.bindAddress ?? address };
      this.#sockets.add(socket);
      return {
        send: (bytes) => {
          if (order.peer === undefined) throw new Error('no peer');
          const sent = { from: socket.address, to: order.peer.address, bytes: bytes.slice() };
          this.#send(sent, order, order.peer.port);
        },
        close: () => void this.#sockets.delete(socket),
      };
    };
  }

  #send(sent: Carried, { bindPort = 0, ttl = 64 }: DatagramOrder, port: number): void {
    const delay = this.carry(sent);
    if (delay === undefined) return;
    const deliver = (): void => {
      this.log.push(sent);
      for (const { order, events, address } of this.#sockets)
        if (address === sent.to && order.peer === undefined && order.bindPort === port)
          events.message(sent.bytes, { address: sent.from, port: bindPort, ttl: ttl - this.hops });
    };
    this.#clock.after(delay, () => {
      const held = this.#held.get(sent.to);
      if (held === undefined) deliver();
      else held.push(deliver);
    });
  }
}
