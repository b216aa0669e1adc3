import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { Destination, Dialer, HangUp } from '../health/ports.js';
import { addon, type ConnectorHandle } from './addon.js';

type Failure = NodeJS.ErrnoException;

/** A call that waits for its handshake. */
interface Call {
  readonly to: Destination;
  /** With the descriptor of a connection that is kept. */
  readonly answer: (error: Failure | undefined, descriptor: number) => void;
  /** undefined: the kernel has decided, or refused to begin. */
  slot: number | undefined;
  isOver: boolean;
}

/** How many decisions are taken over at once, and the numbers of each: slot, errno, descriptor. */
const BATCH = 256;
const NUMBERS = 3;

/**
 * TCP connections of the native connector: a knock costs no JavaScript object but its call, and everything that is decided in
 * one turn of the event loop comes in one wake-up.
 */
class NativeDialer implements Dialer {
  readonly #calls: (Call | undefined)[] = [];
  readonly #decided = new Int32Array(NUMBERS * BATCH);
  #handle: ConnectorHandle | undefined;

  knock(to: Destination, done: (error: Failure | undefined) => void): HangUp {
    return this.#call(false, to, done);
  }

  dial(to: Destination, done: (result: Socket | Failure) => void): HangUp {
    return this.#call(true, to, (error, descriptor) => done(error ?? socketOf(descriptor)));
  }

  #call(keep: boolean, to: Destination, answer: Call['answer']): HangUp {
    const call: Call = { to, answer, slot: undefined, isOver: false };
    try {
      const { address, port, bindAddress = '', bindPort = 0, bindInterface = '', mark } = to;
      const slot = this.#connector().start(keep, address, port, bindAddress, bindPort, bindInterface, mark);
      call.slot = slot;
      this.#calls[slot] = call;
    } catch (error) {
      setImmediate(() => settle(call, error as Failure, -1)); // a turn later: who tries again at once starves nobody
    }
    return () => this.#hangUp(call);
  }

  #hangUp(call: Call): void {
    call.isOver = true;
    if (call.slot === undefined) return;
    this.#handle?.cancel(call.slot);
    this.#calls[call.slot] = undefined;
    call.slot = undefined;
  }

  #connector(): ConnectorHandle {
    if (this.#handle !== undefined) return this.#handle;
    const { ConnectorHandle } = addon();
    this.#handle = new ConnectorHandle();
    this.#handle.watch(() => this.#collect());
    return this.#handle;
  }

  /** All calls are taken out before the first is answered: an answer may begin another, which gets a slot that has become free. */
  #collect(): void {
    const decided = this.#decided;
    const count = this.#handle?.collect(decided) ?? 0;
    const answers: [call: Call | undefined, error: Failure | undefined, descriptor: number][] = [];
    for (let i = 0; i < NUMBERS * count; i += NUMBERS) {
      const slot = decided[i]!;
      const errno = decided[i + 1]!;
      const call = this.#calls[slot];
      this.#calls[slot] = undefined;
      if (call !== undefined) call.slot = undefined;
      answers.push([call, errno === 0 || call === undefined ? undefined : failureOf(errno, call.to), decided[i + 2]!]);
    }
    for (const [call, error, descriptor] of answers) settle(call, error, descriptor);
  }
}

/** Nobody is left to take the descriptor of a call that was hung up meanwhile. */
function settle(call: Call | undefined, error: Failure | undefined, descriptor: number): void {
  if (call === undefined || call.isOver) {
    if (descriptor >= 0) closeSync(descriptor);
    return;
  }
  call.isOver = true;
  call.answer(error, descriptor);
}

function socketOf(descriptor: number): Socket | Failure {
  try {
    return new Socket({ fd: descriptor, readable: true, writable: true });
  } catch (error) {
    closeSync(descriptor);
    return error as Failure;
  }
}

/** As Node's own: `connect ECONNREFUSED 192.0.2.1:80`. */
function failureOf(errno: number, { address, port }: Destination): Failure {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`connect ${code} ${address}:${port}`), { code, errno: -errno, syscall: 'connect' });
}

/** Opened at the first call. */
export const openDialer = (): Dialer => new NativeDialer();
