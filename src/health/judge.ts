/** When an outcome changes the verdict, and how long to wait for the next attempt. Pure. */
import { type PaceSettings, retryMs, riseMs, steadyMs } from './adaptive.js';
import { type DampingSettings, fell, type Flaps, holdLeftMs, noFlaps, recovers, relapses } from './damping.js';

export interface JudgeSettings extends PaceSettings {
  /** Further attempts before a server that was up is down (retry; fall - 1). */
  readonly retries: number;
  /** Successes in a row that bring a server up again: 1, but for HTTP that of the url that failed and then a round of all. */
  readonly rise: number;
  /** The same for one that was never seen: of it no url has failed. */
  readonly riseUnseen: number;
  /** flap_damping; undefined: off. */
  readonly damping?: DampingSettings;
}

export type Verdict = 'up' | 'down';

export interface Judgement {
  readonly verdict: Verdict;
  /** The verdict rests on an attempt, or on what the kernel's table or our memory said when we came. */
  readonly proven: boolean;
  /** Equal outcomes in a row that speak against the verdict. */
  readonly against: number;
  readonly flaps: Flaps;
}

export interface JudgeStep {
  readonly judgement: Judgement;
  readonly waitMs: number;
}

export const assumed = (verdict: Verdict): Judgement => ({ verdict, proven: false, against: 0, flaps: noFlaps });
export const known = (verdict: Verdict, flaps: Flaps = noFlaps): Judgement => ({
  verdict,
  proven: true,
  against: 0,
  flaps,
});

/**
 * As keepalived: a server that is only assumed to be up is down at its first failure; one that was seen up gets `retries` further
 * attempts; one that is down comes up after `rise` successes, and failures while down are not retried any sooner. `now` is the end
 * of the attempt, in milliseconds of any clock that does not jump.
 */
export function judge(my: JudgeSettings, before: Judgement, isAlive: boolean, now: number): JudgeStep {
  if (isAlive === (before.verdict === 'up')) return { judgement: confirmed(before), waitMs: steadyMs(my) };
  return isAlive ? rises(my, before, now) : falls(my, before, now);
}

/** Nothing is allocated while nothing changes: this is the road of nearly all attempts. */
function confirmed(before: Judgement): Judgement {
  const flaps = before.verdict === 'up' ? before.flaps : relapses(before.flaps);
  if (before.proven && before.against === 0 && flaps === before.flaps) return before;
  return known(before.verdict, flaps);
}

function falls(my: JudgeSettings, before: Judgement, now: number): JudgeStep {
  const against = before.against + 1;
  if (before.proven && against <= my.retries) return { judgement: { ...before, against }, waitMs: retryMs(my) };
  const flaps = before.proven ? fell(my.damping, before.flaps, now) : before.flaps;
  return { judgement: known('down', flaps), waitMs: steadyMs(my) };
}

function rises(my: JudgeSettings, before: Judgement, now: number): JudgeStep {
  const against = before.against + 1;
  const flaps = recovers(before.flaps, now);
  const judgement = { ...before, against, flaps };
  if (against < (before.proven ? my.rise : my.riseUnseen)) return { judgement, waitMs: riseMs(my) };
  const holdMs = holdLeftMs(my.damping, flaps, now);
  if (holdMs > 0) return { judgement, waitMs: Math.min(holdMs, steadyMs(my)) };
  // who has served its time begins anew; falls that led to nothing still count
  return { judgement: known('up', flaps.damped ? noFlaps : flaps), waitMs: steadyMs(my) };
}

/** keepalived waits one second before the first check, and then a random part of `warmup`. */
export const firstAttemptMs = (warmupMs: number, random: number): number => 1000 + random * warmupMs;
