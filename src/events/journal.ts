/**
 * events/ — what happened, in order, for whoever asks later or waits for more.
 * journal.ts: numbers what the log is told and keeps the last of it · wants.ts: who wants which · streams.ts: readers that follow ·
 * journalled-log.ts: the log as its source · webhook*.ts: programs that are called.
 */
import type { LogEvent, LogLevel } from '../system/log.js';

/** One event of the journal. */
export interface StreamEvent {
  /** Greater than those of all events before, also over a restart. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  readonly level: LogLevel;
  /** All of it as JSON: `id`, `at`, `event`, `level`, and the fields of the event. Without a line break. */
  readonly text: string;
}

/** Where events outlive the process. Both may throw; then the journal goes on without it. */
export interface JournalFile {
  /** What was appended last, the older lines first; the first and the last may be torn. */
  read(): readonly string[];
  append(lines: readonly string[]): void;
}

export interface JournalOptions {
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** Events that are kept at most. */
  readonly most?: number;
  /** Characters of all that are kept, at most. */
  readonly longest?: number;
  /** It cannot be kept in its file any more; said once. */
  readonly onTrouble?: (operation: 'read' | 'write', error: unknown) => void;
}

/**
 * A life's first number is the second it began times this: greater than all that the lives before can have given, also those that they could
 * not write down.
 */
const PER_SECOND = 1_000_000;
const MOST = 10_000;
const LONGEST = 16 * 1024 * 1024;

/**
 * Numbers events and keeps the last ones. An event is in the file before anybody is told of it, so that no number means two things. It begins
 * with `open`: what comes before waits.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #most: number;
  readonly #longest: number;
  #kept: StreamEvent[] = [];
  /** Events at the beginning of `#kept` that are gone: cut off now and then, not each time. */
  #gone = 0;
  #length = 0;
  #last = 0;
  #waiting: { readonly at: number; readonly level: LogLevel; readonly event: LogEvent }[] = [];
  #isDue = false;
  #file: JournalFile | undefined;
  #isOpen = false;
  readonly #subscribers = new Set<(events: readonly StreamEvent[]) => void>();

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#most = options.most ?? MOST;
    this.#longest = options.longest ?? LONGEST;
  }

  /** With what the file has of before. */
  open(file?: JournalFile): void {
    this.#file = file;
    try {
      for (const line of file?.read() ?? []) {
        const one = eventOf(line);
        if (one !== undefined && one.id > this.#last) this.#keep(one);
      }
    } catch (error) {
      this.#file = undefined; // what cannot be read is not written over
      this.#options.onTrouble?.('read', error);
    }
    this.#last = Math.max(this.#last, Math.floor(this.#options.wallMs() / 1000) * PER_SECOND);
    this.#isOpen = true;
    this.flush();
  }

  /** The number of the latest event; of what will come all are greater. */
  get last(): number {
    return this.#last;
  }

  /** The number of the oldest one that is kept; undefined: there is none. */
  get oldest(): number | undefined {
    return this.#kept[this.#gone]?.id;
  }

  /** Whoever is told of it is told in this turn of the event loop. */
  add(level: LogLevel, event: LogEvent, at = this.#options.wallMs()): void {
    this.#waiting.push({ at, level, event });
    if (level === 'error') return this.flush(); // we may be about to end
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.flush());
  }

  /** Writes and tells what waits. */
  flush(): void {
    this.#isDue = false;
    if (!this.#isOpen || this.#waiting.length === 0) return;
    const events = this.#waiting.splice(0).map(({ at, level, event }): StreamEvent => {
      const head = { id: ++this.#last, at, event: event.event, level };
      return { ...head, text: textOf({ ...head, ...event, ...head }) };
    });
    try {
      this.#file?.append(events.map(({ text }) => text));
    } catch (error) {
      this.#file = undefined;
      this.#options.onTrouble?.('write', error);
    }
    for (const one of events) this.#keep(one);
    for (const tell of [...this.#subscribers]) tell(events);
  }

  /**
   * At most `most` events behind number `id`. 'gone': some of them are not kept any more, or the number is not of this journal; 0 is in front of
   * whatever is kept.
   */
  after(id: number, most = Infinity): readonly StreamEvent[] | 'gone' {
    const { oldest } = this;
    if (id > this.#last || (id !== 0 && id < this.#before(oldest))) return 'gone';
    const from = this.#placeBehind(id);
    return this.#kept.slice(from, Math.min(from + most, this.#kept.length));
  }

  /** From now on, in order; those that came together are told together. @returns what ends it */
  subscribe(on: (events: readonly StreamEvent[]) => void): () => void {
    this.#subscribers.add(on);
    return () => void this.#subscribers.delete(on);
  }

  /** One is kept, however long it is. */
  get #isTooMuch(): boolean {
    const count = this.#kept.length - this.#gone;
    return count > this.#most || (count > 1 && this.#length > this.#longest);
  }

  /** The greatest number whose followers are all kept. */
  #before(oldest: number | undefined): number {
    return oldest === undefined ? this.#last : oldest - 1;
  }

  /** In `#kept`, whose numbers grow: binary search. */
  #placeBehind(id: number): number {
    let [low, high] = [this.#gone, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#kept[middle]!.id <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #keep(event: StreamEvent): void {
    this.#last = event.id;
    this.#kept.push(event);
    this.#length += event.text.length;
    while (this.#isTooMuch) this.#length -= this.#kept[this.#gone++]!.text.length;
    if (this.#gone <= this.#kept.length / 2) return;
    this.#kept = this.#kept.slice(this.#gone);
    this.#gone = 0;
  }
}

/** As JSON, whatever a field is. */
function textOf(event: object): string {
  try {
    return JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  } catch {
    return JSON.stringify(Object.fromEntries(Object.entries(event).filter(([, value]) => typeof value !== 'object')));
  }
}

const LEVELS: readonly unknown[] = ['debug', 'info', 'warn', 'error'] satisfies readonly LogLevel[];

/** undefined: the line is torn, or of somebody else. */
function eventOf(text: string): StreamEvent | undefined {
  try {
    const { id, at, event, level } = JSON.parse(text) as Readonly<Partial<Record<string, unknown>>>;
    const fits = Number.isSafeInteger(id) && typeof at === 'number' && typeof event === 'string';
    return fits && LEVELS.includes(level) ? { id: id as number, at, event, level: level as LogLevel, text } : undefined;
  } catch {
    return undefined;
  }
}
