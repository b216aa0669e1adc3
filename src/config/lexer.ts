import type { Diagnostics, Place } from './diagnostics.js';

/** One line of text to be read: as it stands in the file, or as variables and sequences made it. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** The column in the file of each character of `text`, where it is not its index + 1. */
  readonly columns?: readonly number[];
}

/** Lines of a file, one after the other, that mean what they say: no comment, quote, variable, condition, repetition or include. */
export interface Run {
  readonly file: string;
  /** The whole file. */
  readonly text: string;
  /** Where in it the lines are: from the first character of one, to behind the last of another. */
  readonly from: number;
  readonly to: number;
  /** The number of the first one. */
  readonly line: number;
}

export interface Word {
  readonly is: 'word' | 'quoted' | '{' | '}';
  readonly text: string;
  /** Where it stands in the text of its line, quotes included: from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
}

export interface LexedLine {
  readonly source: SourceLine;
  readonly words: readonly Word[];
}

export function placeOf(source: SourceLine, from: number, to: number): Place {
  return { file: source.file, line: source.line, column: columnAt(source, from), length: Math.max(1, to - from) };
}

/** Behind the last character: the column after its own. */
export const columnAt = ({ columns }: Pick<SourceLine, 'columns'>, at: number): number =>
  columns === undefined ? at + 1 : (columns[at] ?? (columns.at(-1) ?? 0) + 1);

const NUL = 0;
const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const BANG = 33;
const QUOTE = 34;
const HASH = 35;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

const isBlank = (code: number): boolean => code === SPACE || (code >= TAB && code <= RETURN);

/** What a line of a run does not have. */
const SIGN = /[$~@#!"\0]|include/g;

/** Where the run that begins at `from` ends: before the next line that must be looked at by itself. */
export function endOfRun(text: string, from: number): number {
  SIGN.lastIndex = from;
  const sign = SIGN.exec(text);
  return sign === null ? text.length : Math.max(from, text.lastIndexOf('\n', sign.index) + 1);
}

/**
 * A line without its comment, which starts at `#` or `!` outside double quotes, also inside a word. `\#` and `\!` are the characters
 * themselves.
 */
export function withoutComment(source: SourceLine): {
  readonly code: SourceLine;
  readonly commentAt: number | undefined;
} {
  const { text } = source;
  if (!/[#!]/.test(text)) return { code: source, commentAt: undefined };
  let quoted = false;
  let kept = '';
  let columns: number[] | undefined;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const next = text.charCodeAt(i + 1);
    if (code === BACKSLASH && !quoted && (next === HASH || next === BANG)) {
      columns ??= Array.from({ length: kept.length }, (_, at) => columnAt(source, at));
      i++;
    } else if (code === QUOTE) quoted = !quoted;
    else if ((code === HASH || code === BANG) && !quoted) {
      return { code: lineOf(source, kept, columns), commentAt: i };
    }
    kept += text[i]!;
    columns?.push(columnAt(source, i));
  }
  return { code: lineOf(source, kept, columns), commentAt: undefined };
}

const lineOf = (source: SourceLine, text: string, columns: readonly number[] | undefined): SourceLine =>
  columns === undefined ? { ...source, text } : { ...source, text, columns };

/** The words of a line without comments, or a complaint about what cannot be one: the words before it are read. */
export function lex(source: SourceLine, diagnostics: Diagnostics): LexedLine {
  const { text } = source;
  const { words, brokenAt } = wordsOf(text, 0, text.length);
  if (brokenAt !== undefined && text.charCodeAt(brokenAt) === NUL)
    diagnostics.spoil(placeOf(source, brokenAt, brokenAt + 1), 'a NUL byte', { expected: 'text' });
  else if (brokenAt !== undefined)
    diagnostics.spoil(placeOf(source, brokenAt, text.length), 'a quote that is not closed', {
      expected: "'\"' on the same line",
    });
  return { source, words };
}

/**
 * Characters → words. Double quotes make one word of what they hold and end the word before them; braces outside quotes are words of
 * their own, also within a word. `brokenAt`: there is a NUL, or a quote that is not closed. Places count from `lineStart`.
 */
export function wordsOf(
  text: string,
  from: number,
  to: number,
  lineStart = 0,
): { readonly words: readonly Word[]; readonly brokenAt: number | undefined } {
  const words: Word[] = [];
  let start = -1;
  const endWord = (at: number): void => {
    if (start >= 0)
      words.push({ is: 'word', text: text.slice(start, at), from: start - lineStart, to: at - lineStart });
    start = -1;
  };
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      endWord(i);
      const end = text.indexOf('"', i + 1);
      if (end < 0 || end >= to) return { words, brokenAt: i - lineStart };
      words.push({ is: 'quoted', text: text.slice(i + 1, end), from: i - lineStart, to: end + 1 - lineStart });
      i = end;
    } else if (code === OPEN || code === CLOSE) {
      endWord(i);
      const brace = code === OPEN ? '{' : '}';
      words.push({ is: brace, text: brace, from: i - lineStart, to: i + 1 - lineStart });
    } else if (code === NUL) {
      endWord(i);
      return { words, brokenAt: i - lineStart };
    } else if (isBlank(code)) endWord(i);
    else if (start < 0) start = i;
  }
  endWord(to);
  return { words, brokenAt: undefined };
}

/** The words and braces of one line, as indices of the text it is in. Used again for each line: a large file has a hundred thousand. */
export class LineTokens {
  line = 0;
  /** Where the line begins and ends. */
  start = 0;
  end = 0;
  count = 0;
  /** Where each word begins and ends, without quotes; a brace ends at BRACE. */
  readonly from: number[] = [];
  readonly to: number[] = [];

  add(from: number, to: number): void {
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.count++;
  }

  /** So many lines, the last of which ends at `end`, need not be read. */
  skip(end: number, lines: number): void {
    this.end = end;
    this.line += lines;
  }
}

export const BRACE = -1;

/** The line of a run that begins at `start`; `to` is where the run ends. */
export function scanLine(text: string, start: number, to: number, tokens: LineTokens): void {
  tokens.count = 0;
  tokens.start = start;
  let at = afterBlanks(text, start, to);
  while (at < to && text.charCodeAt(at) !== NEWLINE) {
    const end = endOfWord(text, at, to);
    tokens.add(at, end > at ? end : BRACE);
    at = afterBlanks(text, end > at ? end : at + 1, to);
  }
  tokens.end = at;
}

/** The same of a line by itself, with its quotes. */
export function lexLine(source: SourceLine, diagnostics: Diagnostics, tokens: LineTokens): void {
  tokens.line = source.line;
  tokens.start = 0;
  tokens.end = source.text.length;
  tokens.count = 0;
  for (const { is, from, to } of lex(source, diagnostics).words)
    if (is === 'quoted') tokens.add(from + 1, to - 1);
    else tokens.add(from, is === 'word' ? to : BRACE);
}

function afterBlanks(text: string, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE || !isBlank(code)) break;
    at++;
  }
  return at;
}

function endOfWord(text: string, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const code = text.charCodeAt(at);
    if (code === OPEN || code === CLOSE || isBlank(code)) break;
    at++;
  }
  return at;
}

/** How far a line is indented, in columns. */
export function indentOf(text: string, start: number): number {
  for (let at = start, indent = 0; ; at++) {
    const code = text.charCodeAt(at);
    if (code === SPACE) indent++;
    else if (code === TAB) indent += 8 - (indent % 8);
    else return indent;
  }
}

/** Words of a file come again and again: most of them are made once. A miss makes it anew; nothing depends on it. */
const known = new Array<string>(4096).fill('');

/** The texts of some tokens that are words. */
export function textsOf(text: string, { from, to }: LineTokens, first: number, end: number): readonly string[] {
  const texts = new Array<string>(end - first);
  for (let i = first; i < end; i++) texts[i - first] = sameText(text, from[i]!, to[i]!);
  return texts;
}

export function sameText(text: string, from: number, to: number): string {
  const middle = text.charCodeAt((from + to) >> 1);
  const slot = (text.charCodeAt(from) + 31 * text.charCodeAt(to - 1) + 97 * middle + 389 * (to - from)) & 4095;
  const before = known[slot]!;
  if (before.length === to - from && text.startsWith(before, from)) return before;
  return (known[slot] = text.slice(from, to));
}
