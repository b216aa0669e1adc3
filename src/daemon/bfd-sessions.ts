import type { BfdSpeaker } from '../bfd/speaker.js';
import type { Configuration } from '../config/configuration.js';
import type { Outcome } from '../health/check.js';
import type { Follow } from '../health/told.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import type { BoardNews } from './board.js';
import { NewsFollower } from './news-follower.js';
import { hasSessionsBeside } from './vrrp-order.js';

export interface BfdSessionsOptions {
  readonly speaker: Pick<BfdSpeaker, 'configure' | 'follow' | 'stop'>;
  /** Asks the process of the virtual addresses what is new; rejects if it is not there. undefined: there is no such process. */
  readonly ask: ((known: number) => Promise<BoardNews<Outcome>>) | undefined;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
}

/**
 * The BFD sessions of this director's checks. They run here, unless VRRP has sessions, too: then all of them run in the process of the virtual
 * addresses, for BFD's port can have one owner on a machine, and are asked for. While nobody answers, what was known last holds.
 */
export class BfdSessions {
  readonly #options: BfdSessionsOptions;
  readonly #beside: NewsFollower<Outcome>;
  readonly #followers = new Map<string, Set<(outcome: Outcome) => void>>();
  #known: BoardNews<Outcome>['known'] = {};

  constructor(options: BfdSessionsOptions) {
    this.#options = options;
    const { ask, clock } = options;
    this.#beside = new NewsFollower({
      clock,
      ask: (known) => ask?.(known) ?? Promise.reject(new Error('nobody has sessions')),
      take: (known) => this.#take(known),
    });
  }

  configure(configuration: Pick<Configuration, 'vrrp' | 'bfd'>): void {
    const { speaker, ask } = this.#options;
    const isBeside = ask !== undefined && hasSessionsBeside(configuration);
    speaker.configure(isBeside ? [] : configuration.bfd.filter(({ forCheckers }) => forCheckers));
    if (isBeside) this.#beside.follow();
    else this.#leave();
  }

  /** For checks: alive while the session is Up. */
  follow(name: string): Follow {
    return (tell) => {
      const here = this.#options.speaker.follow(name)(tell);
      const follower = (outcome: Outcome): void => tell(outcome);
      const followers = this.#followers.get(name) ?? new Set();
      this.#followers.set(name, followers.add(follower));
      const known = this.#known[name];
      if (known !== undefined) tell(known);
      return () => {
        here();
        followers.delete(follower);
      };
    };
  }

  async stop(): Promise<void> {
    this.#leave();
    this.#followers.clear();
    await this.#options.speaker.stop();
  }

  #leave(): void {
    this.#beside.leave();
    this.#known = {};
  }

  #take(known: BoardNews<Outcome>['known']): void {
    const before = this.#known;
    this.#known = known;
    for (const [name, outcome] of Object.entries(known)) {
      const last = before[name];
      if (last?.is === outcome.is && last.detail === outcome.detail) continue;
      for (const follower of [...(this.#followers.get(name) ?? [])]) follower(outcome);
    }
  }
}
