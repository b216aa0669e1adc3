/** How fast a replay may be. What forwards has the processors first. */
export interface PaceLimits {
  /** Connections looked at. */
  readonly connectionsPerSecond: number;
  /** Of messages that leave. */
  readonly bytesPerSecond: number;
}

/** When what was spent so far is paid for, on the caller's clock. */
export interface Pace {
  readonly paidMs: number;
}

export interface Spent {
  readonly connections: number;
  readonly bytes: number;
  /** However little it was: so long it shall take. */
  readonly leastMs?: number;
}

/** So much may be made up for after a pause, and so short waits are not worth a timer. */
const SLACK_MS = 5;

/** How long to wait now, 0: not at all. */
export function spend(
  { paidMs }: Pace,
  { connections, bytes, leastMs = 0 }: Spent,
  limits: PaceLimits,
  nowMs: number,
): { readonly pace: Pace; readonly waitMs: number } {
  const byLimits = 1000 * Math.max(connections / limits.connectionsPerSecond, bytes / limits.bytesPerSecond);
  const paid = Math.max(paidMs, nowMs - SLACK_MS) + Math.max(byLimits, leastMs);
  return { pace: { paidMs: paid }, waitMs: paid - nowMs < SLACK_MS ? 0 : paid - nowMs };
}

/** Of one processor's time: taken at first, and even when none has any to spare. */
export const share = { first: 0.3, least: 0.03 } as const;

/** Idle processors: with less, whoever forwards may have to wait for us; with more, nobody does. */
const TIGHT = 0.1;
const ROOMY = 0.25;

/** The share of one processor's time, 0 to 1: half as much when all are in use, a quarter more when one has time. */
export function adaptShare(now: number, idle: number): number {
  if (idle < TIGHT) return Math.max(share.least, now / 2);
  return idle > ROOMY ? Math.min(1, 1.25 * now) : now;
}
