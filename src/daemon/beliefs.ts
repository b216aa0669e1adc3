import type { Check } from '../config/check.js';
import type { DynamicWeight } from '../health/check.js';
import { type Flaps, noFlaps } from '../health/damping.js';
import type { Belief, Finding } from '../health/finding.js';
import { assumed, known } from '../health/judge.js';
import type { KeptCheck, KeptServer } from './health-state.js';

/**
 * What is believed of a check before its first attempt. Pure. `offsetMs` is how far the time since 1970 is ahead of the clock that
 * findings live by.
 */
export interface Evidence {
  readonly check: Check;
  readonly id: () => string;
  /** What was found of this server before, by these checks or others. */
  readonly kept: KeptServer | undefined;
  /** What the kernel's table says, for a server that nobody remembers. */
  readonly table: boolean | undefined;
}

/**
 * The same check: what it found. Another check of a server that was watched: what the old ones found holds until the new one knows
 * better, so that nobody puts a dead server back by changing its check. Nothing known: as `alpha` says.
 */
export function beliefOf({ check, id, kept, table }: Evidence, now: number, offsetMs: number): Belief {
  if (kept === undefined) {
    if (table === undefined) return { judgement: assumed(check.pace.alpha ? 'down' : 'up') };
    return { judgement: known(table ? 'up' : 'down') };
  }
  const same = kept.checks.get(id());
  const clockMs = (ms: number): number => Math.min(now, ms - offsetMs);
  const weight = same?.weight ?? weightOfKind(kept, check);
  return {
    judgement: known(same?.verdict ?? (kept.up ? 'up' : 'down'), flapsOf(check, same, clockMs)),
    ...(same?.sinceMs === undefined ? {} : { sinceMs: clockMs(same.sinceMs) }),
    ...(weight === undefined ? {} : { weight }),
  };
}

const weightOfKind = ({ checks }: KeptServer, check: Check): DynamicWeight | undefined =>
  [...checks.values()].find(({ is, weight }) => is === check.is && weight !== undefined)?.weight;

function flapsOf(check: Check, same: KeptCheck | undefined, clockMs: (ms: number) => number): Flaps {
  if (check.pace.damping === undefined || same?.fellAtMs === undefined) return noFlaps;
  // for how long it has been alive is not kept: who restarts us interrupts it
  return { fellAt: same.fellAtMs.map(clockMs), damped: same.damped === true, aliveSinceMs: undefined };
}

/** Of a probe that several servers share: who is known to be down has to pass first, and knowing goes before assuming. */
export function commonBelief(beliefs: readonly Belief[]): Belief {
  const certain = beliefs.filter(({ judgement }) => judgement.proven);
  const down = certain.find(({ judgement }) => judgement.verdict === 'down');
  return down ?? certain[0] ?? beliefs[0] ?? { judgement: assumed('up') };
}

/** One check of a server, as far as it has found something. */
export interface Found {
  readonly is: string;
  readonly id: () => string;
  readonly finding: Finding;
}

/** Most servers are up and there is no more to say. */
const fine: KeptServer = { up: true, checks: new Map() };

/** What is to be kept of a server; undefined: nothing is known of it that was not assumed. */
export function keptServer(checks: readonly Found[], offsetMs: number): KeptServer | undefined {
  const proven = checks.filter(({ finding }) => finding.judgement.proven);
  const isUp = proven.every(({ finding }) => finding.judgement.verdict === 'up');
  // one failure is enough to know that it is down, but up is only who passed all
  if (checks.length === 0 || (isUp && proven.length < checks.length)) return undefined;
  const noteworthy = isUp ? proven.filter(({ finding }) => saysMore(finding)) : proven;
  if (isUp && noteworthy.length === 0) return fine;
  return { up: isUp, checks: new Map(noteworthy.map((check) => [check.id(), keptCheck(check, offsetMs)])) };
}

const saysMore = ({ judgement, weight }: Finding): boolean => weight !== undefined || judgement.flaps.fellAt.length > 0;

function keptCheck({ is, finding: { judgement, sinceMs, weight } }: Found, offsetMs: number): KeptCheck {
  const { fellAt, damped } = judgement.flaps;
  const wallMs = (ms: number): number => Math.round(ms + offsetMs);
  return {
    is,
    verdict: judgement.verdict,
    ...(sinceMs === undefined ? {} : { sinceMs: wallMs(sinceMs) }),
    ...(weight === undefined ? {} : { weight }),
    ...(fellAt.length === 0 ? {} : { fellAtMs: fellAt.map(wallMs) }),
    ...(damped ? { damped } : {}),
  };
}
