import type { Duplex } from 'node:stream';
import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import { BadFrame } from './protocol.js';
import { decodeSync, syncDecoder, type SyncFrame } from './sync-codec.js';
import { helloOf, type SyncLimits } from './sync-machine.js';
import { once } from '../system/once.js';

/** Bytes to the other director and from it, in order: a TLS socket, or whatever a test has. */
export interface SyncStream {
  write(bytes: Uint8Array): void;
  /** Written, but not yet taken over by the system. */
  buffered(): number;
  /** No more bytes come until `resume`. */
  pause(): void;
  resume(): void;
  close(): void;
  /** Once, before anything comes. `ended` is called once at most, not for a close of our own. */
  listen(received: (bytes: Uint8Array) => void, ended: () => void): void;
}

export const streamOf = (duplex: Duplex): SyncStream => ({
  write(bytes) {
    if (!duplex.destroyed) duplex.write(bytes);
  },
  buffered: () => duplex.writableLength,
  pause: () => void duplex.pause(),
  resume: () => void duplex.resume(),
  close: () => void duplex.destroy(),
  listen(received, ended) {
    const end = once(ended);
    duplex.on('data', received);
    duplex.on('error', end);
    duplex.on('end', end);
    duplex.on('close', end);
  },
});

export interface SyncLinkOptions {
  readonly stream: SyncStream;
  readonly clock: Clock;
  readonly limits: SyncLimits;
  /** Who is at the other end, for the sentences. */
  readonly peer: 'sender' | 'receiver';
  /** undefined: a frame that is none of a sync. */
  readonly onFrame: (frame: SyncFrame | undefined) => void;
  readonly onBeat: () => void;
  /** Once, with the reason, and closed by then; not for a close of our own. */
  readonly onEnd: (why: string) => void;
}

/** An end of the connection between two directors: says hello, beats, and reads what a peer sends whom nobody trusts. */
export class SyncLink {
  readonly #options: SyncLinkOptions;
  readonly #timers: Timers<'beat'>;
  readonly #decoder = syncDecoder();
  #isClosed = false;

  constructor(options: SyncLinkOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From now on its events come. */
  open(): void {
    const { stream, limits } = this.#options;
    stream.listen(
      (bytes) => this.#received(bytes),
      () => this.end('the connection ended'),
    );
    stream.write(helloOf(limits));
    this.#beat();
  }

  /** For a reason that is told to our owner. */
  end(why: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.onEnd(why);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timers.disarmAll();
    this.#options.stream.close();
  }

  #received(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#decoder.push(bytes, (frame) => this.#options.onFrame(decodeSync(frame)));
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.end(`what the ${this.#options.peer} sends is no sync`);
    }
  }

  #beat(): void {
    this.#timers.arm('beat', this.#options.limits.beatMs, () => {
      this.#beat();
      this.#options.onBeat();
    });
  }
}
