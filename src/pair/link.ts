import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import { decodeHello, encodeHello, type End, type Hello, LineReader, Seal } from './codec.js';
import type { Message } from './messages.js';
import type { PairStream } from './ports.js';

export interface PairLinkOptions {
  readonly stream: PairStream;
  readonly end: End;
  readonly ours: Hello;
  readonly secret: Uint8Array;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** The other side has proved its key. */
  readonly onOpen: (peerId: string) => void;
  readonly onMessage: (message: Message) => void;
  /** Once; not for a close of our own. `refused`: somebody is there whom we do not trust. */
  readonly onEnd: (why: string, refused: boolean) => void;
}

/** From the connection to the proof. */
const PROOF_MS = 2000;
/** Who does not read so much has stopped. */
const MOST_BUFFERED = 8 * 2 ** 20;

/** One connection of the pair: hello, proof, signed lines. Until the proof the other end is a stranger. */
export class PairLink {
  readonly #options: PairLinkOptions;
  readonly #timers: Timers<'proof'>;
  readonly #reader = new LineReader();
  #theirs: { readonly hello: Hello; readonly seal: Seal } | undefined;
  #seal: Seal | undefined;
  #isOpen = false;
  #isClosed = false;

  constructor(options: PairLinkOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    const { stream, ours } = options;
    this.#timers.arm('proof', PROOF_MS, () => this.#end('it did not prove a key in time', true));
    stream.write(encodeHello(ours));
    stream.listen(
      (bytes) => this.#received(bytes),
      () => this.#end('the connection ended', false),
    );
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(message: Message): void {
    if (this.#isClosed || this.#seal === undefined) return;
    if (this.#options.stream.buffered() > MOST_BUFFERED) return this.#end('it does not read what we say', false);
    this.#options.stream.write(this.#seal.sign(message));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timers.disarmAll();
    this.#options.stream.close();
  }

  #end(why: string, refused: boolean): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.onEnd(why, refused);
  }

  #received(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const fits = this.#reader.push(bytes, (line) => {
      if (!this.#isClosed) this.#take(line);
    });
    if (!fits) this.#end('a line of it is too long', !this.#isOpen);
  }

  #take(line: string): void {
    if (this.#theirs === undefined) return this.#greet(line);
    const message = this.#theirs.seal.open(line);
    if (typeof message === 'string') return this.#end(message, true);
    if (this.#isOpen) return this.#options.onMessage(message);
    this.#isOpen = true;
    this.#timers.disarm('proof');
    this.#reader.trust();
    this.#options.onOpen(this.#theirs.hello.id);
  }

  #greet(line: string): void {
    const { end, ours, secret } = this.#options;
    const hello = decodeHello(line);
    if (typeof hello === 'string') return this.#end(hello, true);
    if (hello.nonce === ours.nonce || hello.id === ours.id) return this.#end('it is ourselves', true);
    const nonces =
      end === 'caller' ? { caller: ours.nonce, called: hello.nonce } : { caller: hello.nonce, called: ours.nonce };
    this.#seal = new Seal(secret, end, nonces);
    this.#theirs = { hello, seal: new Seal(secret, end === 'caller' ? 'called' : 'caller', nonces) };
    this.send({ is: 'proof' });
  }
}
