import type { DestinationSettings } from '../model/destination.js';

type Thresholds = Pick<DestinationSettings, 'upperThreshold' | 'lowerThreshold'>;

/**
 * IP_VS_DEST_F_OVERLOAD, by which every algorithm passes a destination over. It has a memory: set when a connection comes and the
 * upper threshold is reached, taken away only when one has gone and the lower threshold (or three quarters of the upper one) is
 * undercut. `connections` are active and inactive ones together, those that came or went accounted for.
 */
export function afterArrival({ upperThreshold }: Thresholds, connections: number, before: boolean): boolean {
  return before || (upperThreshold !== 0 && connections >= upperThreshold);
}

/** The same after a connection has expired (ip_vs_unbind_dest). */
export function afterExpiry(
  { upperThreshold, lowerThreshold }: Thresholds,
  connections: number,
  before: boolean,
): boolean {
  if (lowerThreshold !== 0) return before && connections >= lowerThreshold;
  if (upperThreshold !== 0) return before && connections * 4 >= upperThreshold * 3;
  return false;
}

/** The same after the destination was edited: a higher or no upper threshold opens it, a lower one closes it at the next arrival. */
export function afterEdit(now: Thresholds, was: Thresholds, before: boolean): boolean {
  return before && now.upperThreshold !== 0 && now.upperThreshold <= was.upperThreshold;
}
