import type { Clock } from '../system/clock.js';
import type { Outcome } from './check.js';

/** An attempt that was cut short. */
export const stopped: Outcome = { is: 'inconclusive', detail: 'stopped' };

/**
 * One attempt: `begin` starts it, tells by `finish` what it found (later or at once), and returns how to end it. It is ended
 * once, whatever comes first: what it found, the deadline (`late` says what that means), or the signal. Never rejects.
 */
export function attemptWithin(
  clock: Clock,
  deadlineMs: number,
  late: () => Outcome,
  signal: AbortSignal,
  begin: (finish: (outcome: Outcome) => void) => () => void,
): Promise<Outcome> {
  if (signal.aborted) return Promise.resolve(stopped);
  return new Promise((resolve) => {
    const attempt: { end?: () => void; outcome?: Outcome } = {};
    const finish = (outcome: Outcome): void => {
      if (attempt.outcome !== undefined) return;
      attempt.outcome = outcome;
      disarm();
      signal.removeEventListener('abort', onAbort);
      attempt.end?.();
      resolve(outcome);
    };
    const onAbort = (): void => finish(stopped);
    const disarm = clock.after(deadlineMs, () => finish(late()));
    signal.addEventListener('abort', onAbort);
    attempt.end = begin(finish);
    if (attempt.outcome !== undefined) attempt.end(); // it was over before it could be ended
  });
}
