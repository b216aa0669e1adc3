import type { Complaint } from './service.js';

/** Lines of the language that are being made of a document, each with the place it is from; and what cannot be a line. */
export class Lines {
  readonly texts: string[] = [];
  /** Of the line of the same index. */
  readonly pointers: string[] = [];
  readonly complaints: Complaint[] = [];

  line(pointer: string, text: string): void {
    this.texts.push(text);
    this.pointers.push(pointer);
  }

  wrong(pointer: string, message: string): void {
    this.complaints.push({ pointer, message });
  }

  /** `WORD {`, what `inside` adds, `}`. */
  block(pointer: string, word: string, inside: () => void): void {
    this.line(pointer, `${word} {`);
    inside();
    this.line(pointer, '}');
  }
}

/** Makes lines of one value, or complains of it. `at`: its pointer. */
export type Write = (value: unknown, at: string, lines: Lines) => void;

/** A value in quotes. The language has no way to write a quote in quotes, and `${` and `$_` are its own. */
export function quoted(value: string, at: string, lines: Lines): string {
  const sign = /["\u0000-\u001f\u007f]|\$[{_]/.exec(value)?.[0];
  if (sign === undefined) return `"${value}"`;
  lines.wrong(at, `${JSON.stringify(sign)} cannot stand in it`);
  return '""';
}

/** The lines come from somewhere else; the value is only looked at. */
export const only =
  (is: (value: unknown) => boolean, expected: string): Write =>
  (value, at, lines) => {
    if (!is(value)) lines.wrong(at, `must be ${expected}`);
  };

export const isText = (value: unknown): value is string => typeof value === 'string';
export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
export const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text =
  (word: string): Write =>
  (value, at, lines) => {
    if (isText(value)) lines.line(at, `${word} ${quoted(value, at, lines)}`);
    else lines.wrong(at, 'must be text');
  };

export const number =
  (word: string): Write =>
  (value, at, lines) => {
    if (isNumber(value)) lines.line(at, `${word} ${value}`);
    else lines.wrong(at, 'must be a number');
  };

/** A word that stands there or not. */
export const flag =
  (word: string): Write =>
  (value, at, lines) => {
    if (value === true) lines.line(at, word);
    else if (value !== false) lines.wrong(at, 'must be true or false');
  };

/** A word that is followed by `on` or `off`. */
export const switched =
  (word: string): Write =>
  (value, at, lines) => {
    if (isFlag(value)) lines.line(at, `${word} ${value ? 'on' : 'off'}`);
    else lines.wrong(at, 'must be true or false');
  };

/** All on one line. */
export const listed =
  (word: string): Write =>
  (value, at, lines) => {
    if (!isList(value) || !value.every(isText)) lines.wrong(at, 'must be a list of texts');
    else if (value.length > 0)
      lines.line(at, `${word} ${value.map((one, i) => quoted(one, `${at}/${i}`, lines)).join(' ')}`);
  };

export const each =
  (write: Write): Write =>
  (value, at, lines) => {
    if (!isList(value)) lines.wrong(at, 'must be a list');
    else for (const [i, one] of value.entries()) write(one, `${at}/${i}`, lines);
  };

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** RFC 6901 */
export const pointerTo = (at: string, name: string): string =>
  `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** An object: its fields in the order of `writes`, no others, and none of `needed` absent. */
export function fields(
  value: unknown,
  at: string,
  lines: Lines,
  writes: Readonly<Record<string, Write>>,
  needed: readonly string[] = [],
): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) {
    lines.wrong(at, 'must be an object');
    return false;
  }
  for (const name of Object.keys(value))
    if (!Object.hasOwn(writes, name)) lines.wrong(pointerTo(at, name), `'${name}' is not known here`);
  for (const name of needed) if (value[name] === undefined) lines.wrong(at, `lacks '${name}'`);
  for (const [name, write] of Object.entries(writes))
    if (Object.hasOwn(value, name) && value[name] !== undefined) write(value[name], pointerTo(at, name), lines);
  return true;
}

/** One of some words, as another word of the language. */
export const worded =
  <T extends string>(word: string, meanings: Readonly<Record<T, string>>): Write =>
  (value, at, lines) => {
    if (isText(value) && Object.hasOwn(meanings, value)) lines.line(at, `${word} ${meanings[value as T]}`);
    else lines.wrong(at, `must be one of ${Object.keys(meanings).join(', ')}`);
  };
