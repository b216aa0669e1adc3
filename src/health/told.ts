import type { Outcome } from './check.js';

/** A check that is told: calls back once as soon as it knows, and at each change. What it returns stops it; nothing is told after that. */
export type Follow = (tell: (outcome: Outcome) => void) => () => void;
