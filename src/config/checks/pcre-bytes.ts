/** Sets of bytes, as PCRE without its Unicode options knows them: classes, their names and escapes in the C locale. */
export type ByteSet = ReadonlySet<number>;

type Range = readonly [from: number, to: number];

export const setOf = (...ranges: readonly Range[]): ByteSet =>
  new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));
export const allBut = (set: ByteSet): ByteSet => new Set([...setOf([0, 255])].filter((byte) => !set.has(byte)));

const code = (character: string): number => character.charCodeAt(0);
const span = (from: string, to = from): Range => [code(from), code(to)];

const digit = [span('0', '9')];
const upper = [span('A', 'Z')];
const lower = [span('a', 'z')];
const alnum = [...digit, ...upper, ...lower];
const word = [...alnum, span('_')];
const space = [span('\t', '\r'), span(' ')];
const NO_BREAK_SPACE: Range = [0xa0, 0xa0];
const NEXT_LINE: Range = [0x85, 0x85];

/** `[:alpha:]` and the others (pcre2pattern(3), POSIX character classes). */
export const posixClasses: ReadonlyMap<string, ByteSet> = new Map([
  ['alnum', setOf(...alnum)],
  ['alpha', setOf(...upper, ...lower)],
  ['ascii', setOf([0, 127])],
  ['blank', setOf(span('\t'), span(' '))],
  ['cntrl', setOf([0, 31], [127, 127])],
  ['digit', setOf(...digit)],
  ['graph', setOf(span('!', '~'))],
  ['lower', setOf(...lower)],
  ['print', setOf(span(' ', '~'))],
  ['punct', setOf(span('!', '/'), span(':', '@'), span('[', '`'), span('{', '~'))],
  ['space', setOf(...space)],
  ['upper', setOf(...upper)],
  ['word', setOf(...word)],
  ['xdigit', setOf(...digit, span('A', 'F'), span('a', 'f'))],
]);

const escapes: readonly (readonly [letter: string, set: ByteSet])[] = [
  ['d', setOf(...digit)],
  ['w', setOf(...word)],
  ['s', setOf(...space)],
  ['h', setOf(span('\t'), span(' '), NO_BREAK_SPACE)],
  ['v', setOf(span('\n', '\r'), NEXT_LINE)],
];

/** `\d`, `\D` … (Generic character types). */
export const classEscapes: ReadonlyMap<string, ByteSet> = new Map(
  escapes.flatMap(([letter, set]) => [
    [letter, set],
    [letter.toUpperCase(), allBut(set)],
  ]),
);

/** caseless: of ASCII letters both cases. */
export const inBothCases = (set: ByteSet): ByteSet => new Set([...set].flatMap((byte) => [byte, otherCase(byte)]));

export function otherCase(byte: number): number {
  const isLetter = /[A-Za-z]/.test(String.fromCharCode(byte));
  return isLetter ? byte ^ 0x20 : byte;
}

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

/** As one atom of a JavaScript pattern without flags. */
export function setText(set: ByteSet): string {
  if (set.size === 256) return '[^]';
  let text = '';
  for (let from = 0; from < 256; from++) {
    if (!set.has(from)) continue;
    let to = from;
    while (set.has(to + 1)) to++;
    text += to === from ? hex(from) : `${hex(from)}-${hex(to)}`;
    from = to;
  }
  return `[${text}]`; // [] matches nothing
}

/** A byte as one atom of a JavaScript pattern. */
export const byteText = (byte: number): string =>
  /[A-Za-z0-9]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : hex(byte);
