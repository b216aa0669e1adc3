import type { TrackFile } from '../../config/vrrp/vrrp.js';
import type { Cancel } from '../../system/clock.js';
import type { Observed } from '../priority.js';

/** Tells the number in a file as soon as it is known, and whenever it is another one. A file that is not there, or says no number, says 0. */
export type FollowNumber = (path: string, tell: (value: number) => void) => Cancel;

/** track_file: the number it says. What it means for a priority is the tracking instance's business. */
export class FileTracker {
  readonly settings: Pick<TrackFile, 'path'>;
  readonly #unfollow: Cancel;
  #value: number | undefined;

  /** @param before what was known under other settings of the same name */
  constructor(settings: Pick<TrackFile, 'path'>, follow: FollowNumber, changed: () => void, before?: FileTracker) {
    this.settings = settings;
    this.#value = before === undefined ? undefined : before.#value;
    this.#unfollow = follow(settings.path, (value) => {
      if (value === this.#value) return;
      this.#value = value;
      changed();
    });
  }

  get observed(): Observed {
    return this.#value === undefined ? 'unknown' : { value: this.#value };
  }

  stop(): void {
    this.#unfollow();
  }
}
