import type { Body } from './bodies.js';
import type { Position } from './configuration.js';
import type { Place } from './diagnostics.js';
import { columnAt, indentOf, type SourceLine, type Word, wordsOf } from './lexer.js';

/** One line of the language: its words, the keyword first, and the block it opens. */
export interface Statement {
  /** What its words say, without quotes; at least one, no braces. */
  readonly texts: readonly string[];
  readonly line: number;
  readonly block: readonly Statement[] | undefined;
  /** The line in which its block is closed; without one its own. */
  readonly lastLine: number;
  /** The text of its block, the same object for equal ones; undefined where nobody compared it. */
  readonly body: Body | undefined;
  /** The words with where they stand in the text of the line: made when they are asked for, as hardly any statement is complained about. */
  readonly words: readonly Word[];
  readonly source: SourceLine;
  /** Where in the line's text the statement begins, and where it ends: before a brace or behind the last character. */
  readonly from: number;
  readonly to: number;
  /** Of characters of the line's text. */
  placeOf(from: number, to: number): Place;
  /** Of one word: 0 is the keyword. */
  positionOf(index: number): Position;
}

/** Where a line stands: in a file's text, or in a text of its own that variables made. */
export interface Origin {
  readonly file: string;
  readonly text: string;
  readonly columns?: readonly number[];
}

/** The block that was made last: whoever looks into one asks more than once. */
let lastMade: { readonly of: Statement; readonly block: readonly Statement[] } | undefined;

/** A statement by where it stands in a text: there are a hundred thousand in a large file. */
export class WrittenStatement implements Statement {
  readonly texts: readonly string[];
  readonly line: number;
  #lastLine: number;
  #block: readonly Statement[] | (() => readonly Statement[]) | undefined;
  #body: Body | undefined;
  readonly #origin: Origin;
  /** Indices of the origin's text: of the line, of the statement, and behind it. */
  readonly #start: number;
  readonly #from: number;
  readonly #end: number;
  #words: readonly Word[] | undefined;

  constructor(texts: readonly string[], origin: Origin, line: number, start: number, from: number, end: number) {
    this.texts = texts;
    this.line = line;
    this.#block = undefined;
    this.#body = undefined;
    this.#lastLine = line;
    this.#origin = origin;
    this.#start = start;
    this.#from = from;
    this.#end = end;
  }

  get block(): readonly Statement[] | undefined {
    if (typeof this.#block !== 'function') return this.#block;
    if (lastMade?.of !== this) lastMade = { of: this, block: this.#block() };
    return lastMade.block;
  }

  /** What is in its braces, or how to make that each time it is wanted, and the line of the closing one. */
  close(block: readonly Statement[] | (() => readonly Statement[]), lastLine: number, body?: Body): void {
    this.#block = block;
    this.#lastLine = lastLine;
    this.#body = body;
  }

  get body(): Body | undefined {
    return this.#body;
  }

  get lastLine(): number {
    return this.#lastLine;
  }

  get words(): readonly Word[] {
    this.#words ??= wordsOf(this.#origin.text, this.#from, this.#end, this.#start).words;
    return this.#words;
  }

  get source(): SourceLine {
    const { file, text, columns } = this.#origin;
    const newline = text.indexOf('\n', this.#start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(this.#start, text[end - 1] === '\r' ? end - 1 : end);
    return { file, line: this.line, text: line, ...(columns === undefined ? {} : { columns }) };
  }

  /** Of its line, in columns. */
  get indent(): number {
    return indentOf(this.#origin.text, this.#start);
  }

  get from(): number {
    return this.#from - this.#start;
  }

  get to(): number {
    return this.#end - this.#start;
  }

  placeOf(from: number, to: number): Place {
    const { file } = this.#origin;
    return { file, line: this.line, column: columnAt(this.#origin, from), length: Math.max(1, to - from) };
  }

  /** Every server that is read asks for its own: without making words of all of them where that can be. */
  positionOf(index: number): Position {
    const column = columnAt(this.#origin, this.#startOf(index) - this.#start);
    return { file: this.#origin.file, line: this.line, column };
  }

  #startOf(index: number): number {
    if (index === 0) return this.#from;
    const { text } = this.#origin;
    const second = this.texts[1] ?? '';
    const at = text.indexOf(second, this.#from + this.texts[0]!.length);
    const unquoted = second !== '' && text[this.#from] !== '"' && text[at - 1] !== '"';
    return index === 1 && unquoted ? at : this.#start + this.words[index]!.from;
  }
}

export const keywordOf = (statement: Statement): string => statement.texts[0]!;

/** Of one word of the statement, 0 being the keyword; beyond the last: right behind it. */
export function placeOfWord(statement: Statement, index: number): Place {
  const { words } = statement;
  const word = words[index];
  const end = words.at(-1)!.to;
  return word === undefined ? statement.placeOf(end, end + 1) : statement.placeOf(word.from, word.to);
}

export const positionOfWord = (statement: Statement, index: number): Position => statement.positionOf(index);
