import type { Cancel } from '../system/clock.js';

interface Armed {
  readonly atMs: number;
  /** Of equal moments, the one that was armed first runs first. */
  readonly turn: number;
  readonly run: () => void;
  isCancelled: boolean;
}

const isBefore = (a: Armed, b: Armed): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn);

/** Any number of timers over one alarm, which is set to the earliest of them. */
export class MomentTimers {
  /** A binary heap: the earliest in front. Cancelled ones stay until they come to the front. */
  readonly #heap: Armed[] = [];
  readonly #setAlarm: (atMs: number | undefined) => void;
  #alarmMs: number | undefined;
  #turn = 0;

  constructor(setAlarm: (atMs: number | undefined) => void) {
    this.#setAlarm = setAlarm;
  }

  at(atMs: number, run: () => void): Cancel {
    const armed: Armed = { atMs, turn: this.#turn++, run, isCancelled: false };
    this.#push(armed);
    this.#align();
    return () => {
      if (armed.isCancelled) return;
      armed.isCancelled = true;
      this.#align();
    };
  }

  /** The alarm rang. Runs what is due, in order; what those arm waits for the next ring, so that nobody starves the loop. */
  ring(nowMs: number): void {
    this.#alarmMs = undefined;
    const newest = this.#turn;
    try {
      for (let first = this.#first(); first !== undefined; first = this.#first()) {
        if (first.atMs > nowMs || first.turn >= newest) return;
        this.#pop();
        first.isCancelled = true; // to cancel it now changes nothing
        first.run();
      }
    } finally {
      this.#align();
    }
  }

  cancelAll(): void {
    this.#heap.length = 0;
    this.#align();
  }

  #align(): void {
    const atMs = this.#first()?.atMs;
    if (atMs === this.#alarmMs) return;
    this.#alarmMs = atMs;
    this.#setAlarm(atMs);
  }

  #first(): Armed | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#pop();
    return this.#heap[0];
  }

  #push(armed: Armed): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(armed, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = armed;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
