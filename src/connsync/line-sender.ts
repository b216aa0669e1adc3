import { failed, type LineStream } from './line-stream.js';
import type { MessageOut } from './replay.js';

/** Bytes of messages in a line, and lines that are not yet confirmed. */
const LINE_BYTES = 48 * 1024;
const MOST_UNCONFIRMED = 8;

/** Messages in lines, a few of them on their way. */
export class LineSender implements MessageOut {
  readonly #stream: LineStream;
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #said = 0;
  #taken = 0;

  constructor(stream: LineStream) {
    this.#stream = stream;
  }

  async send(message: Uint8Array): Promise<void> {
    this.#messages.push(message);
    this.#bytes += message.length;
    if (this.#bytes >= LINE_BYTES) await this.#say();
  }

  async finish(): Promise<void> {
    if (this.#messages.length > 0) await this.#say();
    while (this.#taken < this.#said) await this.#confirm();
  }

  beat(): Promise<void> {
    return this.#stream.beat();
  }

  async #say(): Promise<void> {
    while (this.#said - this.#taken >= MOST_UNCONFIRMED) await this.#confirm();
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    await this.#stream.say({ kind: 'messages', number: ++this.#said, messages });
  }

  async #confirm(): Promise<void> {
    const { number } = await this.#stream.hearOnly('taken');
    if (number !== this.#taken + 1)
      throw failed(`the other director confirms ${number}, where ${this.#taken + 1} was due`);
    this.#taken = number;
  }
}
