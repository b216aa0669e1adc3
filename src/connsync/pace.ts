/** How fast a replay may be. What forwards has the processor first. */
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
}

/** So much may be made up for after a pause, and so short waits are not worth a timer. */
const SLACK_MS = 5;

/** How long to wait now, 0: not at all. */
export function spend(
  { paidMs }: Pace,
  { connections, bytes }: Spent,
  limits: PaceLimits,
  nowMs: number,
): { readonly pace: Pace; readonly waitMs: number } {
  const costMs = 1000 * Math.max(connections / limits.connectionsPerSecond, bytes / limits.bytesPerSecond);
  const paid = Math.max(paidMs, nowMs - SLACK_MS) + costMs;
  return { pace: { paidMs: paid }, waitMs: paid - nowMs < SLACK_MS ? 0 : paid - nowMs };
}
