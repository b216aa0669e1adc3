import type { DestinationSettings } from '../model/destination.js';

type Thresholds = Pick<DestinationSettings, 'upperThreshold' | 'lowerThreshold'>;

/**
 * IP_VS_DEST_F_OVERLOAD, by which every algorithm passes a destination over. It has a memory, so that each of the three that may change
 * it takes what it was `before`. `connections` are active and inactive ones together, with the one that came, without the one that
 * went. A connection that was closed counts until it is forgotten.
 */
export interface OverloadRules {
  /** A connection came. */
  arrival(thresholds: Thresholds, connections: number, before: boolean): boolean;
  /** A connection was forgotten. */
  expiry(thresholds: Thresholds, connections: number, before: boolean): boolean;
  /** The destination was edited; `was`: its thresholds until then. */
  edit(thresholds: Thresholds, connections: number, before: boolean, was: Thresholds): boolean;
}

/** Linux 7.2 (ip_vs_dest_update_overload): full at the upper threshold, open again below the lower one, whatever was the occasion. */
export const overload: OverloadRules = {
  arrival: weigh,
  expiry: weigh,
  edit: weigh,
};

function weigh({ upperThreshold, lowerThreshold }: Thresholds, connections: number, before: boolean): boolean {
  if (upperThreshold === 0) return false;
  if (connections >= upperThreshold) return true;
  const lower = lowerThreshold === 0 ? upperThreshold - Math.floor(upperThreshold / 4) : lowerThreshold;
  return before && connections >= lower;
}

/** Linux before 7.2 (6.1 tried): an edit compares thresholds, not connections; coming can only fill and going can only open. */
export const overloadBefore72: OverloadRules = {
  arrival: ({ upperThreshold }, connections, before) =>
    before || (upperThreshold !== 0 && connections >= upperThreshold),
  expiry({ upperThreshold, lowerThreshold }, connections, before) {
    if (lowerThreshold !== 0) return before && connections >= lowerThreshold;
    return before && upperThreshold !== 0 && connections * 4 >= upperThreshold * 3;
  },
  edit: ({ upperThreshold }, _connections, before, was) =>
    before && upperThreshold !== 0 && upperThreshold <= was.upperThreshold,
};
