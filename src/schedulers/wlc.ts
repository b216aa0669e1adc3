import { leastPerWeight } from './least.js';
import { connectionOverhead, stateless } from './scheduler.js';

/** Weighted least connection (ip_vs_wlc.c), the default: fewest connections per weight; of equals the first. */
export const wlc = stateless((candidates) => leastPerWeight(candidates, connectionOverhead));
