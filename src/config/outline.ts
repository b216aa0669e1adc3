import type { Bodies, Body } from './bodies.js';
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
 * one block at a time is there as statements. Blocks like one before are not read at all. undefined: something is not in order, or stands
 * on one line with an outermost brace.
 */
export function outline(
  pieces: readonly Piece[],
  shape: Shape,
  diagnostics: Diagnostics,
  bodies: Bodies,
  blockOf: (inside: readonly Piece[]) => readonly Statement[],
): readonly Statement[] | undefined {
  const outliner = new Outliner(pieces, shape, bodies, blockOf);
  readLines(pieces, diagnostics, outliner);
  return outliner.end();
}

/** A block that is not closed yet. */
interface Open {
  readonly keyword: string;
  /** Its piece, and where in that its lines begin. */
  readonly index: number;
  readonly from: number;
  readonly line: number;
  /** Nothing stands behind the brace. */
  readonly endsLine: boolean;
}

class Outliner implements LineReader {
  readonly #pieces: readonly Piece[];
  readonly #shape: Shape;
  readonly #bodies: Bodies;
  readonly #blockOf: (inside: readonly Piece[]) => readonly Statement[];
  readonly #statements: WrittenStatement[] = [];
  #isInOrder = true;
  readonly #open: Open[] = [];
  /** The keyword that a '{' would belong to. */
  #last: string | undefined;
  #piece: Piece | undefined;
  #index = 0;

  constructor(
    pieces: readonly Piece[],
    shape: Shape,
    bodies: Bodies,
    blockOf: (inside: readonly Piece[]) => readonly Statement[],
  ) {
    this.#pieces = pieces;
    this.#shape = shape;
    this.#bodies = bodies;
    this.#blockOf = blockOf;
  }

  enter(piece: Piece, index: number): void {
    this.#piece = piece;
    this.#index = index;
  }

  end(): readonly Statement[] | undefined {
    this.#needsNoBlock();
    return this.#isInOrder && this.#open.length === 0 ? this.#statements : undefined;
  }

  line(tokens: LineTokens): void {
    const { text } = this.#piece!;
    const first = firstText(text, tokens);
    if (first !== '{') {
      this.#needsNoBlock();
      this.#last = undefined;
    }
    if (this.#open.length > 0 && this.#shape.outermost.has(first)) this.#isInOrder = false;
    let begin = 0;
    for (let i = 0; i < tokens.count; i++) {
      if (tokens.to[i] !== BRACE) continue;
      const at = tokens.from[i]!;
      if (i > begin) this.#words(tokens, begin, i, at);
      if (isOpening(text, at)) this.#opening(tokens, i === tokens.count - 1);
      else this.#closing(tokens, i);
      this.#last = undefined;
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
    if (this.#open.length === 0) this.#statements.push(statementOf(this.#piece!, tokens, first, end, to));
  }

  #opening(tokens: LineTokens, endsLine: boolean): void {
    const keyword = this.#last;
    if (keyword === undefined || (this.#open.length === 0 && !endsLine)) this.#isInOrder = false;
    const open = { keyword: keyword ?? '', index: this.#index, from: tokens.end + 1, line: tokens.line + 1, endsLine };
    const piece = this.#piece!;
    const body =
      endsLine && isRun(piece) ? this.#bodies.find(open.keyword, piece.text, open.from, piece.to) : undefined;
    if (body === undefined) {
      this.#open.push(open);
      return;
    }
    tokens.skip(open.from + body.text.length - 1, body.lines);
    if (this.#open.length === 0) this.#close(open, open.from + body.inside, tokens.line, body);
  }

  #closing(tokens: LineTokens, i: number): void {
    const open = this.#open.pop();
    if (open === undefined || (this.#open.length === 0 && i > 0)) this.#isInOrder = false;
    if (open === undefined || !this.#isInOrder) return;
    const body = i === 0 && tokens.count === 1 ? this.#bodyOf(open, tokens) : undefined;
    if (this.#open.length === 0) this.#close(open, tokens.start, tokens.line, body);
  }

  /** Its braces have lines of their own, in one run. */
  #bodyOf({ keyword, index, from, line, endsLine }: Open, tokens: LineTokens): Body | undefined {
    const piece = this.#piece!;
    const end = tokens.end + 1;
    if (!endsLine || index !== this.#index || !isRun(piece) || end > piece.to) return undefined;
    return this.#bodies.keep(keyword, piece.text, from, tokens.start, end, tokens.line + 1 - line);
  }

  /** `closing`: where the line of the closing brace begins. */
  #close(open: Open, closing: number, lastLine: number, body: Body | undefined): void {
    const inside = this.#linesOf(open, closing);
    if (inside === undefined) this.#isInOrder = false;
    else this.#statements.at(-1)?.close(() => this.#blockOf(inside), lastLine, body);
  }

  /** The lines between the two braces. */
  #linesOf({ index, from, line }: Open, closing: number): readonly Piece[] | undefined {
    const last = this.#piece!;
    const first = this.#pieces[index];
    if (first === undefined) return undefined;
    if (index === this.#index) return isRun(first) ? [{ ...first, from, line, to: closing }] : [];
    const begin = isRun(first) ? [{ ...first, from, line }] : [];
    const end = isRun(last) ? [{ ...last, to: closing }] : [];
    return [...begin, ...this.#pieces.slice(index + 1, this.#index), ...end];
  }
}
