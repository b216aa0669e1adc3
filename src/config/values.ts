import { canonicalAddress, type Family, familyOf } from '../model/address.js';
import { nearest } from './nearest.js';
import type { Reader } from './terms.js';

/** What single words may be: numbers, names, addresses. Decimal only, no units, as keepalived. */
export const integer =
  (from: number, to: number): Reader<number> =>
  (text) => {
    const digits = wholeNumber(text);
    const value = digits >= 0 || !/^-\d{1,15}$/.test(text) ? digits : Number(text);
    if (value >= from && value <= to) return { value };
    return { expected: `a whole number from ${from} to ${to}`, suggestion: withoutUnit(text, from, to) };
  };

/** Up to 15 digits and nothing else, or NaN. By hand: it is what most words of a large file are. */
function wholeNumber(text: string): number {
  let value = text === '' || text.length > 15 ? Number.NaN : 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = 10 * value + digit;
  }
  return value;
}

/** What a kernel's u32 holds. */
export const MOST_U32 = 4_294_967_295;

const LEAST_SECONDS = 0.000001;
const MOST_SECONDS = 18_446_744_073;

/** A decimal number with up to six places. */
export const seconds =
  (from: number, to: number = MOST_SECONDS): Reader<number> =>
  (text, complain) => {
    const whole = wholeNumber(text);
    if (whole >= from && whole <= to && text.length <= 12) return { value: whole };
    const parts = /^(\d{1,12})?(?:\.(\d*))?$/.exec(text);
    const value = parts !== null && /\d/.test(text) ? Number(text) : Number.NaN;
    const least = from === 0 || from >= LEAST_SECONDS ? from : LEAST_SECONDS;
    if (!(value >= least && value <= to)) {
      const upTo = to === MOST_SECONDS ? '' : ` to ${to}`;
      return { expected: `seconds from ${formatSeconds(least)}${upTo}`, suggestion: withoutUnit(text, least, to) };
    }
    if ((parts?.[2] ?? '').length > 6) complain(`'${text}' has more than six decimal places; it is rounded`);
    return { value: Math.round(value * 1e6) / 1e6 };
  };

const formatSeconds = (value: number): string => (value === LEAST_SECONDS ? '0.000001' : String(value));

/** `6s`, `5x`: keepalived takes the number and says so. */
function withoutUnit(text: string, from: number, to: number): string | undefined {
  const [, number] = /^(\d{1,12}(?:\.\d{1,6})?)[a-zA-Z]+$/.exec(text) ?? [];
  return number !== undefined && Number(number) >= from && Number(number) <= to ? number : undefined;
}

export const positiveSeconds = seconds(LEAST_SECONDS);

export const oneOf = <T extends string>(...words: readonly T[]): Reader<T> =>
  choice(new Map(words.map((word) => [word, word])));

/** A word that stands for something. */
export const choice =
  <T>(words: ReadonlyMap<string, T>): Reader<T> =>
  (text) => {
    const value = words.get(text);
    if (value !== undefined) return { value };
    return { expected: listed([...words.keys()]), suggestion: nearest(text, words.keys()) };
  };

/** `a, b or c`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;

export const name =
  (what: string, longest = Number.POSITIVE_INFINITY): Reader<string> =>
  (text) =>
    text !== '' && text.length <= longest
      ? { value: text }
      : { expected: longest === Number.POSITIVE_INFINITY ? what : `${what} of at most ${longest} characters` };

export const interfaceName: Reader<string> = (text) =>
  /^[^\s/:]{1,15}$/.test(text) ? { value: text } : { expected: 'the name of an interface (at most 15 characters)' };

export const address: Reader<string> = (text) => {
  const value = canonicalAddress(text);
  return value === undefined ? { expected: 'an IPv4 or IPv6 address' } : { value };
};

export const port = integer(1, 65_535);

const anyPort = integer(0, 65_535);

/** 0 and none are the same: no port. */
export const portOrNone: Reader<number | undefined> = (text) => {
  const read = anyPort(text, () => undefined);
  if (!('value' in read)) return { expected: 'a port from 1 to 65535' };
  return { value: read.value === 0 ? undefined : read.value };
};

export const fwmark = integer(1, MOST_U32);

/** Which clients count as one: the mask or length as text, for the family it is for. */
export const granularity: Reader<{ readonly family: Family; readonly mask: string }> = (text) => {
  const mask = canonicalAddress(text);
  if (mask !== undefined && familyOf(mask) === 'ip4') return { value: { family: 'ip4', mask } };
  const length = integer(1, 128)(text, () => undefined);
  if ('value' in length) return { value: { family: 'ip6', mask: String(length.value) } };
  return { expected: 'a netmask such as 255.255.255.0 (IPv4) or a prefix length from 1 to 128 (IPv6)' };
};

/** 24 → 255.255.255.0. */
export const netmaskOf = (length: number): string =>
  [0, 8, 16, 24].map((bits) => 256 - 2 ** (8 - Math.max(0, Math.min(8, length - bits)))).join('.');

/** A file, by a path that means the same wherever lvsd was started. */
export const absolutePath: Reader<string> = (text) =>
  /^\/.*[^/]$/.test(text) ? { value: text } : { expected: 'the absolute path of a file' };
