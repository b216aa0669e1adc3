import type { FileCheck } from '../config/check.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { alive, failed, type Outcome } from './check.js';
import { type FileValue, LEAST_VALUE, MOST_VALUE, ValueFile } from './value-file.js';
import type { Follow } from './told.js';

/** What a number means for the server. Pure. */
export function outcomeOfValue({ weight, downAtZero = false }: FileCheck, value: number): Outcome {
  if (weight === 0)
    return (value !== 0) === downAtZero ? alive(`value ${value}`) : failed('file', `value ${value} means down`);
  const add = value * weight;
  if (add <= LEAST_VALUE) return failed('file', `value ${value} x weight ${weight} means down`);
  return { is: 'alive', detail: `value ${value}`, weight: { add: Math.min(add, MOST_VALUE) } };
}

export interface FileFollowOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * FILE_CHECK: what its file says, told anew whenever it says another thing. A file that has never said a number is a failure; one that says
 * none any more keeps its last one, which is logged.
 */
export const followFile =
  (check: FileCheck, options: FileFollowOptions): Follow =>
  (tell) => {
    const follower = new FileFollower(check, options, tell);
    return () => follower.stop();
  };

class FileFollower {
  readonly #check: FileCheck;
  readonly #log: Log;
  readonly #tell: (outcome: Outcome) => void;
  readonly #file: ValueFile;
  #told = '';
  /** Why there was no number at the last look, and whether the log has it. */
  #doubt: { readonly reason: string; readonly isLogged: boolean } | undefined;
  #hasValue = false;

  constructor(check: FileCheck, { clock, log }: FileFollowOptions, tell: (outcome: Outcome) => void) {
    this.#check = check;
    this.#log = log;
    this.#tell = tell;
    this.#file = new ValueFile(check.path, clock, (found) => this.#take(found));
  }

  stop(): void {
    this.#file.stop();
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
    if (isSame && !doubt.isLogged) this.#log.warn({ event: 'health.file-unreadable', path: this.#check.path, reason });
    this.#doubt = { reason, isLogged: isSame };
  }
}
