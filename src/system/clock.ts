/**
 * system/ — effects that everybody needs, as ports: time, chance, logs, signals, files that are replaced whole.
 * Nothing here knows what a virtual server is; timers, clocks and random numbers are nowhere else.
 */
export type Cancel = () => void;

/** The only door to time. `now` is monotonic: it never jumps when NTP corrects the wall clock. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  after(ms: number, run: () => void): Cancel;
}

/** The longest wait of setTimeout; anything longer would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const handle = setTimeout(run, Math.min(ms, LONGEST_MS));
    return () => clearTimeout(handle);
  },
};

/** CLOCK_MONOTONIC, as other programs of this machine read it; never for measuring. */
export const monotonicUs = (): bigint => process.hrtime.bigint() / 1000n;

/** Wall-clock time as ISO text, for what people read and for files; never for measuring. */
export const wallClock = (): string => new Date().toISOString();

/** Milliseconds since 1970: only for moments that outlive the process, and for dates that others wrote (certificates). */
export const wallMs = (): number => Date.now();
