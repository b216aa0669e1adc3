import type { DatagramSocket, OpenDatagram } from '../health/ports.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { type ControlPacket, type DecodingRefusal, decodePacket } from './packet.js';

export interface Sender {
  readonly address: string;
  readonly ttl: number;
}

export interface ListenerOptions {
  readonly family: 'ip4' | 'ip6';
  readonly port: number;
  readonly openDatagram: OpenDatagram;
  readonly clock: Clock;
  readonly log: Log;
  readonly onPacket: (packet: ControlPacket, from: Sender) => void;
  readonly onRefused: (why: DecodingRefusal, from: Sender) => void;
}

/** While somebody else has the port. */
const RETRY_MS = 1000;

/** Hears all neighbors of one family on one port. A port that cannot be had is tried again until it can. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #timers: Timers<'open'>;
  #socket: DatagramSocket | undefined;
  #trouble: string | undefined;
  #datagrams = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#open();
  }

  /** Datagrams that came, good ones and others. */
  get datagrams(): number {
    return this.#datagrams;
  }

  /** Why it hears nothing. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  close(): void {
    this.#timers.disarmAll();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(): void {
    const { family, port, openDatagram } = this.#options;
    const events = {
      message: (bytes: Uint8Array, from: Sender) => this.#hear(bytes, from),
      error: (error: NodeJS.ErrnoException) => this.#failed('receive', error),
    };
    try {
      this.#socket = openDatagram({ kind: 'udp', family, bindPort: port }, events);
      this.#trouble = undefined;
    } catch (error) {
      this.#failed('listen', error);
      this.#timers.arm('open', RETRY_MS, () => this.#open());
    }
  }

  #hear(bytes: Uint8Array, from: Sender): void {
    this.#datagrams++;
    const decoded = decodePacket(bytes);
    if ('refused' in decoded) this.#options.onRefused(decoded.refused, from);
    else this.#options.onPacket(decoded.packet, from);
  }

  /** Told once, not at each try. */
  #failed(operation: string, error: unknown): void {
    const { family, port, log } = this.#options;
    const reason = reasonOf(error);
    if (this.#trouble === reason) return;
    this.#trouble = reason;
    log.error({ event: 'bfd.trouble', operation, family, port, reason });
  }
}
