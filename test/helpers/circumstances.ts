import type { Circumstances } from '../../src/director/desired.js';

/** All servers are up and nothing is remembered. */
export const nothingElse: Circumstances = {
  isUp: () => true,
  weightOf: (_, configured) => configured,
  weights: new Map(),
  quorums: new Map(),
  lives: new Map(),
  probeMarks: new Map(),
  now: 0,
};
