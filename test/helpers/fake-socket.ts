import { align, Growing, memory } from '../../src/netlink/bytes.js';
import type { DatagramSocket } from '../../src/netlink/exchange.js';
import { type Message, messageType, splitMessages, writeMessage } from '../../src/netlink/message.js';

/** What a fake kernel answers to one request: datagrams, now; or an error that the next receive throws. */
export type Answer = (request: Message) => readonly (Uint8Array | Error)[];

/** A kernel's end of a netlink socket, in memory. Answers are there right after send, or, when `late`, only after deliver(). */
export class FakeSocket implements DatagramSocket {
  readonly sent: Uint8Array[] = [];
  late = false;
  closed = false;
  readonly #answer: Answer;
  #inbox: (Uint8Array | Error)[] = [];
  #held: (Uint8Array | Error)[] = [];
  #onReadable: (() => void) | undefined;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  send(datagram: Uint8Array): void {
    this.sent.push(datagram.slice());
    splitMessages(memory(datagram), 0, datagram.length, (request) => {
      (this.late ? this.#held : this.#inbox).push(...this.#answer(request));
    });
  }

  receive(into: Uint8Array, at: number): readonly number[] | undefined {
    const ends: number[] = [];
    let position = at;
    for (let next = this.#inbox[0]; next !== undefined && !(next instanceof Error); next = this.#inbox[0]) {
      if (next.length > into.length - position) break;
      into.set(next, position);
      ends.push(position + next.length);
      position = align(position + next.length);
      this.#inbox.shift();
    }
    if (ends.length > 0) return ends;
    const first = this.#inbox.shift();
    if (first instanceof Error) throw first;
    return undefined;
  }

  watch(onReadable: () => void): void {
    this.#onReadable = onReadable;
  }

  close(): void {
    this.closed = true;
  }

  /** What was held back arrives. */
  deliver(): void {
    this.#inbox.push(...this.#held);
    this.#held = [];
    this.#onReadable?.();
  }
}

const message = (type: number, flags: number, sequence: number, payload: Uint8Array): Uint8Array => {
  const to = new Growing();
  writeMessage(to, { type, flags, sequence }, () => {
    const at = to.extend(payload.length);
    to.memory.bytes.set(payload, at);
  });
  return to.written().slice();
};

const int32 = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

/** NLMSG_ERROR with its errno (0: an ack), capped as we ask for. */
export const verdict = (request: Message, errno: number): Uint8Array => {
  const payload = new Uint8Array(20);
  payload.set(int32(-errno));
  return message(messageType.error, 0x100, request.sequence, payload);
};

export const part = (request: Message, type: number, payload: Uint8Array, flags = 2): Uint8Array =>
  message(type, flags, request.sequence, payload);

export const done = (request: Message, flags = 2, errno = 0): Uint8Array =>
  message(messageType.done, flags, request.sequence, int32(-errno));

export const lost = (): Error => Object.assign(new Error('ENOBUFS'), { code: 'ENOBUFS' });
