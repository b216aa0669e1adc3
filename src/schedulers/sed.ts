import { leastPerWeight } from './least.js';
import { type Candidate, stateless } from './scheduler.js';

/** How long the new connection would have to wait: it counts itself. */
export const expectedDelay = ({ active }: Candidate): number => active + 1;

/** Shortest expected delay (ip_vs_sed.c): (active + 1) per weight; of equals the first. */
export const sed = stateless((candidates) => leastPerWeight(candidates, expectedDelay));
