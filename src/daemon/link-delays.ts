import type { LinkDelay } from '../config/static/statics.js';
import type { Cancel, Clock } from '../system/clock.js';

interface Seen {
  counts: boolean;
  waiting: { readonly for: boolean; readonly cancel: Cancel } | undefined;
}

/** interface_up_down_delays: a link counts as up or down when it has been so for long enough. The first state counts at once. */
export class LinkDelays {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #onChange: () => void;
  readonly #seen = new Map<string, Seen>();
  #delays: ReadonlyMap<string, LinkDelay> = new Map();

  constructor(clock: Pick<Clock, 'after'>, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  follow(delays: readonly LinkDelay[]): void {
    this.#delays = new Map(delays.map((delay) => [delay.interface, delay]));
    for (const [name, seen] of this.#seen) {
      if (this.#delays.has(name)) continue;
      seen.waiting?.cancel();
      this.#seen.delete(name);
    }
  }

  /** What is told of a link that is so now. */
  running(name: string, isRunning: boolean): boolean {
    const delay = this.#delays.get(name);
    if (delay === undefined) return isRunning;
    let seen = this.#seen.get(name);
    if (seen === undefined) {
      seen = { counts: isRunning, waiting: undefined };
      this.#seen.set(name, seen);
    }
    this.#wait(seen, isRunning, 1000 * (isRunning ? delay.upSeconds : delay.downSeconds));
    return seen.counts;
  }

  close(): void {
    for (const { waiting } of this.#seen.values()) waiting?.cancel();
    this.#seen.clear();
  }

  #wait(seen: Seen, isRunning: boolean, ms: number): void {
    if (seen.waiting?.for === isRunning) return;
    seen.waiting?.cancel();
    seen.waiting = undefined;
    if (seen.counts === isRunning) return;
    if (ms === 0) {
      seen.counts = isRunning;
      return;
    }
    const cancel = this.#clock.after(ms, () => {
      seen.waiting = undefined;
      seen.counts = isRunning;
      this.#onChange();
    });
    seen.waiting = { for: isRunning, cancel };
  }
}
