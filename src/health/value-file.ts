import { type FSWatcher, watch } from 'node:fs';
import { constants, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';

/** A number and what may stand around it fit; more is no number. */
const MOST_BYTES = 128;
/** What inotify cannot see (a folder that was not there or was replaced, a network file system) is seen so late. */
const LOOK_AGAIN_MS = 5_000;
/** Of 32 bits; the least is keepalived's IPVS_WEIGHT_FAULT. */
export const LEAST_VALUE = -2_147_483_648;
export const MOST_VALUE = 2_147_483_647;

/** What a file said: a number, or why it says none. */
export type FileValue = { readonly value: number } | { readonly none: string };

/** `  -12 \n`: a whole number of 32 bits. Pure. */
export function parseFileValue(text: string): FileValue {
  if (text.length > MOST_BYTES) return { none: `more than ${MOST_BYTES} bytes` };
  if (text.trim() === '') return { none: 'it is empty' };
  const [, digits] = /^\s*([+-]?\d{1,20})\s*$/.exec(text) ?? [];
  const value = Number(digits);
  if (digits === undefined) return { none: 'it is no number' };
  return value >= LEAST_VALUE && value <= MOST_VALUE ? { value } : { none: `${digits} is out of range` };
}

/**
 * A file that says a number, read at the start and whenever something happens in its folder, so that it may be replaced by a rename or come
 * later. Tells what each reading found, also if it is the same again.
 */
export class ValueFile {
  readonly #path: string;
  readonly #onRead: (found: FileValue) => void;
  readonly #timers: Timers<'look'>;
  #watcher: FSWatcher | undefined;
  #reading = false;
  #again = false;
  #stopped = false;

  constructor(path: string, clock: Pick<Clock, 'now' | 'after'>, onRead: (found: FileValue) => void) {
    this.#path = path;
    this.#onRead = onRead;
    this.#timers = new Timers(clock);
    this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.disarmAll();
    this.#unwatch();
  }

  #look(): void {
    this.#timers.arm('look', LOOK_AGAIN_MS, () => {
      // a folder that was replaced is another one under the same name
      this.#unwatch();
      this.#look();
    });
    this.#watch();
    this.readSoon();
  }

  #watch(): void {
    if (this.#watcher !== undefined) return;
    const name = basename(this.#path);
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_, changed) => {
        if (changed === null || changed === name) this.readSoon();
      });
      this.#watcher.on('error', () => this.#unwatch());
    } catch {
      // the folder is not there, or there is no inotify left: the timer looks
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** One reading at a time; what happens meanwhile means one more. */
  readSoon(): void {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    void readValue(this.#path).then((found) => {
      this.#reading = false;
      if (this.#stopped) return;
      this.#onRead(found);
      if (!this.#again) return;
      this.#again = false;
      this.readSoon();
    });
  }
}

async function readValue(path: string): Promise<FileValue> {
  try {
    // not blocking: somebody may have put a pipe there
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) return { none: 'it is not a regular file' };
      const buffer = Buffer.alloc(MOST_BYTES + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return parseFileValue(buffer.toString('latin1', 0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    return { none: reasonOf(error) };
  }
}
