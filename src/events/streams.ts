import type { Writable } from 'node:stream';
import { LvsError } from '../errors.js';
import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import type { Journal, StreamEvent } from './journal.js';
import { isWanted, type Wants } from './wants.js';

/** What a stream is written to; http's ServerResponse is one. */
export type StreamSink = Pick<Writable, 'write' | 'end' | 'destroy' | 'on'>;

export interface StreamLimits {
  /** Open at the same time. */
  readonly most: number;
  /** Something is said at least so often: who hears nothing for longer has lost the line. */
  readonly heartbeatMs: number;
  /** Without taking a byte that waits for it: the reader is cut off. */
  readonly stallMs: number;
  /** Bytes handed over at once. */
  readonly chunk: number;
}

export const usualStreamLimits: StreamLimits = {
  most: 128,
  heartbeatMs: 15_000,
  stallMs: 30_000,
  chunk: 64 * 1024,
};

/** What a browser waits before it connects again. */
const RETRY_MS = 2000;

/** Readers of the journal, as server-sent events. A reader is a place in the journal, not a queue: who reads slowly costs no memory. */
export class EventStreams {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #limits: StreamLimits;
  readonly #open = new Set<EventStream>();
  #cut = 0;

  constructor(journal: Journal, clock: Clock, limits: StreamLimits = usualStreamLimits) {
    this.#journal = journal;
    this.#clock = clock;
    this.#limits = limits;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Readers that were cut off because they did not read, since the start. */
  get cut(): number {
    return this.#cut;
  }

  /** @throws LvsError EVENTS_FULL */
  mustHaveRoom(): void {
    if (this.#open.size >= this.#limits.most) throw new LvsError('EVENTS_FULL', [this.#limits.most]);
  }

  /**
   * Writes what is behind `after`, and then what comes, until the reader goes. undefined: from now on. Where some of it is not kept any more,
   * an event of type `reset` says so, and all that is kept follows. @throws LvsError EVENTS_FULL
   */
  follow(sink: StreamSink, after: number | undefined, wants: Wants): void {
    this.mustHaveRoom();
    const stream = new EventStream({
      sink,
      journal: this.#journal,
      timers: new Timers(this.#clock),
      limits: this.#limits,
      wants,
      onEnd: (isCut) => {
        this.#open.delete(stream);
        if (isCut) this.#cut++;
      },
    });
    this.#open.add(stream);
    stream.begin(after ?? this.#journal.last);
  }

  /** Ends all of them; whoever comes back says where he was. */
  endAll(): void {
    for (const stream of [...this.#open]) stream.end();
  }
}

interface EventStreamOptions {
  readonly sink: StreamSink;
  readonly journal: Journal;
  readonly timers: Timers<'heartbeat' | 'stall'>;
  readonly limits: StreamLimits;
  readonly wants: Wants;
  readonly onEnd: (isCut: boolean) => void;
}

/** One reader. */
class EventStream {
  readonly #in: EventStreamOptions;
  readonly #unsubscribe: () => void;
  /** Number of the last event that was looked at. */
  #at = 0;
  #isFull = false;
  #isOver = false;

  constructor(options: EventStreamOptions) {
    this.#in = options;
    const { sink, journal } = options;
    sink.on('drain', () => this.#drained());
    sink.on('close', () => this.#over(false));
    sink.on('error', () => this.#over(false));
    this.#unsubscribe = journal.subscribe(() => this.#send());
  }

  begin(after: number): void {
    const { journal } = this.#in;
    this.#at = after;
    let first = `retry: ${RETRY_MS}\n\n`;
    if (journal.after(after, 0) === 'gone') {
      this.#at = 0;
      first += `event: reset\ndata: ${JSON.stringify({ after, oldest: journal.oldest ?? null, last: journal.last })}\n\n`;
    }
    this.#write(first);
    this.#send();
    this.#beat();
  }

  end(): void {
    this.#in.sink.end();
    this.#over(false);
  }

  /** As much as the reader takes now. */
  #send(): void {
    const { journal, wants, limits } = this.#in;
    while (!this.#isFull && !this.#isOver) {
      const events = journal.after(this.#at, BATCH);
      if (events === 'gone') return this.#cut(); // so far behind that what comes next is not kept
      if (events.length === 0) return;
      let chunk = '';
      for (const one of events) {
        this.#at = one.id;
        if (isWanted(wants, one)) chunk += frameOf(one);
        if (chunk.length >= limits.chunk) break;
      }
      if (chunk !== '') this.#write(chunk);
    }
  }

  #write(text: string): void {
    const { sink, timers, limits } = this.#in;
    if (sink.write(text) || this.#isOver) return;
    this.#isFull = true;
    timers.arm('stall', limits.stallMs, () => this.#cut());
  }

  #drained(): void {
    if (this.#isOver) return;
    this.#isFull = false;
    this.#in.timers.disarm('stall');
    this.#send();
  }

  /** A number without data: the reader remembers it, and comes back to that place although nothing that he wants happened since. */
  #beat(): void {
    if (this.#isOver) return; // it was gone when it began
    const { timers, limits } = this.#in;
    timers.arm('heartbeat', limits.heartbeatMs, () => {
      if (!this.#isFull) this.#write(this.#at === 0 ? ':\n\n' : `id: ${this.#at}\n\n`);
      this.#beat();
    });
  }

  #cut(): void {
    this.#in.sink.destroy();
    this.#over(true);
  }

  #over(isCut: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unsubscribe();
    this.#in.timers.disarmAll();
    this.#in.onEnd(isCut);
  }
}

/** Events looked at before the reader is asked again whether he takes more. */
const BATCH = 256;

/** The text is JSON on one line, so it needs no further care. */
const frameOf = ({ id, text }: StreamEvent): string => `id: ${id}\ndata: ${text}\n\n`;
