import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../system/clock.js';
import { TableReader } from './table-reader.js';
import type { ConnectionRow } from './table-row.js';

/** What a look at the whole table found. */
export interface Scan {
  readonly rows: number;
  /** Lines that we could not use: of unknown form or state, or whose destination is of the other family (tunnels). */
  readonly refused: number;
}

/** The kernel's connections, one after the other. */
export interface ConnectionTable {
  /**
   * @param each is called for every connection; the row is the reader's own, and changes
   * @param between is called with the number of rows since the last time, every few milliseconds; nothing is read until it resolves
   */
  scan(each: (row: ConnectionRow) => void, between: (rows: number) => Promise<void>): Promise<Scan>;
}

export const CONNECTIONS_FILE = '/proc/net/ip_vs_conn';
/** However much is asked for, the kernel gives a page at a time, some sixty lines. */
const READ_BYTES = 4096;
/** So long at most, about, and as many pages: then the event loop has its turn. */
const SLICE_MS = 3;
const MOST_PAGES = 32;
/** After one page that took as long the next ones are waited for elsewhere. */
const PAGES_ELSEWHERE = 64;

/**
 * /proc/net/ip_vs_conn of the network namespace this process was started in. A page takes the kernel a tenth of a millisecond, less than handing
 * it to a thread does, so it is read where we are, for a few milliseconds at a time. Linux before 6.8 looks for its place from the start for each
 * page: a page of a large table is slow there, and threads of their own read it, so that the event loop is free meanwhile.
 */
export const connectionTableFile = (path = CONNECTIONS_FILE, clock: Clock = systemClock): ConnectionTable => ({
  async scan(each, between) {
    const reader = new TableReader(each);
    await using file = await open(path, 'r');
    const pages = new Pages(file, clock);
    for (let known = 0, isWhole = false; !isWhole; known = reader.rows) {
      isWhole = await pages.read((bytes) => reader.push(bytes));
      await between(reader.rows - known);
      await nextTurn();
    }
    reader.end();
    return { rows: reader.rows, refused: reader.refused };
  },
});

class Pages {
  readonly #file: FileHandle;
  readonly #clock: Clock;
  readonly #buffer = Buffer.alloc(READ_BYTES);
  /** At a time. The clock is looked at once for all of them. */
  #many = 1;
  #elsewhere = 0;

  constructor(file: FileHandle, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Some. true: that was the last. */
  async read(take: (bytes: Uint8Array) => void): Promise<boolean> {
    if (this.#elsewhere > 0) {
      this.#elsewhere--;
      const { bytesRead } = await this.#file.read(this.#buffer, 0, READ_BYTES, null);
      return this.#took(bytesRead, take);
    }
    const began = this.#clock.now();
    let isLast = false;
    for (let i = 0; i < this.#many && !isLast; i++)
      isLast = this.#took(readSync(this.#file.fd, this.#buffer, 0, READ_BYTES, null), take);
    this.#adapt(this.#clock.now() - began);
    return isLast;
  }

  #took(length: number, take: (bytes: Uint8Array) => void): boolean {
    if (length > 0) take(this.#buffer.subarray(0, length));
    return length === 0;
  }

  #adapt(tookMs: number): void {
    if (tookMs > SLICE_MS && this.#many === 1) this.#elsewhere = PAGES_ELSEWHERE;
    if (tookMs > SLICE_MS) this.#many = Math.max(1, this.#many >> 1);
    else if (tookMs < SLICE_MS / 2) this.#many = Math.min(MOST_PAGES, 2 * this.#many);
  }
}
