import { connect, type Socket } from 'node:net';
import { LvsError } from '../errors.js';
import { addressBytes } from '../model/address.js';
import type { Cancel, Clock } from '../system/clock.js';
import { type EngineCounters, decodeCounters } from './counters.js';
import {
  BadFrame,
  type CaptureOrder,
  type Captured,
  decodeCaptured,
  decodeFlushed,
  decodeHello,
  decodeLoaded,
  decodePortChanged,
  decodePorts,
  decodeSessionsChanged,
  decodeSessionsPage,
  decodeWanted,
  encodeCapture,
  encodeExplain,
  encodeFlush,
  encodeFollow,
  encodePortOrders,
  encodeSessionsQuestion,
  type EnginePort,
  event,
  type Frame,
  FrameDecoder,
  frameHeader,
  type Hello,
  type NeighbourWanted,
  type PortChanged,
  type PortOrder,
  request,
  type RequestName,
  type SessionsChanged,
  type SessionsPage,
} from './protocol.js';

/** What an engine tells without being asked. */
export interface EngineEvents {
  readonly onWanted?: (wanted: readonly NeighbourWanted[]) => void;
  readonly onPort?: (change: PortChanged) => void;
  readonly onSessions?: (change: SessionsChanged) => void;
  readonly onCaptured?: (packet: Captured) => void;
  /** A question was not answered in time. */
  readonly onLate?: () => void;
  /** Once: the engine ended, or the connection did. Nothing comes after it. */
  readonly onEnd?: () => void;
}

export interface ClientOptions extends EngineEvents {
  readonly path: string;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Tables of 10,000 services are built before the answer comes. */
const PUBLISH_TIMEOUT_MS = 60_000;

interface Waiting {
  readonly operation: string;
  readonly type: number;
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly cancelDeadline: Cancel;
}

/** One connection to an engine. All methods reject with LvsError ENGINE_LOST, ENGINE_TIMEOUT, ENGINE_MALFORMED or ENGINE_SAYS_NO. */
export class EngineClient {
  readonly #socket: Socket;
  readonly #options: ClientOptions;
  readonly #decoder = new FrameDecoder();
  readonly #waiting = new Map<number, Waiting>();
  #id = 0;
  #ended = false;
  /** Frames that nobody waited for. */
  unexpected = 0;

  private constructor(socket: Socket, options: ClientOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  /** @throws LvsError ENGINE_ABSENT */
  static connect(options: ClientOptions): Promise<EngineClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(options.path);
      const cancel = options.clock.after(options.timeoutMs ?? TIMEOUT_MS, () => {
        socket.destroy(new Error('it does not take the connection'));
      });
      socket.once('error', (cause) => {
        cancel();
        reject(new LvsError('ENGINE_ABSENT', [options.path, cause.message], { cause }));
      });
      socket.once('connect', () => {
        cancel();
        socket.removeAllListeners('error');
        resolve(new EngineClient(socket, options));
      });
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  async hello(): Promise<Hello> {
    return this.#ask('hello', 'hello', [], decodeHello);
  }

  /** The whole list: ports not in it are closed. */
  openPorts(ports: readonly PortOrder[]): Promise<readonly EnginePort[]> {
    return this.#ask('openPorts', 'open ports', [encodePortOrders(ports)], decodePorts, PUBLISH_TIMEOUT_MS);
  }

  publishNetwork(image: Uint8Array): Promise<void> {
    return this.#ask('publishNetwork', 'publish the network', [image], nothing, PUBLISH_TIMEOUT_MS);
  }

  publishServices(image: Uint8Array): Promise<void> {
    return this.#ask('publishServices', 'publish the services', [image], nothing, PUBLISH_TIMEOUT_MS);
  }

  /** The image published last, by whomever; undefined: none was. */
  services(): Promise<Uint8Array | undefined> {
    return this.#ask('services', 'read the services', [], (image) => (image.length === 0 ? undefined : image.slice()));
  }

  counters(): Promise<EngineCounters> {
    return this.#ask('counters', 'read the counters', [], decodeCounters);
  }

  /** JSON of what would become of a frame. */
  explain(port: number, frame: Uint8Array): Promise<string> {
    return this.#ask('explain', 'explain a packet', [encodeExplain(port, frame)], (payload) =>
      new TextDecoder().decode(payload),
    );
  }

  /** From `cursor` on, 0n being the start, at most so many. */
  sessions(cursor: bigint, most: number): Promise<SessionsPage> {
    return this.#ask('sessions', 'list the sessions', [encodeSessionsQuestion(cursor, most)], (payload) =>
      decodeSessionsPage(payload.slice()),
    );
  }

  /** SessionRecord[] of another engine. */
  loadSessions(records: Uint8Array): Promise<{ readonly taken: number; readonly refused: number }> {
    return this.#ask('loadSessions', 'load sessions', [records], decodeLoaded);
  }

  /** By index in the services image, or ALL. How many ended. */
  flush(service: number, destination: number): Promise<number> {
    return this.#ask('flush', 'flush sessions', [encodeFlush(service, destination)], decodeFlushed);
  }

  /** Bits of `topic`: what is told from now on. */
  follow(topics: number): Promise<void> {
    return this.#ask('follow', 'follow the engine', [encodeFollow(topics)], nothing);
  }

  /** Packets come to `onCaptured` from now on; closing the connection ends it. */
  capture(order: CaptureOrder): Promise<void> {
    return this.#ask('capture', 'capture packets', [encodeCapture(order, engineAddress)], nothing);
  }

  /** The engine ends. */
  stop(): Promise<void> {
    return this.#ask('stop', 'stop the engine', [], nothing);
  }

  /** Whoever waits is answered; onEnd is not called for an end of our own. */
  close(): void {
    this.#finish();
    this.#socket.destroy();
  }

  #ask<T>(
    name: RequestName,
    operation: string,
    parts: readonly Uint8Array[],
    read: (payload: Uint8Array) => T,
    timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS,
  ): Promise<T> {
    return new Promise<Uint8Array>((resolve, reject) => {
      if (this.#ended) return reject(new LvsError('ENGINE_LOST', [operation]));
      const id = this.#nextId();
      const cancelDeadline = this.#options.clock.after(timeoutMs, () => {
        this.#waiting.delete(id);
        reject(new LvsError('ENGINE_TIMEOUT', [operation, timeoutMs]));
        this.#options.onLate?.();
      });
      const type = request[name];
      this.#waiting.set(id, { operation, type, resolve, reject, cancelDeadline });
      const payload = parts[0] ?? new Uint8Array(0);
      this.#socket.write(frameHeader({ type, status: 0, id, payload }));
      if (payload.length > 0) this.#socket.write(payload);
    }).then((payload) => {
      try {
        return read(payload);
      } catch (error) {
        if (!(error instanceof BadFrame)) throw error;
        throw new LvsError('ENGINE_MALFORMED', [operation, error.message], { cause: error });
      }
    });
  }

  /** Not 0, which is that of events. */
  #nextId(): number {
    this.#id = this.#id === 0xffff_ffff ? 1 : this.#id + 1;
    return this.#id;
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.#decoder.push(chunk, (frame) => this.#take(frame));
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.#socket.destroy();
      this.#end(error.message);
    }
  }

  #take(frame: Frame): void {
    if (this.#ended) return;
    if (frame.id === 0) return this.#event(frame);
    const waiting = this.#waiting.get(frame.id);
    if (waiting === undefined || waiting.type !== frame.type) {
      this.unexpected++;
      return;
    }
    this.#waiting.delete(frame.id);
    waiting.cancelDeadline();
    if (frame.status === 0) return waiting.resolve(frame.payload);
    const why = new TextDecoder().decode(frame.payload);
    waiting.reject(new LvsError('ENGINE_SAYS_NO', [waiting.operation, why]));
  }

  #event({ type, payload }: Frame): void {
    switch (type) {
      case event.neighbourWanted:
        return this.#options.onWanted?.(decodeWanted(payload));
      case event.portChanged:
        return this.#options.onPort?.(decodePortChanged(payload));
      case event.sessionsChanged:
        return this.#options.onSessions?.(decodeSessionsChanged(payload.slice()));
      case event.captured:
        return this.#options.onCaptured?.(decodeCaptured(payload));
      default:
        this.unexpected++;
    }
  }

  #end(why?: string): void {
    if (this.#ended) return;
    this.#finish(why);
    this.#options.onEnd?.();
  }

  #finish(why?: string): void {
    this.#ended = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { operation, reject, cancelDeadline } of waiting) {
      cancelDeadline();
      reject(
        why === undefined
          ? new LvsError('ENGINE_LOST', [operation])
          : new LvsError('ENGINE_MALFORMED', [operation, why]),
      );
    }
  }
}

const nothing = (): void => undefined;

/** An Address of native/packet/address.h: IPv4 as ::ffff:a.b.c.d. */
export function engineAddress(text: string): Uint8Array {
  const bytes = addressBytes(text);
  if (bytes.length === 16) return bytes;
  const mapped = new Uint8Array(16);
  mapped.fill(0xff, 10, 12);
  mapped.set(bytes, 12);
  return mapped;
}
