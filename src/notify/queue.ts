/** One piece of work of an object. It never rejects; `signal` cuts it short. */
export type Job = (signal: AbortSignal) => Promise<void>;

export interface LanesOptions {
  /** Jobs of different objects that run at once. */
  readonly atOnce: number;
  /** So many jobs of one object wait; told each time as many more have come. */
  readonly backlog: number;
  readonly onBacklog: (object: string, waiting: number) => void;
}

/**
 * A lane per object: its jobs run in the order they came, one at a time, each once. Objects do not wait for each other, but for a
 * free place among `atOnce`; they get it in turn, so that one with many jobs keeps nobody waiting.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #waiting = new Map<string, Job[]>();
  /** Objects with work and none under way, in the order of their turns. */
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  #cut = new AbortController();
  #idle: (() => void)[] = [];

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  post(object: string, job: Job): void {
    const lane = this.#waiting.get(object);
    if (lane === undefined) this.#waiting.set(object, [job]);
    else {
      lane.push(job);
      if (lane.length % this.#options.backlog === 0) this.#options.onBacklog(object, lane.length);
    }
    if (!this.#running.has(object)) this.#ready.add(object);
    this.#start();
  }

  /** Nothing of it waits or runs. */
  isIdle(object: string): boolean {
    return !this.#waiting.has(object) && !this.#running.has(object);
  }

  /** Resolves when nothing waits and nothing runs. */
  drained(): Promise<void> {
    if (this.#running.size === 0 && this.#ready.size === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#idle.push(resolve));
  }

  /** Drops what waits and cuts short what runs; resolves when that has ended, with the objects and how many of their jobs were dropped. */
  async cut(): Promise<ReadonlyMap<string, number>> {
    const dropped = new Map([...this.#waiting].map(([object, lane]) => [object, lane.length]));
    for (const object of this.#running.keys()) dropped.set(object, dropped.get(object) ?? 0);
    this.#waiting.clear();
    this.#ready.clear();
    this.#cut.abort();
    await Promise.all(this.#running.values());
    this.#cut = new AbortController();
    return dropped;
  }

  #start(): void {
    for (const object of this.#ready) {
      if (this.#running.size >= this.#options.atOnce) return;
      this.#ready.delete(object);
      const lane = this.#waiting.get(object);
      const job = lane?.shift();
      if (lane?.length === 0) this.#waiting.delete(object);
      if (job !== undefined) this.#running.set(object, this.#run(object, job));
    }
  }

  async #run(object: string, job: Job): Promise<void> {
    await job(this.#cut.signal);
    this.#running.delete(object);
    if (this.#waiting.has(object)) this.#ready.add(object);
    this.#start();
    if (this.#running.size === 0) for (const tell of this.#idle.splice(0)) tell();
  }
}
