import type { BfdSpeaker } from '../bfd/speaker.js';
import type { Configuration } from '../config/configuration.js';
import type { Outcome } from '../health/check.js';
import type { Follow } from '../health/told.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { SessionsNews } from './bfd-board.js';
import { hasSessionsBeside } from './vrrp-order.js';

export interface BfdSessionsOptions {
  readonly speaker: Pick<BfdSpeaker, 'configure' | 'follow' | 'stop'>;
  /** Asks the process of the virtual addresses what is new; rejects if it is not there. undefined: there is no such process. */
  readonly ask: ((known: number) => Promise<SessionsNews>) | undefined;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
}

/** A process that does not answer is being started, or started again. */
const AGAIN_MS = 200;

/**
 * The BFD sessions of this director's checks. They run here, unless VRRP has sessions, too: then all of them run in the process of the virtual
 * addresses, for BFD's port can have one owner on a machine, and are asked for. While nobody answers, what was known last holds.
 */
export class BfdSessions {
  readonly #options: BfdSessionsOptions;
  readonly #timers: Timers<'again'>;
  readonly #followers = new Map<string, Set<(outcome: Outcome) => void>>();
  #known: SessionsNews = { version: -1, outcomes: {} };
  #isBeside = false;
  #isAsking = false;

  constructor(options: BfdSessionsOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  configure(configuration: Pick<Configuration, 'vrrp' | 'bfd'>): void {
    const { speaker, ask } = this.#options;
    this.#isBeside = ask !== undefined && hasSessionsBeside(configuration);
    speaker.configure(this.#isBeside ? [] : configuration.bfd.filter(({ forCheckers }) => forCheckers));
    if (!this.#isBeside) return this.#leave();
    if (!this.#isAsking) void this.#askOn();
  }

  /** For checks: alive while the session is Up. */
  follow(name: string): Follow {
    return (tell) => {
      const here = this.#options.speaker.follow(name)(tell);
      const follower = (outcome: Outcome): void => tell(outcome);
      const followers = this.#followers.get(name) ?? new Set();
      this.#followers.set(name, followers.add(follower));
      const known = this.#known.outcomes[name];
      if (known !== undefined) tell(known);
      return () => {
        here();
        followers.delete(follower);
      };
    };
  }

  async stop(): Promise<void> {
    this.#isBeside = false;
    this.#leave();
    this.#followers.clear();
    await this.#options.speaker.stop();
  }

  #leave(): void {
    if (this.#timers.isArmed('again')) this.#isAsking = false;
    this.#timers.disarmAll();
    this.#known = { version: -1, outcomes: {} };
  }

  async #askOn(): Promise<void> {
    const { ask } = this.#options;
    this.#isAsking = true;
    try {
      while (this.#isBeside && ask !== undefined) this.#take(await ask(this.#known.version));
    } catch {
      // VrrpKeeper says in the log that it is not there
      if (this.#isBeside) this.#timers.arm('again', AGAIN_MS, () => void this.#askOn());
    } finally {
      this.#isAsking = this.#timers.isArmed('again');
    }
  }

  #take(news: SessionsNews): void {
    if (!this.#isBeside) return;
    const before = this.#known;
    this.#known = news;
    for (const [name, outcome] of Object.entries(news.outcomes)) {
      const last = before.outcomes[name];
      if (last?.is === outcome.is && last.detail === outcome.detail) continue;
      for (const follower of [...(this.#followers.get(name) ?? [])]) follower(outcome);
    }
  }
}
