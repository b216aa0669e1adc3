import type { Diagnostics, Place } from './diagnostics.js';

/** One line of text to be read: as it stands in the file, or as variables and sequences made it. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** The column in the file of each character of `text`, where it is not its index + 1. */
  readonly columns?: readonly number[];
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
  const column = source.columns === undefined ? from + 1 : (source.columns[from] ?? (source.columns.at(-1) ?? 0) + 1);
  return { file: source.file, line: source.line, column, length: Math.max(1, to - from) };
}

const NUL = 0;
const TAB = 9;
const SPACE = 32;
const BANG = 33;
const QUOTE = 34;
const HASH = 35;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

const isBlank = (code: number): boolean => code === SPACE || code === TAB || code === 11 || code === 12 || code === 13;

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

export const columnAt = (source: SourceLine, at: number): number => source.columns?.[at] ?? at + 1;

const lineOf = (source: SourceLine, text: string, columns: readonly number[] | undefined): SourceLine =>
  columns === undefined ? { ...source, text } : { ...source, text, columns };

/**
 * Characters of a line without comments → words. Double quotes make one word of what they hold and end the word before them; braces
 * outside quotes are words of their own, also within a word.
 */
export function lex(source: SourceLine, diagnostics: Diagnostics): LexedLine {
  const { text } = source;
  const words = scratch;
  words.length = 0;
  let start = -1;
  const endWord = (at: number): void => {
    if (start >= 0) words.push({ is: 'word', text: text.slice(start, at), from: start, to: at });
    start = -1;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      endWord(i);
      const end = text.indexOf('"', i + 1);
      if (end < 0) {
        diagnostics.spoil(placeOf(source, i, text.length), 'a quote that is not closed', {
          expected: "'\"' on the same line",
        });
        break;
      }
      words.push({ is: 'quoted', text: text.slice(i + 1, end), from: i, to: end + 1 });
      i = end;
    } else if (code === OPEN || code === CLOSE) {
      endWord(i);
      const brace = code === OPEN ? '{' : '}';
      words.push({ is: brace, text: brace, from: i, to: i + 1 });
    } else if (code === NUL) {
      diagnostics.spoil(placeOf(source, i, i + 1), 'a NUL byte', { expected: 'text' });
      break;
    } else if (isBlank(code)) endWord(i);
    else if (start < 0) start = i;
  }
  endWord(text.length);
  return { source, words: words.slice() };
}

/** Words of one line are gathered here and copied: an array that grows by itself keeps room for many more. */
const scratch: Word[] = [];
