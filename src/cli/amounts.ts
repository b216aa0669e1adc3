/** Numbers and moments as people read them. */

/** `4 servers`, `1 server` */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** At most five characters, the prefixes of thousands: `0`, `0.4`, `12`, `1.5k`, `230M`. */
export function short(value: number): string {
  let [scaled, power] = [Math.abs(value), 0];
  while (roundedTo(scaled) >= 1000 && power < PREFIXES.length - 1) [scaled, power] = [scaled / 1000, power + 1];
  const sign = value < 0 ? '-' : '';
  return `${sign}${roundedTo(scaled)}${PREFIXES[power] ?? ''}`;
}

/** With a decimal where it says something. */
const roundedTo = (value: number): number => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));

/** Of the clock here: `2026-11-22 03:04:05` */
export function momentText(ms: number): string {
  const at = new Date(ms);
  return `${dateText(at)} ${timeText(at)}`;
}

/** `03:04:05` */
export const clockText = (ms: number): string => timeText(new Date(ms));

const dateText = (at: Date): string => [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
const timeText = (at: Date): string => [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
const two = (number: number): string => String(number).padStart(2, '0');

/** `7 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h` */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts: readonly (readonly [amount: number, unit: string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

/** A whole number of seconds, or undefined. */
export const readSeconds = (text: string, most = 31_536_000): number | undefined =>
  /^\d{1,9}$/.test(text) && Number(text) >= 1 && Number(text) <= most ? Number(text) : undefined;
