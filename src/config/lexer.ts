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

/** Who is told what stands in the lines of a run, in order; all places are indices of the run's text. */
export interface Listener {
  /** The first word or brace of line number `line`, which begins at `start`. */
  begin(first: string, line: number, start: number): void;
  /** Words up to a brace or the end of the line: the first `count` of `texts`, which is used again. */
  words(texts: readonly string[], count: number, from: number, to: number): void;
  brace(brace: '{' | '}', at: number): void;
}

/**
 * The lines of a run, straight from the file's text: a large file is made of such lines, and an object for each line and word would
 * cost more than all that is done with them.
 */
export function scanRun(run: Run, listener: Listener): void {
  const { text, to } = run;
  const texts: string[] = [];
  let line = run.line;
  for (let start = run.from; start < to; line++) {
    let at = afterBlanks(text, start, to);
    let begun = false;
    let count = 0;
    let from = at;
    while (at < to && text.charCodeAt(at) !== NEWLINE) {
      const end = endOfWord(text, at, to);
      if (end > at) {
        if (count === 0) from = at;
        texts[count++] = sameText(text, at, end);
        if (!begun) listener.begin(texts[0]!, line, start);
      } else {
        const brace = text.charCodeAt(at) === OPEN ? '{' : '}';
        if (count > 0) listener.words(texts, count, from, at);
        count = 0;
        if (!begun) listener.begin(brace, line, start);
        listener.brace(brace, at);
      }
      begun = true;
      at = afterBlanks(text, end > at ? end : at + 1, to);
    }
    if (count > 0) listener.words(texts, count, from, at);
    start = at + 1;
  }
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

function sameText(text: string, from: number, to: number): string {
  const middle = text.charCodeAt((from + to) >> 1);
  const slot = (text.charCodeAt(from) + 31 * text.charCodeAt(to - 1) + 97 * middle + 389 * (to - from)) & 4095;
  const before = known[slot]!;
  if (before.length === to - from && text.startsWith(before, from)) return before;
  return (known[slot] = text.slice(from, to));
}
