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
}

/** As long as we live, adverts leave. */
const HEARTBEAT_MS = 50;
/** The text is written over itself, never shorter than before: a reader never sees an end of what was there, and a full disk has its room already. */
const BLOCK = 1024;

interface Kept {
  readonly bootId: string;
  readonly aliveMs: number;
  readonly masters: readonly string[];
}

/** Who was master until when, for the process that comes after a kill -9. In /run: it is gone with the boot, as it should. */
export class VrrpMemory {
  readonly #options: VrrpMemoryOptions;
  readonly #timers: Timers<'beat'>;
  #file: number | undefined;
  #isOpen = false;
  #trouble = false;
  #saysNobody = false;

  constructor(options: VrrpMemoryOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** Until when a router was certainly master before us; undefined: it was not, in this boot. */
  before(): (name: string) => { readonly aliveMs: number } | undefined {
    const kept = this.#read();
    return (name) =>
      kept?.bootId === this.#options.bootId && kept.masters.includes(name) ? { aliveMs: kept.aliveMs } : undefined;
  }

  /** Writes from now on, until `close`. Before, what the process before us wrote stays: we may die ourselves before we are in its place. */
  open(): void {
    this.#isOpen = true;
    this.#beat();
  }

  /** At once: somebody became master, or is it no longer. */
  write(): void {
    const { bootId, masters, clock, path, log } = this.#options;
    if (!this.#isOpen) return;
    const kept: Kept = { bootId, aliveMs: clock.now(), masters: masters() };
    const saysNobody = kept.masters.length === 0;
    if (saysNobody && this.#saysNobody) return;
    try {
      this.#put(Buffer.from(JSON.stringify(kept)));
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
    this.write();
    this.#timers.arm('beat', HEARTBEAT_MS, () => this.#beat());
  }

  /** @throws what the system says, or that there is no room */
  #put(text: Buffer): void {
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
      const { bootId, aliveMs, masters } = kept;
      if (typeof bootId !== 'string' || typeof aliveMs !== 'number' || !Array.isArray(masters)) return undefined;
      return { bootId, aliveMs, masters };
    } catch {
      return undefined;
    }
  }
}
