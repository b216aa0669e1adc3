import type { Cancel } from './clock.js';

/**
 * Runs it when what waits in sockets now has been handed out: the event loop polls them before it comes to immediates. For whoever
 * would take silence for an answer after the loop itself was held up.
 */
export function afterReads(run: () => void): Cancel {
  const handle = setImmediate(run);
  return () => clearImmediate(handle);
}
