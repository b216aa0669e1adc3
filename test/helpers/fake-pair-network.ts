/** A TCP between machines on a fake clock: bytes need a moment, and a cut cable loses them without a word. */
import type { PairNetwork, PairStream } from '../../src/pair/ports.js';
import type { FakeClock } from './fake-clock.js';

const DELAY_MS = 0.25;

export class FakeStream implements PairStream {
  readonly #hub: FakePairHub;
  readonly remote: string;
  /** Everything that was written, for tests that read along. */
  readonly written: string[] = [];
  other: FakeStream | undefined;
  #received: (bytes: Uint8Array) => void = () => undefined;
  #ended: () => void = () => undefined;
  #early: (() => void)[] | undefined = [];
  isClosed = false;
  stuck = 0;

  constructor(hub: FakePairHub, remote: string) {
    this.#hub = hub;
    this.remote = remote;
  }

  write(text: string): void {
    if (this.isClosed) return;
    this.written.push(text);
    this.#carry((other) => other.#received(Buffer.from(text)));
  }
  buffered(): number {
    return this.stuck;
  }
  close(): void {
    if (this.isClosed) return;
    this.#carry((other) => {
      if (!other.isClosed) {
        other.isClosed = true;
        other.#ended();
      }
    });
    this.isClosed = true;
  }
  listen(received: (bytes: Uint8Array) => void, ended: () => void): void {
    this.#received = received;
    this.#ended = ended;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const run of early) this.#hub.clock.after(0, run);
  }

  #carry(arrive: (other: FakeStream) => void): void {
    this.#hub.clock.after(DELAY_MS, () => {
      const { other } = this;
      if (other === undefined || this.#hub.isCut) return;
      const run = (): void => {
        if (!other.isClosed) arrive(other);
      };
      if (other.#early === undefined) run();
      else other.#early.push(run);
    });
  }
}

export class FakePairHub {
  readonly clock: FakeClock;
  readonly #listening = new Map<string, (stream: PairStream) => void>();
  /** Nothing arrives, in either direction. */
  isCut = false;
  /** Both ends of each connection, in order: caller, called. */
  readonly connections: (readonly [FakeStream, FakeStream])[] = [];
  /** Calls that nobody answered. */
  unanswered = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  network(address: string): PairNetwork {
    return {
      listen: ({ port }, accept) => {
        const key = `${address}:${port}`;
        if (this.#listening.has(key)) return Promise.reject(new Error('address in use'));
        this.#listening.set(key, accept);
        return Promise.resolve(() => void this.#listening.delete(key));
      },
      dial: (to) => this.dial(address, `${to.address}:${to.port}`, to.timeoutMs),
    };
  }

  dial(from: string, to: string, timeoutMs = 1000): Promise<FakeStream> {
    return new Promise((resolve, reject) => {
      const accept = this.#listening.get(to);
      if (this.isCut) {
        this.unanswered++;
        this.clock.after(timeoutMs, () => reject(new Error('no answer')));
        return;
      }
      this.clock.after(DELAY_MS, () => {
        if (accept === undefined) {
          this.unanswered++;
          return reject(new Error('connection refused'));
        }
        const caller = new FakeStream(this, to.replace(/:\d+$/, ''));
        const called = new FakeStream(this, from);
        caller.other = called;
        called.other = caller;
        this.connections.push([caller, called]);
        accept(called);
        resolve(caller);
      });
    });
  }
}
