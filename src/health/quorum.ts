/** Whether a virtual server has enough live weight. Pure. */
export interface QuorumSettings {
  /** Live weight that is enough; at least 1. */
  readonly quorum: number;
  /** How far below that it may sink, and how far above it must come, to change. */
  readonly hysteresis: number;
}

/**
 * As keepalived: regained at quorum + hysteresis, lost below quorum - hysteresis or without any weight. What all servers together
 * cannot reach is lowered to what they can: a service must be able to come back.
 */
export function hasQuorum(my: QuorumSettings, before: boolean, liveWeight: number, totalWeight: number): boolean {
  if (liveWeight === 0) return false;
  if (before) return liveWeight >= Math.min(my.quorum, totalWeight) - my.hysteresis;
  return liveWeight >= Math.min(my.quorum + my.hysteresis, totalWeight);
}
