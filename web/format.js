/** Numbers and times as people read them. Pure. */

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const STEPS = /** @type {const} */ ([
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
]);

/** What is not known is a dash. */
export const NOT_KNOWN = '–';

/** @param {number | null | undefined} value */
export const whole = (value) => (value === null || value === undefined ? NOT_KNOWN : WHOLE.format(value));

/** 12.3 k. @param {number | null | undefined} value */
export function short(value) {
  if (value === null || value === undefined) return NOT_KNOWN;
  if (value < 10 && value > 0) return value < 0.05 ? '<0.1' : String(Math.round(value * 10) / 10);
  const [size, letter] = STEPS.find(([size]) => value >= size) ?? [1, ''];
  return letter === '' ? WHOLE.format(value) : `${SHORT.format(value / size)} ${letter}`;
}

/** @param {number | null | undefined} bytesPerSecond */
export const bits = (bytesPerSecond) =>
  bytesPerSecond === null || bytesPerSecond === undefined
    ? NOT_KNOWN
    : `${short(bytesPerSecond * 8)}${bytesPerSecond * 8 >= 1000 ? '' : ' '}bit/s`;

/** 3 s, 5 min, 2 h, 4 d. @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Of this machine's clock: 02:14:05. @param {number} at milliseconds since 1970 */
export const clock = (at) => CLOCK.format(at);

/** With the day, if it is another one than `now`. @param {number} at @param {number} now */
export const moment = (at, now) => (DAY.format(at) === DAY.format(now) ? clock(at) : `${DAY.format(at)} ${clock(at)}`);

/** 1 server, 2 servers. @param {number} count @param {string} noun */
export const many = (count, noun) => `${WHOLE.format(count)} ${noun}${count === 1 ? '' : 's'}`;
