/**
 * netlink/ — datagrams of any netlink family: attribute tables, messages, requests matched to replies.
 * codec: bytes.ts, attributes.ts, message.ts, errno.ts, generic.ts · owner: exchange.ts (sockets come in through a port)
 */
import { LvsError } from '../errors.js';
import { Malformed } from './attributes.js';
import { Growing, type Memory } from './bytes.js';
import { KernelRefusal } from './errno.js';
import { Fifo } from './fifo.js';
import { Inbox } from './inbox.js';
import { type Message, messageFlag, messageType, readVerdict, splitMessages, writeMessage } from './message.js';

/** The port: bytes out, bytes in. The addon's NetlinkHandle is one, a fake kernel is another. */
export interface DatagramSocket {
  /** One datagram to the kernel. Throws { code, syscall }. */
  send(datagram: Uint8Array): void;
  /** Copies waiting datagrams into `into` from `at` on (each at a multiple of four), as many as fit, at least one into MAX_DATAGRAM bytes; says where each ends. undefined: none is waiting. Throws { code: 'ENOBUFS' } when answers were lost. */
  receive(into: Uint8Array, at: number): readonly number[] | undefined;
  watch(onReadable: () => void): void;
  close(): void;
}

/** One question to the kernel. */
export interface Request<T> {
  /** For error messages: `add service`. */
  readonly operation: string;
  /** nlmsg_type, asked for at the moment of sending. */
  readonly type: number;
  /** NLM_F_* beside request and ack. A dump is answered by many messages. */
  readonly flags?: number;
  /** May be asked again if its answer got lost: true for everything that only reads. */
  readonly repeatable: boolean;
  readonly write: (to: Growing) => void;
  /** Reads one answering message's payload; undefined is left out. Throws Malformed. */
  readonly read: (from: Memory, at: number, end: number) => T | undefined;
}

export interface ExchangeOptions {
  /** Arms a deadline; without it the kernel may take for ever. */
  after?(ms: number, run: () => void): () => void;
  readonly timeoutMs?: number;
  /** Milliseconds that never jump; without it nobody else has a turn while the kernel answers at once. */
  now?(): number;
}

interface Waiting {
  readonly request: Request<unknown>;
  readonly resolve: (parts: never[]) => void;
  readonly reject: (error: Error) => void;
  parts: unknown[];
  attempts: number;
  interrupted: boolean;
  cancelDeadline: (() => void) | undefined;
}

/** Messages in one sendmsg: their acks must fit the socket's receive buffer. */
const BATCH = 256;
/** After so long the event loop gets its turn: a table of 10,000 services is read for a second. */
const TURN_MS = 1;
const ATTEMPTS = 8;
const TIMEOUT_MS = 10_000;

/**
 * Requests and their replies. Requests made in one turn of the event loop travel in one sendmsg, in order; replies are matched by
 * sequence number; one dump is under way at a time (the kernel refuses a second with EBUSY). The kernel works inside sendmsg, so
 * answers are fetched right after it and the loop is watched only for what is still missing. Between two datagrams others have their turn when
 * it has been ours for long enough.
 */
export class Exchange {
  readonly #socket: DatagramSocket;
  readonly #options: ExchangeOptions;
  readonly #batch = new Growing(65536);
  readonly #waiting = new Map<number, Waiting>();
  readonly #inbox = new Inbox();
  readonly #queue = new Fifo<Waiting>();
  #sequence = 0;
  #scheduled = false;
  #turnEnd: number | undefined;
  #watching = false;
  #closed = false;
  /** Answers that were refused: not well-formed, or to nothing we asked. */
  readonly refused = { malformed: 0, unexpected: 0, overruns: 0 };

  constructor(socket: DatagramSocket, options: ExchangeOptions = {}) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Rejects with KernelRefusal if the kernel says no, with LvsError NETLINK_* if the answer cannot be had. */
  ask<T>(request: Request<T>): Promise<T[]> {
    return new Promise<T[]>((resolve, reject) => {
      if (this.#closed) return reject(new LvsError('NETLINK_CLOSED', []));
      this.#queue.push({
        request,
        resolve,
        reject,
        parts: [],
        attempts: 0,
        interrupted: false,
        cancelDeadline: undefined,
      });
      this.#schedule();
    });
  }

  /** Whoever waits is answered. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    const abandoned = [...this.#waiting.values(), ...this.#queue.take(this.#queue.length)];
    this.#waiting.clear();
    for (const waiting of abandoned) this.#fail(waiting, new LvsError('NETLINK_CLOSED', []));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    this.#scheduled = false;
    const end = this.#endOfTurn();
    while (this.#drain(end) && this.#queue.length > 0 && !this.#closed) {
      if (this.#now() >= end) return this.#later();
      this.#sendNext();
    }
  }

  #now(): number {
    return this.#options.now?.() ?? 0;
  }

  /** Answers make new questions in the same turn of the event loop: they share its time. */
  #endOfTurn(): number {
    if (this.#turnEnd === undefined) setImmediate(() => (this.#turnEnd = undefined));
    return (this.#turnEnd ??= this.#now() + TURN_MS);
  }

  #later(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#pump());
  }

  /** A dump alone, or as many other requests as fit a batch. */
  #sendNext(): void {
    const dump = isDump(this.#queue.at(0)!.request);
    let count = 1;
    if (!dump) while (count < BATCH && count < this.#queue.length && !isDump(this.#queue.at(count)!.request)) count++;
    const now = this.#queue.take(count);

    this.#batch.clear();
    for (const waiting of now) this.#frame(waiting);
    try {
      this.#socket.send(this.#batch.written());
    } catch (error) {
      for (const [sequence, waiting] of this.#waiting) {
        this.#waiting.delete(sequence);
        this.#fail(waiting, error as Error);
      }
    }
  }

  #frame(waiting: Waiting): void {
    const { request } = waiting;
    const sequence = (this.#sequence = (this.#sequence % 0xffff_ffff) + 1);
    const flags = messageFlag.request | messageFlag.ack | (request.flags ?? 0);
    writeMessage(this.#batch, { type: request.type, flags, sequence }, request.write);
    waiting.attempts++;
    this.#waiting.set(sequence, waiting);
  }

  /** Whether all answers are here; the others are taken when they come, or when it is our turn again. */
  #drain(end: number): boolean {
    while (this.#waiting.size > 0) {
      if (this.#now() >= end) {
        this.#later();
        return false;
      }
      try {
        if (this.#receive()) continue;
        this.#watch();
        return false;
      } catch (error) {
        this.#receiveFailed(error as NodeJS.ErrnoException);
      }
    }
    return true;
  }

  /** Takes what is waiting; false if nothing is. */
  #receive(): boolean {
    return this.#inbox.fill(this.#socket, (from, at, end) => {
      try {
        splitMessages(from, at, end, this.#visit);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        this.refused.malformed++;
      }
    });
  }

  readonly #visit = (message: Message): void => this.#message(message);

  #message(message: Message): void {
    const waiting = this.#waiting.get(message.sequence);
    if (waiting === undefined) {
      this.refused.unexpected++;
      return;
    }
    if ((message.flags & messageFlag.dumpInterrupted) !== 0) waiting.interrupted = true;
    try {
      if (message.type === messageType.error || message.type === messageType.done) {
        const { errno, words } = readVerdict(message);
        this.#answered(message.sequence, waiting, errno, words);
      } else if (message.type > messageType.overrun) {
        const part = waiting.request.read(message.from, message.at, message.end);
        if (part !== undefined) waiting.parts.push(part);
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.refused.malformed++;
      this.#waiting.delete(message.sequence);
      this.#fail(waiting, new LvsError('NETLINK_MALFORMED', [waiting.request.operation, error.message]));
    }
  }

  #answered(sequence: number, waiting: Waiting, errno: number, words: string | undefined): void {
    this.#waiting.delete(sequence);
    if (errno !== 0) return this.#fail(waiting, new KernelRefusal(errno, words));
    if (waiting.interrupted)
      return this.#again(waiting, new LvsError('NETLINK_INTERRUPTED', [waiting.request.operation, ATTEMPTS]));
    waiting.cancelDeadline?.();
    waiting.resolve(waiting.parts as never[]);
  }

  /** ENOBUFS: the kernel had answered, and there was no room. What only reads asks again; what writes must be told. */
  #receiveFailed(error: NodeJS.ErrnoException): void {
    const lost = error.code === 'ENOBUFS';
    if (lost) {
      this.refused.overruns++;
      this.#sweep();
    }
    for (const [sequence, waiting] of this.#waiting) {
      this.#waiting.delete(sequence);
      const failure = lost ? new LvsError('NETLINK_OVERRUN', [waiting.request.operation], { cause: error }) : error;
      if (lost && waiting.request.repeatable) this.#again(waiting, failure);
      else this.#fail(waiting, failure);
    }
  }

  /** Takes what is still in the socket after an overrun. */
  #sweep(): void {
    for (;;) {
      try {
        if (!this.#receive()) return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOBUFS') return;
      }
    }
  }

  #again(waiting: Waiting, failure: Error): void {
    if (waiting.attempts >= ATTEMPTS) return this.#fail(waiting, failure);
    waiting.parts = [];
    waiting.interrupted = false;
    this.#queue.unshift(waiting);
    this.#schedule();
  }

  #watch(): void {
    for (const waiting of this.#waiting.values()) this.#armDeadline(waiting);
    if (this.#watching) return;
    this.#watching = true;
    this.#socket.watch(() => this.#pump());
  }

  #armDeadline(waiting: Waiting): void {
    const ms = this.#options.timeoutMs ?? TIMEOUT_MS;
    waiting.cancelDeadline ??= this.#options.after?.(ms, () => {
      for (const [sequence, other] of this.#waiting) if (other === waiting) this.#waiting.delete(sequence);
      this.#fail(waiting, new LvsError('NETLINK_TIMEOUT', [waiting.request.operation, ms]));
      this.#pump();
    });
  }

  #fail(waiting: Waiting, error: Error): void {
    waiting.cancelDeadline?.();
    waiting.reject(error);
  }
}

const isDump = (request: Request<unknown>): boolean => ((request.flags ?? 0) & messageFlag.dump) === messageFlag.dump;
