import type { Diagnostics } from './diagnostics.js';
import { BRACE, type LineTokens, sameText } from './lexer.js';
import type { Statement, WrittenStatement } from './tree.js';
import {
  firstText,
  isOpening,
  isRun,
  type LineReader,
  type Piece,
  readLines,
  type Shape,
  statementOf,
} from './tree-builder.js';

/**
 * The outermost statements of lines whose braces are in order, with blocks that are made each time they are looked into: of a large file
 * one block at a time is there as statements. undefined: something is not in order, or stands on one line with an outermost brace.
 */
export function outline(
  pieces: readonly Piece[],
  shape: Shape,
  diagnostics: Diagnostics,
  blockOf: (inside: readonly Piece[]) => readonly Statement[],
): readonly Statement[] | undefined {
  const outliner = new Outliner(pieces, shape, blockOf);
  readLines(pieces, diagnostics, outliner);
  return outliner.end();
}

class Outliner implements LineReader {
  readonly #pieces: readonly Piece[];
  readonly #shape: Shape;
  readonly #blockOf: (inside: readonly Piece[]) => readonly Statement[];
  readonly #statements: WrittenStatement[] = [];
  #isInOrder = true;
  #depth = 0;
  /** The keyword that a '{' would belong to. */
  #last: string | undefined;
  /** The line that is read: its piece, number, and where in the text it begins. */
  #piece: Piece | undefined;
  #index = 0;
  #line = 0;
  #start = 0;
  /** Of the outermost block that is open: its piece, and where in that its lines begin. */
  #opened: { readonly index: number; readonly from: number; readonly line: number } | undefined;

  constructor(pieces: readonly Piece[], shape: Shape, blockOf: (inside: readonly Piece[]) => readonly Statement[]) {
    this.#pieces = pieces;
    this.#shape = shape;
    this.#blockOf = blockOf;
  }

  enter(piece: Piece, index: number): void {
    this.#piece = piece;
    this.#index = index;
  }

  end(): readonly Statement[] | undefined {
    this.#needsNoBlock();
    return this.#isInOrder && this.#depth === 0 ? this.#statements : undefined;
  }

  line(tokens: LineTokens): void {
    const { text } = this.#piece!;
    const first = firstText(text, tokens);
    if (first !== '{') this.#needsNoBlock();
    if (first !== '{') this.#last = undefined;
    if (this.#depth > 0 && this.#shape.outermost.has(first)) this.#isInOrder = false;
    this.#line = tokens.line;
    this.#start = tokens.start;
    let begin = 0;
    for (let i = 0; i < tokens.count; i++) {
      if (tokens.to[i] !== BRACE) continue;
      if (i > begin) this.#words(tokens, begin, i, tokens.from[i]!);
      this.#brace(tokens.from[i]!);
      begin = i + 1;
    }
    if (tokens.count > begin) this.#words(tokens, begin, tokens.count, tokens.end);
  }

  #needsNoBlock(): void {
    if (this.#last !== undefined && this.#shape.opens.has(this.#last)) this.#isInOrder = false;
  }

  #words(tokens: LineTokens, first: number, end: number, to: number): void {
    const { text } = this.#piece!;
    this.#last = sameText(text, tokens.from[first]!, tokens.to[first]!);
    if (this.#depth === 0) this.#statements.push(statementOf(this.#piece!, tokens, first, end, to));
  }

  #brace(at: number): void {
    if (isOpening(this.#piece!.text, at)) {
      if (this.#last === undefined) this.#isInOrder = false;
      if (this.#depth++ === 0) this.#open(at);
    } else if (this.#depth === 0) this.#isInOrder = false;
    else if (--this.#depth === 0) this.#close(at);
    this.#last = undefined;
  }

  #open(at: number): void {
    const { text } = this.#piece!;
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (text.slice(at + 1, end).trim() !== '') this.#isInOrder = false;
    this.#opened = { index: this.#index, from: end + 1, line: this.#line + 1 };
  }

  #close(at: number): void {
    const inside = this.#isInOrder ? this.#linesTo(at) : undefined;
    if (inside === undefined) this.#isInOrder = false;
    else this.#statements.at(-1)?.close(() => this.#blockOf(inside), this.#line);
  }

  /** The lines between the two braces, or undefined if some stand on one line with them. */
  #linesTo(at: number): readonly Piece[] | undefined {
    const { index, from, line } = this.#opened!;
    const last = this.#piece!;
    if (last.text.slice(this.#start, at).trim() !== '') return undefined;
    const [first] = this.#pieces.slice(index, index + 1);
    if (first === undefined) return undefined;
    const end = isRun(last) ? [{ ...last, to: this.#start }] : [];
    if (index === this.#index) return isRun(first) ? [{ ...first, from, line, to: this.#start }] : [];
    return [...(isRun(first) ? [{ ...first, from, line }] : []), ...this.#pieces.slice(index + 1, this.#index), ...end];
  }
}
