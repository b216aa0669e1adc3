import { setTimeout as delay } from 'node:timers/promises';

/**
 * Tries `look` until it does not throw, at most for `limitMs`, and gives its value; then its last error is thrown.
 * For what the kernel tells late (its counters are brought up to date every two seconds), and for slow machines: the limit is only for what
 * never comes.
 */
export async function eventually<T>(look: () => T | Promise<T>, limitMs = 120_000): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await delay(100);
  }
}
