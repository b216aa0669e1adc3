import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import type { BoardNews } from './board.js';

export interface NewsFollowerOptions<Known> {
  /** Answers when there is something new; rejects if the process is not there. */
  readonly ask: (version: number) => Promise<BoardNews<Known>>;
  readonly take: (known: BoardNews<Known>['known']) => void;
  readonly clock: Clock;
}

/** A process that does not answer is being started, or started again. */
const AGAIN_MS = 200;
/** A version that no board has. */
const NOTHING = -1;

/** What another process knows, as soon as it does, from `follow` to `leave`. While it does not answer, what was known last holds. */
export class NewsFollower<Known> {
  readonly #options: NewsFollowerOptions<Known>;
  readonly #timers: Timers<'again'>;
  #news: BoardNews<Known> | undefined;
  #isWanted = false;
  #isAsking = false;

  constructor(options: NewsFollowerOptions<Known>) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** What is known is told soon, also if it was told before `leave`. */
  follow(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    if (!this.#isAsking) {
      this.#news = undefined;
      void this.#askOn();
    } else if (this.#news !== undefined) this.#options.take(this.#news.known); // no answer yet: it still holds
  }

  /** Nothing is told any more. */
  leave(): void {
    this.#isWanted = false;
    if (this.#timers.isArmed('again')) this.#isAsking = false;
    this.#timers.disarmAll();
  }

  async #askOn(): Promise<void> {
    const { ask } = this.#options;
    this.#isAsking = true;
    try {
      while (this.#isWanted) this.#take(await ask(this.#news?.version ?? NOTHING));
    } catch {
      // VrrpKeeper says in the log that it is not there
      if (this.#isWanted) this.#timers.arm('again', AGAIN_MS, () => void this.#askOn());
    } finally {
      this.#isAsking = this.#timers.isArmed('again');
    }
  }

  #take(news: BoardNews<Known>): void {
    if (!this.#isWanted) return;
    this.#news = news;
    this.#options.take(news.known);
  }
}
