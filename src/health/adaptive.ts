/** Pauses between attempts; with adaptive_interval faster while it is not sure what is true. Pure. */
export interface PaceSettings {
  /** Pause between the end of an attempt and the next one (delay_loop). */
  readonly intervalMs: number;
  /** Pause before a further attempt while it may have failed (delay_before_retry). */
  readonly retryDelayMs: number;
  /** Pause between the successes that bring a server up again. */
  readonly riseDelayMs: number;
  /** adaptive_interval: the longest pause while it is not sure; undefined: off. */
  readonly unsureMs?: number;
}

/**
 * The promise is that a refused connection is acted on in half of keepalived's mean time, delay_loop / 2 + retry x
 * delay_before_retry. So both pauses are halved, and a tenth of that is left for what comes on top of pauses: waking up, the
 * attempt itself and the kernel's table.
 */
const SHARE = 0.45;

/** While everything is as it was. */
export const steadyMs = ({ intervalMs, unsureMs }: PaceSettings): number =>
  unsureMs === undefined ? intervalMs : SHARE * intervalMs;

/** Before the next attempt at a server that was up and has failed. */
export const retryMs = ({ retryDelayMs, unsureMs }: PaceSettings): number =>
  unsureMs === undefined ? retryDelayMs : Math.min(unsureMs, SHARE * retryDelayMs);

/** Before the next attempt at a server that was down and has succeeded. */
export const riseMs = ({ riseDelayMs, unsureMs }: PaceSettings): number =>
  unsureMs === undefined ? riseDelayMs : Math.min(unsureMs, riseDelayMs);

/** An attempt that found nothing out must not be followed by the next at once: what it lacked is lacking still. */
const BREATH_MS = 100;

/** After an attempt that says nothing of the server. */
export const againMs = (my: PaceSettings): number => Math.min(steadyMs(my), Math.max(my.retryDelayMs, BREATH_MS));
