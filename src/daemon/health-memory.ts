import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import type { StateFile } from '../system/state-file.js';
import { Timers } from '../system/timers.js';
import { decodeHealth, encodeHealth, type KeptServer } from './health-state.js';

export interface HealthMemoryOptions {
  /** `health.json`, beside the director's state file. */
  readonly file: Pick<StateFile, 'path' | 'read' | 'write'>;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly log: Log;
}

/** Between two writes at least this … */
const PAUSE_MS = 200;
/** … and so many times what it took to write them down: a large site that flaps shall not keep us busy with that. */
const PAUSE_FACTOR = 20;
const AGAIN_MS = 10_000;
/** A server that left the file and comes back within this is the same one, and down if it was. */
const GONE_MS = 3_600_000;
const MOST_GONE = 10_000;

/**
 * What is known of health, kept in a file over our death: verdicts, falls, dynamic weights, and what was told of them. Written at
 * once when something changes, then with pauses. A disk that fails keeps nobody from checking.
 */
export class HealthMemory {
  readonly #options: HealthMemoryOptions;
  readonly #timers: Timers<'write'>;
  /** Of servers that nobody watches: those of the file until the watch takes them over, and those that left the configuration. */
  #kept = new Map<string, KeptServer>();
  #told = new Map<string, boolean>();
  #watched: () => Iterable<readonly [string, KeptServer]> = () => [];
  #text: string | undefined;
  #writing: Promise<void> | undefined;
  #isDirty = false;
  #isFailing = false;
  #earliestMs = 0;

  constructor(options: HealthMemoryOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** What cannot be read is not known, and the log says so. */
  async open(): Promise<void> {
    const { file, log } = this.#options;
    let text: string | undefined;
    try {
      text = await file.read();
    } catch (error) {
      log.error({ event: 'health.memory-failed', operation: 'read', path: file.path, reason: reasonOf(error) });
    }
    if (text === undefined) return;
    const state = decodeHealth(text);
    if (state === undefined) {
      log.warn({ event: 'health.memory-unreadable', path: file.path });
      return;
    }
    this.#kept = new Map(state.servers);
    this.#told = new Map(state.told);
    this.#text = text;
  }

  /** Who knows of the servers that are watched. */
  watch(source: () => Iterable<readonly [string, KeptServer]>): void {
    this.#watched = source;
  }

  /** Of a server that is not watched yet. */
  recall(server: string): KeptServer | undefined {
    const kept = this.#kept.get(server);
    return kept === undefined || this.#isForgotten(kept) ? undefined : kept;
  }

  /** A server leaves the configuration. */
  leave(server: string, kept: KeptServer): void {
    this.#kept.set(server, { ...kept, goneMs: this.#options.wallMs() });
  }

  /** These are watched now, servers and virtual servers. Of the rest only those that are down are kept, and not for ever. */
  settle(names: ReadonlySet<string>): void {
    const now = this.#options.wallMs();
    const gone = [...this.#kept].filter(([name, kept]) => !names.has(name) && !kept.up && !this.#isForgotten(kept));
    this.#kept = new Map(gone.slice(-MOST_GONE).map(([name, kept]) => [name, { ...kept, goneMs: kept.goneMs ?? now }]));
    for (const name of this.#told.keys()) if (!names.has(name) && !this.#kept.has(name)) this.#told.delete(name);
    this.changed();
  }

  /** What was told last of a server or of the quorum of a virtual server, by its name; undefined: nothing yet. */
  toldOf(name: string): boolean | undefined {
    return this.#told.get(name);
  }

  tell(name: string, isUp: boolean): void {
    if (this.#told.get(name) === isUp) return;
    this.#told.set(name, isUp);
    this.changed();
  }

  /** Something is to be written down. */
  changed(): void {
    if (this.#writing !== undefined) this.#isDirty = true;
    else if (!this.#timers.isArmed('write')) this.#armIn(this.#earliestMs - this.#options.clock.now());
  }

  /** Writes what is not written yet; no timer is left. */
  async stop(): Promise<void> {
    this.#timers.disarmAll();
    await this.#writing;
    this.#timers.disarmAll();
    await this.#write();
  }

  #armIn(ms: number): void {
    this.#timers.arm('write', Math.max(0, ms), () => {
      this.#writing = this.#write().then(() => {
        this.#writing = undefined;
        if (!this.#isDirty) return;
        this.#isDirty = false;
        this.#armIn(this.#isFailing ? AGAIN_MS : this.#earliestMs - this.#options.clock.now());
      });
    });
  }

  async #write(): Promise<void> {
    const { file, clock, log } = this.#options;
    const start = clock.now();
    const text = encodeHealth({ servers: new Map([...this.#kept, ...this.#watched()]), told: this.#told });
    this.#earliestMs = clock.now() + Math.max(PAUSE_MS, PAUSE_FACTOR * (clock.now() - start));
    if (text === this.#text) return;
    try {
      await file.write(text);
      this.#text = text;
      this.#isFailing = false;
    } catch (error) {
      this.#isDirty = true;
      if (this.#isFailing) return; // said once, until it works again
      this.#isFailing = true;
      log.error({ event: 'health.memory-failed', operation: 'write', path: file.path, reason: reasonOf(error) });
    }
  }

  #isForgotten({ goneMs }: KeptServer): boolean {
    return goneMs !== undefined && this.#options.wallMs() - goneMs > GONE_MS;
  }
}
