import type { Script } from '../config/configuration.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { Timers } from '../system/timers.js';
import type { RunScript } from './ports.js';
import { scriptText } from './words.js';

const AGAIN_FIRST_MS = 1_000;
const AGAIN_LONGEST_MS = 60_000;

/** The reader of a pipe: it runs as long as we do, and is started again, ever more slowly, when it ends. */
export class PipeReader {
  readonly #script: Script;
  readonly #run: RunScript;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timers: Timers<'again'>;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #againMs = AGAIN_FIRST_MS;

  /** The path is its last argument. */
  constructor(script: Script, path: string, options: { run: RunScript; clock: Clock; log: Log }) {
    this.#script = { ...script, argv: [...script.argv, path] };
    this.#run = options.run;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#timers = new Timers(options.clock);
  }

  start(): void {
    this.#running = this.#live();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#timers.disarmAll();
    await this.#running;
  }

  async #live(): Promise<void> {
    const began = this.#clock.now();
    const { signal } = this.#stopped;
    const end = await this.#run(this.#script, { timeoutMs: Number.POSITIVE_INFINITY, signal, endsWithUs: true });
    if (signal.aborted) return;
    if (this.#clock.now() - began > AGAIN_LONGEST_MS) this.#againMs = AGAIN_FIRST_MS;
    const againSeconds = this.#againMs / 1000;
    this.#log.warn({ event: 'notify.reader-ended', script: scriptText(this.#script), againSeconds, ...end });
    this.#timers.arm('again', this.#againMs, () => this.start());
    this.#againMs = Math.min(2 * this.#againMs, AGAIN_LONGEST_MS);
  }
}
