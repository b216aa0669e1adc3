import type { Cancel, Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { type FileValue, ValueFile } from './value-file.js';

/** Who writes a file anew empties it first, and who replaces it may remove it first. */
const SETTLED_MS = 100;

/**
 * The number in a file, told as soon as it is known and whenever it is another one. A file that is not there or says no number says 0, as in
 * keepalived; one that said a number before, only if it is still so a moment later.
 */
export function followNumber(
  path: string,
  tell: (value: number) => void,
  { clock, log }: { readonly clock: Pick<Clock, 'now' | 'after'>; readonly log: Log },
): Cancel {
  const timers = new Timers<'settled'>(clock);
  let told: number | undefined;
  /** It says none, and for long enough. */
  let isSettled = true;
  const tellOnce = (value: number): void => {
    if (value === told) return;
    told = value;
    tell(value);
  };
  const file = new ValueFile(path, clock, (found: FileValue) => {
    if ('value' in found) {
      timers.disarm('settled');
      isSettled = false;
      return tellOnce(found.value);
    }
    if (isSettled) {
      if (told !== 0) log.info({ event: 'health.file-says-nothing', path, reason: found.none });
      return tellOnce(0);
    }
    // anew with each reading: whoever is at it may not be done
    timers.arm('settled', SETTLED_MS, () => {
      isSettled = true;
      file.readSoon();
    });
  });
  return () => {
    timers.disarmAll();
    file.stop();
  };
}
