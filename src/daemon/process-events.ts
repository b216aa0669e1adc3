import { Journal, type StreamEvent } from '../events/journal.js';
import { isLvsError } from '../errors.js';
import type { Clock } from '../system/clock.js';
import type { LogEvent, LogLevel } from '../system/log.js';
import { Timers } from '../system/timers.js';

/** What one process tells the director of its events, as data. */
export interface EventsNews {
  /** Of the last one that is told here: what is asked for next is behind it. */
  readonly known: number;
  readonly events: readonly ToldEvent[];
}

export type ToldEvent = LogEvent & { readonly id: number; readonly at: number; readonly level: LogLevel };

/** Events that wait for a director who is away. */
const KEPT = 1000;
/** In one answer. */
const MOST = 100;
/** Whoever asks is answered so soon though nothing has happened: then it is known that somebody is there. */
const LONGEST_MS = 10_000;

/** In `lvsd vrrp` and `lvsd sync`: what happened there, for the director, who asks again and again. */
export class EventsBoard {
  readonly journal: Journal;
  readonly #timers: Timers<'longest'>;
  #waiting: (() => void)[] = [];

  constructor(clock: Pick<Clock, 'now' | 'after'>, wallMs: () => number) {
    this.journal = new Journal({ wallMs, most: KEPT });
    this.journal.open();
    this.journal.subscribe(() => this.#wake());
    this.#timers = new Timers(clock);
  }

  /** Behind `known`, as soon as there is something. Where that is not kept any more, whatever is. */
  async since(known: number): Promise<EventsNews> {
    this.journal.flush();
    if (this.#behind(known).length === 0)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        if (!this.#timers.isArmed('longest')) this.#timers.arm('longest', LONGEST_MS, () => this.#wake());
      });
    const events = this.#behind(known);
    return {
      known: events.at(-1)?.id ?? this.journal.last,
      events: events.map(({ text }) => JSON.parse(text) as ToldEvent),
    };
  }

  /** Nobody is kept waiting. */
  close(): void {
    this.#wake();
  }

  #behind(known: number): readonly StreamEvent[] {
    const events = this.journal.after(known, MOST);
    if (events !== 'gone') return events;
    const kept = this.journal.after(0, MOST);
    return kept === 'gone' ? [] : kept;
  }

  #wake(): void {
    this.#timers.disarm('longest');
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export interface EventsFollowerOptions {
  /** Of the process: `vrrp`. */
  readonly process: string;
  /** Answers when there is something new; rejects if the process is not there. */
  readonly ask: (known: number) => Promise<EventsNews>;
  readonly journal: Pick<Journal, 'add' | 'after'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
}

/** A process that does not answer is being started, or there is none. */
const AGAIN_MS = 1000;
/** One of an older lvsd, which lives on and knows no events. */
const REFUSED_MS = 60_000;

/** In the director: the events of another process go into its journal, each once, also those of the time while we were away. */
export class EventsFollower {
  readonly #options: EventsFollowerOptions;
  readonly #timers: Timers<'again'>;
  #known: number;
  #isClosed = false;

  constructor(options: EventsFollowerOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#known = lastOf(options.journal, options.process);
  }

  open(): void {
    void this.#askOn();
  }

  close(): void {
    this.#isClosed = true;
    this.#timers.disarmAll();
  }

  async #askOn(): Promise<void> {
    try {
      while (!this.#isClosed) this.#take(await this.#options.ask(this.#known));
    } catch (error) {
      if (this.#isClosed) return;
      const pause = isLvsError(error, 'DIRECTOR_SAYS_NO') ? REFUSED_MS : AGAIN_MS;
      this.#timers.arm('again', pause, () => void this.#askOn());
    }
  }

  #take({ known, events }: EventsNews): void {
    if (this.#isClosed) return;
    this.#known = known;
    for (const { id, at, level, ...event } of events)
      this.#options.journal.add(
        level,
        { ...event, event: event.event, process: this.#options.process, number: id },
        at,
      );
  }
}

/** The number of the last event of this process that the journal has; 0: none. */
function lastOf(journal: Pick<Journal, 'after'>, process: string): number {
  const kept = journal.after(0);
  const last =
    kept === 'gone' ? undefined : kept.findLast(({ text }) => text.includes(`"process":"${process}","number":`));
  const { number } = last === undefined ? {} : (JSON.parse(last.text) as { readonly number?: unknown });
  return typeof number === 'number' ? number : 0;
}
