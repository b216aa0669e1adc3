import { createHash } from 'node:crypto';
import type { AskingCheck, Check, CheckPace } from '../config/check.js';
import type { DampingSettings } from '../health/damping.js';
import type { MonitorSettings } from '../health/monitor.js';

/** A check of the file as the settings of a monitor: seconds become milliseconds, a round of urls a number of successes. */
export function monitorSettings(check: AskingCheck): MonitorSettings {
  const { intervalSeconds, retries, retryDelaySeconds, warmupSeconds, rise, unsureSeconds } = check.pace;
  const intervalMs = 1000 * intervalSeconds;
  const damping = dampingSettings(check.pace);
  // HTTP: the url that failed, and then all of them
  const round = check.is === 'http' ? check.urls.length - 1 : 0;
  return {
    check,
    intervalMs,
    retries,
    retryDelayMs: 1000 * retryDelaySeconds,
    warmupMs: 1000 * warmupSeconds,
    rise: check.is === 'http' ? round + 1 + rise : rise,
    riseUnseen: round + rise,
    riseDelayMs: check.is === 'http' && check.fastRecovery ? 0 : intervalMs,
    fromStart: check.is === 'misc',
    ...(unsureSeconds === undefined ? {} : { unsureMs: 1000 * unsureSeconds }),
    ...(damping === undefined ? {} : { damping }),
  };
}

export const dampingSettings = ({ damping }: CheckPace): DampingSettings | undefined =>
  damping === undefined
    ? undefined
    : { falls: damping.falls, withinMs: 1000 * damping.withinSeconds, holdMs: 1000 * damping.holdSeconds };

/** The same text for the same check, wherever it stands in its file: what tells a reload that a monitor may go on. */
export function checkIdentity({ position: _, ...check }: Check): string {
  // thousands of checks at each reload: asking for every value costs more than all the rest, and only urls have patterns
  return 'urls' in check ? JSON.stringify(check, withPatterns) : JSON.stringify(check);
}

const withPatterns = (_: string, value: unknown): unknown => (value instanceof RegExp ? String(value) : value);

/** Whether two checks have the same identity, which most have at a reload: no text is made to find out. */
export const sameCheck = (a: Check, b: Check): boolean => sameValue(a, b, 'position');

/** Of plain data and patterns: what a configuration consists of. `but`: a key that does not matter. */
function sameValue(a: unknown, b: unknown, but?: string): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof RegExp) return b instanceof RegExp && a.source === b.source && a.flags === b.flags;
  const [mine, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key in mine) if (key !== but && !sameValue(mine[key], other[key])) return false;
  for (const key in other) if (!(key in mine)) return false;
  return true;
}

/** The identity for files: short, and nothing can be read from it. */
export const checkId = (identity: string): string => createHash('sha256').update(identity).digest('hex').slice(0, 16);

/**
 * Whose monitor it is: one of its own for each server, but checks that send the same to the same target from the same place are one
 * (share_probes). Not what goes through the forwarding of one server, and no scripts: what they look at is not known.
 */
export function probeKey(server: string, check: Check, identity: string, share: boolean): string {
  const shared = share && 'target' in check && !check.target.viaForwarding;
  return shared ? identity : `${server}\n${identity}`;
}

/** The checks that a monitor asks. */
export const isAsking = (check: Check): check is AskingCheck => check.is !== 'file' && check.is !== 'bfd';
