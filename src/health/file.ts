import { type FSWatcher, watch } from 'node:fs';
import { constants, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { FileCheck } from '../config/check.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { alive, failed, type Outcome } from './check.js';
import type { Follow } from './told.js';

/** A number and what may stand around it fit; more is no number. */
const MOST_BYTES = 128;
/** What inotify cannot see (a folder that was not there or was replaced, a network file system) is seen so late. */
const LOOK_AGAIN_MS = 5_000;
/** keepalived's IPVS_WEIGHT_FAULT. */
const FAULT = -2_147_483_648;
const MOST = 2_147_483_647;

/** What a file said: a number, or why it says none. */
export type FileValue = { readonly value: number } | { readonly none: string };

/** `  -12 \n`: a whole number of 32 bits. Pure. */
export function parseFileValue(text: string): FileValue {
  if (text.length > MOST_BYTES) return { none: `more than ${MOST_BYTES} bytes` };
  if (text.trim() === '') return { none: 'it is empty' };
  const [, digits] = /^\s*([+-]?\d{1,20})\s*$/.exec(text) ?? [];
  const value = Number(digits);
  if (digits === undefined) return { none: 'it is no number' };
  return value >= FAULT && value <= MOST ? { value } : { none: `${digits} is out of range` };
}

/** What a number means for the server. Pure. */
export function outcomeOfValue({ weight, downAtZero = false }: FileCheck, value: number): Outcome {
  if (weight === 0)
    return (value !== 0) === downAtZero ? alive(`value ${value}`) : failed('file', `value ${value} means down`);
  const add = value * weight;
  if (add <= FAULT) return failed('file', `value ${value} x weight ${weight} means down`);
  return { is: 'alive', detail: `value ${value}`, weight: { add: Math.min(add, MOST) } };
}

export interface FileFollowOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * FILE_CHECK: looks at its file whenever something happens in its folder, so that a file may be replaced by a rename or come later.
 * A file that has never said a number is a failure; one that says none any more keeps its last one, which is logged.
 */
export const followFile =
  (check: FileCheck, options: FileFollowOptions): Follow =>
  (tell) => {
    const follower = new FileFollower(check, options, tell);
    return () => follower.stop();
  };

class FileFollower {
  readonly #check: FileCheck;
  readonly #options: FileFollowOptions;
  readonly #tell: (outcome: Outcome) => void;
  readonly #timers: Timers<'look'>;
  #watcher: FSWatcher | undefined;
  #reading = false;
  #again = false;
  #stopped = false;
  #told = '';
  /** Why there was no number at the last look, and whether the log has it. */
  #doubt: { readonly reason: string; readonly isLogged: boolean } | undefined;
  #hasValue = false;

  constructor(check: FileCheck, options: FileFollowOptions, tell: (outcome: Outcome) => void) {
    this.#check = check;
    this.#options = options;
    this.#tell = tell;
    this.#timers = new Timers(options.clock);
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
    this.#readSoon();
  }

  #watch(): void {
    if (this.#watcher !== undefined) return;
    const name = basename(this.#check.path);
    try {
      this.#watcher = watch(dirname(this.#check.path), { persistent: false }, (_, changed) => {
        if (changed === null || changed === name) this.#readSoon();
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
  #readSoon(): void {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    void readValue(this.#check.path).then((found) => {
      this.#reading = false;
      if (this.#stopped) return;
      this.#take(found);
      if (!this.#again) return;
      this.#again = false;
      this.#readSoon();
    });
  }

  #take(found: FileValue): void {
    if ('none' in found) {
      if (this.#hasValue) this.#complain(found.none);
      else this.#tellOnce(failed('file', `${this.#check.path}: ${found.none}`));
      return;
    }
    this.#doubt = undefined;
    this.#hasValue = true;
    this.#tellOnce(outcomeOfValue(this.#check, found.value));
  }

  #tellOnce(outcome: Outcome): void {
    const text = JSON.stringify(outcome);
    if (text === this.#told) return;
    this.#told = text;
    this.#tell(outcome);
  }

  /** The last number holds. Said once, and only of what is still so at a second look: who writes a file anew empties it first. */
  #complain(reason: string): void {
    const doubt = this.#doubt;
    const isSame = doubt?.reason === reason;
    if (isSame && !doubt.isLogged)
      this.#options.log.warn({ event: 'health.file-unreadable', path: this.#check.path, reason });
    this.#doubt = { reason, isLogged: isSame };
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
