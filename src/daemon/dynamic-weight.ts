import type { DynamicWeight } from '../health/check.js';

const MOST = 2 ** 31 - 1;

/**
 * As keepalived: what each check makes of the configured weight adds up. One that sets a weight adds its difference from the
 * configured one, so alone it is the weight, also when the configured one changes. Pure.
 */
export function dynamicWeight(configured: number, weights: Iterable<DynamicWeight | undefined>): number {
  let weight = configured;
  for (const given of weights) {
    if (given === undefined) continue;
    weight += 'set' in given ? given.set - configured : given.add;
  }
  return Math.min(MOST, Math.max(0, Math.trunc(weight)));
}
