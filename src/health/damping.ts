/** Flap damping: who fell too often has to be alive without a break for a while before it counts as up again. Pure. */
export interface DampingSettings {
  /** So many falls … */
  readonly falls: number;
  /** … within so long … */
  readonly withinMs: number;
  /** … and it comes back after it was alive for so long. */
  readonly holdMs: number;
}

/** What is remembered of the falls of one check. Times are milliseconds of one clock. */
export interface Flaps {
  /** The falls that still count, oldest first; never more than the settings ask for. */
  readonly fellAt: readonly number[];
  /** It fell too often and has not been alive for long enough since. */
  readonly damped: boolean;
  /** While damped: the first success of those that nothing has interrupted. */
  readonly aliveSinceMs: number | undefined;
}

export const noFlaps: Flaps = { fellAt: [], damped: false, aliveSinceMs: undefined };

/** It went down, having been seen up. */
export function fell(my: DampingSettings | undefined, before: Flaps, now: number): Flaps {
  if (my === undefined) return noFlaps;
  const fellAt = [...before.fellAt.filter((at) => now - at < my.withinMs), now].slice(-my.falls);
  return { fellAt, damped: fellAt.length >= my.falls, aliveSinceMs: undefined };
}

/** A success while it is down. */
export function recovers(before: Flaps, now: number): Flaps {
  return before.damped && before.aliveSinceMs === undefined ? { ...before, aliveSinceMs: now } : before;
}

/** A failure while it is down: what it was alive for no longer counts. */
export function relapses(before: Flaps): Flaps {
  return before.aliveSinceMs === undefined ? before : { ...before, aliveSinceMs: undefined };
}

/** For how long it still has to stay alive; 0: it may come up. */
export function holdLeftMs(my: DampingSettings | undefined, { damped, aliveSinceMs }: Flaps, now: number): number {
  if (my === undefined || !damped) return 0;
  return aliveSinceMs === undefined ? my.holdMs : Math.max(0, aliveSinceMs + my.holdMs - now);
}
