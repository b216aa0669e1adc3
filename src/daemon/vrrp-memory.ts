import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type Log, reasonOf } from '../system/log.js';
import type { AdvertClock } from '../vrrp/ports.js';
import { Timers } from '../system/timers.js';

export interface VrrpMemoryOptions {
  readonly path: string;
  readonly clock: AdvertClock;
  readonly log: Log;
  /** The kernel's /proc/sys/kernel/random/boot_id: moments of another boot mean nothing. */
  readonly bootId: string;
  /** Names of those who are master now. */
  readonly masters: () => readonly string[];
  /** Of masters whose adverts are numbered (authentication header): the greatest number so far. Others take no number twice. */
  readonly headerSequences: () => Readonly<Record<string, number>>;
}

/** Numbers that may have been used after they were written down last: far more than there are adverts between two heartbeats. */
const SPARE_SEQUENCES = 1000;

/** As long as we live, adverts leave. */
const HEARTBEAT_MS = 50;
/** The text is written over itself, never shorter than before: a reader never sees an end of what was there, and a full disk has its room already. */
const BLOCK = 1024;

interface Kept {
  readonly bootId: string;
  readonly aliveMs: number;
  readonly masters: readonly string[];
  readonly headerSequences: Readonly<Record<string, number>>;
}

/** Who was master until when, for the process that comes after a kill -9. In /run: it is gone with the boot, as it should. */
export class VrrpMemory {
  readonly #options: VrrpMemoryOptions;
  readonly #timers: Timers<'beat'>;
  /** As they were when something changed last. */
  #masters: readonly string[] = [];
  #file: number | undefined;
  #isOpen = false;
  #trouble = false;
  #saysNobody = false;

  constructor(options: VrrpMemoryOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** Until when a router was certainly master before us, and what its last number may have been; undefined: it was not, in this boot. */
  before(): (name: string) => { readonly aliveMs: number; readonly headerSequence?: number } | undefined {
    const kept = this.#read();
    return (name) => {
      if (kept?.bootId !== this.#options.bootId || !kept.masters.includes(name)) return undefined;
      const { aliveMs, headerSequences } = kept;
      const last = headerSequences[name];
      return last === undefined ? { aliveMs } : { aliveMs, headerSequence: last + SPARE_SEQUENCES };
    };
  }

  /** Writes from now on, until `close`. Before, what the process before us wrote stays: we may die ourselves before we are in its place. */
  open(): void {
    this.#isOpen = true;
    this.#masters = this.#options.masters();
    this.#beat();
  }

  /** At once: somebody became master, or is it no longer. */
  write(): void {
    this.#masters = this.#options.masters();
    this.#put();
  }

  #put(): void {
    const { bootId, headerSequences, clock, path, log } = this.#options;
    if (!this.#isOpen) return;
    const kept: Kept = { bootId, aliveMs: clock.now(), masters: this.#masters, headerSequences: headerSequences() };
    const saysNobody = kept.masters.length === 0;
    if (saysNobody && this.#saysNobody) return;
    try {
      this.#overwrite(Buffer.from(JSON.stringify(kept)));
      this.#saysNobody = saysNobody;
      this.#trouble = false;
    } catch (error) {
      if (!this.#trouble) log.warn({ event: 'vrrp.not-remembered', path, reason: reasonOf(error) });
      this.#trouble = true;
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#timers.disarmAll();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #beat(): void {
    this.#put();
    this.#timers.arm('beat', HEARTBEAT_MS, () => this.#beat());
  }

  /** @throws what the system says, or that there is no room */
  #overwrite(text: Buffer): void {
    this.#file ??= openSync(this.#options.path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    const width = Math.max(fstatSync(this.#file).size, Math.ceil(text.length / BLOCK) * BLOCK);
    const padded = Buffer.alloc(width, ' ');
    text.copy(padded);
    const written = writeSync(this.#file, padded, 0, padded.length, 0);
    if (written < padded.length) throw new Error(`${written} of ${padded.length} bytes were written`);
  }

  #read(): Kept | undefined {
    try {
      const kept = JSON.parse(readFileSync(this.#options.path, 'utf8')) as Partial<Kept>;
      const { bootId, aliveMs, masters, headerSequences = {} } = kept;
      if (typeof bootId !== 'string' || typeof aliveMs !== 'number' || !Array.isArray(masters)) return undefined;
      return { bootId, aliveMs, masters, headerSequences };
    } catch {
      return undefined;
    }
  }
}
