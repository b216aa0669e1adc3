import { Bodies, type Body } from './bodies.js';
import type { Diagnostics } from './diagnostics.js';
import { BRACE, LineTokens, type Run, sameText } from './lexer.js';
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

/** A block that is not closed yet. */
interface Open {
  readonly keyword: string;
  /** Its piece, and where in that its lines begin. */
  readonly index: number;
  readonly from: number;
  readonly line: number;
  /** Nothing stands behind the brace. */
  readonly endsLine: boolean;
  /** No line with a brace has come since. */
  isFresh: boolean;
}

/**
 * The outermost statements of lines whose braces are in order, with blocks that are made each time they are looked into: of a large file
 * one block at a time is there as statements. Blocks like one before are not read at all.
 */
export class Outliner implements LineReader {
  readonly #shape: Shape;
  readonly #bodies: Bodies;
  /** Of blocks, only the lines before the first one with a brace. */
  readonly #heads = new Bodies();
  readonly #blockOf: (inside: readonly Piece[]) => readonly Statement[];
  readonly #tokens = new LineTokens();
  readonly #open: Open[] = [];
  #pieces: readonly Piece[] = [];
  #statements: WrittenStatement[] = [];
  #isInOrder = true;
  /** The keyword that a '{' would belong to. */
  #last: string | undefined;
  #piece: Piece | undefined;
  #index = 0;

  constructor(shape: Shape, bodies: Bodies, blockOf: (inside: readonly Piece[]) => readonly Statement[]) {
    this.#shape = shape;
    this.#bodies = bodies;
    this.#blockOf = blockOf;
  }

  /** undefined: something is not in order, or stands on one line with an outermost brace. */
  read(pieces: readonly Piece[], diagnostics: Diagnostics): readonly Statement[] | undefined {
    this.#pieces = pieces;
    this.#statements = [];
    this.#isInOrder = true;
    this.#open.length = 0;
    this.#last = undefined;
    readLines(pieces, diagnostics, this, this.#tokens);
    this.#needsNoBlock();
    return this.#isWhole() ? this.#statements : undefined;
  }

  #isWhole(): boolean {
    return this.#isInOrder && this.#open.length === 0;
  }

  enter(piece: Piece, index: number): void {
    this.#piece = piece;
    this.#index = index;
  }

  line(tokens: LineTokens): void {
    const { text } = this.#piece!;
    const first = firstText(text, tokens);
    if (first !== '{') {
      this.#needsNoBlock();
      this.#last = undefined;
    } else if (this.#open.length > 0) this.#open.at(-1)!.isFresh = false;
    if (this.#open.length > 0 && this.#shape.outermost.has(first)) this.#isInOrder = false;
    let begin = 0;
    for (let i = 0; i < tokens.count; i++) {
      if (tokens.to[i] !== BRACE) continue;
      const at = tokens.from[i]!;
      if (first !== '{') this.#keepHead(tokens);
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
    const open = {
      keyword: keyword ?? '',
      index: this.#index,
      from: tokens.end + 1,
      line: tokens.line + 1,
      endsLine,
      isFresh: endsLine,
    };
    const piece = this.#piece!;
    const body =
      endsLine && isRun(piece) ? this.#bodies.find(open.keyword, piece.text, open.from, piece.to) : undefined;
    if (body === undefined) {
      this.#open.push(open);
      if (endsLine) this.#skipHead(open, tokens);
      return;
    }
    tokens.skip(open.from + body.text.length - 1, body.lines);
    if (this.#open.length === 0) this.#close(open, open.from + body.inside, tokens.line, body);
  }

  /** Blocks of one kind mostly begin with the same lines: those before the first one with a brace need not be read. */
  #skipHead(open: Open, tokens: LineTokens): void {
    const piece = this.#piece!;
    const head = isRun(piece) ? this.#heads.find(open.keyword, piece.text, open.from, piece.to) : undefined;
    if (head === undefined) return;
    open.isFresh = false;
    tokens.skip(open.from + head.text.length - 1, head.lines);
  }

  /** This line has a brace and does not begin with one: the lines before it say nothing of blocks. */
  #keepHead(tokens: LineTokens): void {
    const open = this.#open.at(-1);
    if (open?.isFresh !== true) return;
    open.isFresh = false;
    const { keyword, index, from, line } = open;
    const piece = this.#piece!;
    if (index === this.#index && isRun(piece) && tokens.line > line && this.#isInOrder)
      this.#heads.keep(keyword, piece.text, from, tokens.start, tokens.start, tokens.line - line);
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
    if (index === this.#index) return isRun(first) ? [part(first, from, closing, line)] : [];
    const begin = isRun(first) ? [part(first, from, first.to, line)] : [];
    const end = isRun(last) ? [part(last, last.from, closing, last.line)] : [];
    return [...begin, ...this.#pieces.slice(index + 1, this.#index), ...end];
  }
}

/** Its properties in the order of other runs: code that is optimised for one shape of objects has to be made again for a second. */
const part = ({ file, text }: Run, from: number, to: number, line: number): Run => ({ file, text, from, to, line });
