import { heaviest } from './fo.js';
import { isAvailable, stateless } from './scheduler.js';

/**
 * Weighted overflow (ip_vs_ovf.c): the heaviest destination until it has more active connections than its weight, then the next.
 */
export const ovf = stateless((candidates) =>
  heaviest(candidates, (candidate) => isAvailable(candidate) && candidate.active <= candidate.weight),
);
