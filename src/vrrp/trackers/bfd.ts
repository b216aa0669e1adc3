import type { Cancel } from '../../system/clock.js';
import type { Observed } from '../priority.js';

/** Tells whether a session is up, as soon as that is known and at each change. A session that had no time yet to come up is not known. */
export type FollowSession = (name: string, tell: (isUp: boolean) => void) => Cancel;

/** track_bfd. */
export class BfdTracker {
  readonly #unfollow: Cancel;
  #isUp: boolean | undefined;

  constructor(name: string, follow: FollowSession, changed: () => void) {
    this.#unfollow = follow(name, (isUp) => {
      if (isUp === this.#isUp) return;
      this.#isUp = isUp;
      changed();
    });
  }

  get observed(): Observed {
    return this.#isUp === undefined ? 'unknown' : { good: this.#isUp };
  }

  stop(): void {
    this.#unfollow();
  }
}
