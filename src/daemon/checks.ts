import type { AskingCheck, Check } from '../config/check.js';
import type { MonitorSettings } from '../health/monitor.js';

/** A check of the file as the settings of a monitor: seconds become milliseconds, a round of urls a number of successes. */
export function monitorSettings(check: AskingCheck): MonitorSettings {
  const { intervalSeconds, retries, retryDelaySeconds, warmupSeconds, rise } = check.pace;
  const intervalMs = 1000 * intervalSeconds;
  return {
    check,
    intervalMs,
    retries,
    retryDelayMs: 1000 * retryDelaySeconds,
    warmupMs: 1000 * warmupSeconds,
    rise: check.is === 'http' ? check.urls.length + rise : rise,
    riseDelayMs: check.is === 'http' && check.fastRecovery ? 0 : intervalMs,
  };
}

/** The same text for the same check, wherever it stands in its file: what tells a reload that a monitor may go on. */
export const checkIdentity = (check: Check): string =>
  JSON.stringify(check, (key, value: unknown) =>
    key === 'position' ? undefined : value instanceof RegExp ? String(value) : value,
  );

/** The checks that a monitor asks. */
export const isAsking = (check: Check): check is AskingCheck => check.is !== 'file' && check.is !== 'bfd';
