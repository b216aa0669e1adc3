/** What became of an attempt. */
export type Outcome =
  | { readonly is: 'taken' }
  /** The receiver does not want these, now or ever. */
  | { readonly is: 'refused'; readonly why: string }
  /** It may be better later, and not before `afterMs` where the receiver said so. */
  | { readonly is: 'failed'; readonly why: string; readonly afterMs?: number | undefined };

export interface Pace {
  readonly longestMs: number;
}

/** Between attempts. */
export interface HookState {
  /** Events in the next request, at most. */
  readonly batch: number;
  /** Attempts in a row that were not taken. */
  readonly failures: number;
}

/** advance: what was sent is done; skip: it is given up; wait: it is sent again. */
export interface HookStep {
  readonly state: HookState;
  readonly do: 'advance' | 'skip' | 'wait';
  /** Before the next request. */
  readonly pauseMs: number;
}

export const MOST_EVENTS = 100;
const FIRST_MS = 1000;

export const beginning: HookState = { batch: MOST_EVENTS, failures: 0 };

/** 413 and the like are about what was sent: it is sent again one by one, and the one that is refused alone is given up. */
const FOR_GOOD: readonly number[] = [400, 413, 415, 422];

/** @param retryAfter the header, which is seconds or a date. Redirections are not followed: whoever answers shall not choose whom we call. */
export function outcomeOf(status: number, retryAfter: string | undefined, wallMs: number): Outcome {
  if (status >= 200 && status < 300) return { is: 'taken' };
  const why = `it answered ${status}`;
  if (FOR_GOOD.includes(status)) return { is: 'refused', why };
  return { is: 'failed', why, afterMs: readRetryAfter(retryAfter, wallMs) };
}

function readRetryAfter(text: string | undefined, wallMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return 1000 * Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallMs);
}

/** @param random from 0 to 1: pauses of many senders shall not fall together */
export function stepHook(
  { batch, failures }: HookState,
  outcome: Outcome,
  sent: number,
  { longestMs }: Pace,
  random: number,
): HookStep {
  if (outcome.is === 'taken') return { state: beginning, do: 'advance', pauseMs: 0 };
  if (outcome.is === 'refused')
    return sent > 1
      ? { state: { batch: 1, failures }, do: 'wait', pauseMs: 0 }
      : { state: { batch: 1, failures: 0 }, do: 'skip', pauseMs: 0 };
  const grown = Math.min(longestMs, FIRST_MS * 2 ** Math.min(failures, 30));
  const pauseMs = Math.min(longestMs, Math.max(outcome.afterMs ?? 0, grown * (0.5 + random / 2)));
  return { state: { batch, failures: failures + 1 }, do: 'wait', pauseMs };
}
