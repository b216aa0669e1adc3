import { connectionOverhead, isAvailable, stateless } from './scheduler.js';

/** Least connection (ip_vs_lc.c): the available destination with the fewest connections, whatever its weight; of equals the first. */
export const lc = stateless((candidates) => {
  let least: number | undefined;
  for (const [i, candidate] of candidates.entries()) {
    if (!isAvailable(candidate)) continue;
    if (least === undefined || connectionOverhead(candidate) < connectionOverhead(candidates[least]!)) least = i;
  }
  return least;
});
