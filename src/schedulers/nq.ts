import { leastPerWeight } from './least.js';
import { isAvailable, stateless } from './scheduler.js';
import { expectedDelay } from './sed.js';

/** Never queue (ip_vs_nq.c): the first available destination without an active connection; if there is none, as sed. */
export const nq = stateless((candidates) => {
  const idle = candidates.findIndex((candidate) => isAvailable(candidate) && candidate.active === 0);
  return idle >= 0 ? idle : leastPerWeight(candidates, expectedDelay);
});
