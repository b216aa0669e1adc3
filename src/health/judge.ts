/** When an outcome changes the verdict, and how long to wait for the next attempt. Pure. */
export interface JudgeSettings {
  /** Pause between the end of an attempt and the next one (delay_loop). */
  readonly intervalMs: number;
  /** Further attempts before a server that was up is down (retry). */
  readonly retries: number;
  /** Pause before such an attempt (delay_before_retry). */
  readonly retryDelayMs: number;
  /** Successes in a row that bring a server up again: 1, but for HTTP that of the url that failed and then a round of all. */
  readonly rise: number;
  /** Pause between those successes. */
  readonly riseDelayMs: number;
}

export type Verdict = 'up' | 'down';

export interface Judgement {
  readonly verdict: Verdict;
  /** The verdict rests on an attempt, or on what the kernel's table said when we came. */
  readonly proven: boolean;
  /** Equal outcomes in a row that speak against the verdict. */
  readonly against: number;
}

export interface JudgeStep {
  readonly judgement: Judgement;
  readonly waitMs: number;
}

export const assumed = (verdict: Verdict): Judgement => ({ verdict, proven: false, against: 0 });
export const known = (verdict: Verdict): Judgement => ({ verdict, proven: true, against: 0 });

/**
 * As keepalived: a server that is only assumed to be up is down at its first failure; one that was seen up gets `retries` further
 * attempts; one that is down comes up after `rise` successes, and failures while down are not retried any sooner.
 */
export function judge(my: JudgeSettings, before: Judgement, isAlive: boolean): JudgeStep {
  const agrees = isAlive === (before.verdict === 'up');
  if (agrees) return { judgement: known(before.verdict), waitMs: my.intervalMs };

  const against = before.against + 1;
  const needed = isAlive ? successesNeeded(my, before) : before.proven ? my.retries + 1 : 1;
  if (against >= needed) return { judgement: known(isAlive ? 'up' : 'down'), waitMs: my.intervalMs };
  return {
    judgement: { ...before, against },
    waitMs: isAlive ? my.riseDelayMs : my.retryDelayMs,
  };
}

/** Of a server that was never seen no url has failed: the round is enough. */
const successesNeeded = ({ rise }: JudgeSettings, { proven }: Judgement): number =>
  proven ? rise : Math.max(1, rise - 1);

/** keepalived waits one second before the first check, and then a random part of `warmup`. */
export const firstAttemptMs = (warmupMs: number, random: number): number => 1000 + random * warmupMs;
