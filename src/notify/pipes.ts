import type { NotifyFifo } from '../config/global-settings.js';
import type { Clock } from '../system/clock.js';
import { Pipe, type PipeOptions } from './pipe.js';
import type { RunScript } from './ports.js';
import { PipeReader } from './reader.js';

export interface PipesOptions extends PipeOptions {
  readonly clock: Clock;
  readonly run: RunScript;
}

interface Open {
  readonly pipe: Pipe;
  readonly reader: PipeReader | undefined;
}

/**
 * The pipes of the configuration, each with its reader. One that did not change stays open over a reload, and its reader runs on, unless its
 * name leads to another by now.
 */
export class Pipes {
  readonly #options: PipesOptions;
  #open = new Map<string, Open>();
  /** What is being closed: its name must be free before it is used again. */
  #closing: Promise<unknown> = Promise.resolve();

  constructor(options: PipesOptions) {
    this.#options = options;
  }

  follow(fifos: readonly NotifyFifo[]): Promise<void> {
    const follow = this.#closing.then(() => this.#follow(fifos));
    this.#closing = follow;
    return follow;
  }

  /** To each of them. */
  write(line: string): void {
    for (const { pipe } of this.#open.values()) pipe.write(line);
  }

  get dropped(): number {
    return [...this.#open.values()].reduce((sum, { pipe }) => sum + pipe.dropped, 0);
  }

  /** The readers end with us. */
  stop(): Promise<void> {
    return this.follow([]);
  }

  async #follow(fifos: readonly NotifyFifo[]): Promise<void> {
    const wanted = new Map(fifos.map((fifo) => [JSON.stringify(fifo), fifo]));
    const gone = [...this.#open].filter(([key, { pipe }]) => !wanted.has(key) || !pipe.isThere);
    for (const [key] of gone) this.#open.delete(key);
    await Promise.all(gone.map(([, open]) => close(open)));
    for (const [key, fifo] of wanted) if (!this.#open.has(key)) this.#open.set(key, this.#start(fifo));
    await Promise.all([...this.#open.values()].map(({ pipe }) => pipe.opened()));
  }

  #start(fifo: NotifyFifo): Open {
    const pipe = new Pipe(fifo, this.#options);
    const reader = fifo.script === undefined ? undefined : new PipeReader(fifo.script, fifo.path, this.#options);
    if (reader !== undefined) void pipe.opened().then(() => reader.start());
    return { pipe, reader };
  }
}

async function close({ pipe, reader }: Open): Promise<void> {
  await pipe.opened();
  await pipe.close();
  await reader?.stop();
}
