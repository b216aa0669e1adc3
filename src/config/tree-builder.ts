import { Bodies } from './bodies.js';
import { Diagnostics, type Place } from './diagnostics.js';
import {
  BRACE,
  indentOf,
  LineTokens,
  lexLine,
  type Run,
  sameText,
  scanLine,
  type SourceLine,
  textsOf,
} from './lexer.js';
import { Outliner } from './outline.js';
import { keywordOf, placeOfWord, type Statement, WrittenStatement } from './tree.js';

/** What must be known of the language to mend a tree: words that always open a block, and those that only stand outermost. */
export interface Shape {
  readonly opens: ReadonlySet<string>;
  readonly outermost: ReadonlySet<string>;
}

/** Lines without comments, one by one or many that lie together in a file. */
export type Piece = Run | SourceLine;

export const isRun = (piece: Piece): piece is Run => 'to' in piece;

/**
 * Words → statements and blocks. Where braces balance, outermost blocks and those in them are read when they are looked into. Braces that
 * do not are one complaint each at the block they belong to: where indentation tells which block was not closed, it is believed.
 */
export function buildTree(pieces: readonly Piece[], shape: Shape, diagnostics: Diagnostics): readonly Statement[] {
  const inOrder = new Outliner(shape, new Bodies(), blocksOf(shape)).read(pieces, diagnostics);
  if (inOrder !== undefined) return inOrder;
  let tree = new Builder(shape, false).build(pieces, diagnostics);
  if (tree.problems.length > 0) {
    const indented = new Builder(shape, true).build(pieces, diagnostics);
    if (indented.problems.length > 0 && indented.problems.length <= tree.problems.length) tree = indented;
  }
  for (const { place, message, expected } of tree.problems) diagnostics.error(place, message, { expected });
  return tree.root;
}

/** What there is to complain about was found when the outline of all was made. No deeper outlines: each reads all that is in it again. */
function blocksOf(shape: Shape): (inside: readonly Piece[]) => readonly Statement[] {
  const unheard = new Diagnostics();
  const whole = (inside: readonly Piece[]): readonly Statement[] =>
    new Builder(shape, false).build(inside, unheard).root;
  const outliner = new Outliner(shape, new Bodies(), whole);
  return (inside) => outliner.read(inside, unheard) ?? whole(inside);
}

/** Who reads lines, one after the other. */
export interface LineReader {
  /** The lines of this piece come next. */
  enter(piece: Piece, index: number): void;
  line(tokens: LineTokens): void;
}

export function readLines(
  pieces: readonly Piece[],
  diagnostics: Diagnostics,
  reader: LineReader,
  tokens = new LineTokens(),
): void {
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!;
    reader.enter(piece, i);
    if (isRun(piece)) {
      tokens.line = piece.line;
      for (let start = piece.from; start < piece.to; start = tokens.end + 1) {
        scanLine(piece.text, start, piece.to, tokens);
        if (tokens.count > 0) reader.line(tokens);
        tokens.line++;
      }
    } else {
      lexLine(piece, diagnostics, tokens);
      if (tokens.count > 0) reader.line(tokens);
    }
  }
}

/** The first word, or the brace the line begins with. */
export const firstText = (text: string, { from, to }: LineTokens): string =>
  sameText(text, from[0]!, to[0] === BRACE ? from[0]! + 1 : to[0]!);

export const isOpening = (text: string, at: number): boolean => text[at] === '{';

/** Words `first` to `end` of a line, which end where a brace is or the line ends. */
export function statementOf(
  origin: Piece,
  tokens: LineTokens,
  first: number,
  end: number,
  to: number,
): WrittenStatement {
  const { text } = origin;
  const from = tokens.from[first]!;
  const outer = text[from - 1] === '"' ? from - 1 : from;
  return new WrittenStatement(textsOf(text, tokens, first, end), origin, tokens.line, tokens.start, outer, to);
}

interface Problem {
  readonly place: Place;
  readonly message: string;
  readonly expected?: string;
}

interface Tree {
  readonly root: readonly Statement[];
  readonly problems: readonly Problem[];
}

interface Open {
  readonly statement: WrittenStatement;
  /** Where in the list of statements its own begin. */
  readonly first: number;
}

const NOWHERE: SourceLine = { file: '', line: 0, text: '' };

class Builder implements LineReader {
  readonly #shape: Shape;
  readonly #byIndent: boolean;
  readonly #problems: Problem[] = [];
  readonly #stack: Open[] = [];
  /** The statements of all open blocks, outermost first. An array for each block would keep room for many more than it gets. */
  readonly #statements: WrittenStatement[] = [];
  /** The statement that a '{' would belong to. */
  #last: WrittenStatement | undefined;
  /** The line that is read: its text, number, and where in the text it begins. */
  #origin: Piece = NOWHERE;
  #line = 0;
  #start = 0;

  constructor(shape: Shape, byIndent: boolean) {
    this.#shape = shape;
    this.#byIndent = byIndent;
  }

  build(pieces: readonly Piece[], diagnostics: Diagnostics): Tree {
    readLines(pieces, diagnostics, this);
    this.#needsBlock(this.#last);
    while (this.#stack.length > 0) this.#notClosed();
    return { root: this.#statements.slice(), problems: this.#problems };
  }

  enter(piece: Piece): void {
    this.#origin = piece;
  }

  line(tokens: LineTokens): void {
    this.#line = tokens.line;
    this.#start = tokens.start;
    this.#begin(firstText(this.#origin.text, tokens));
    let first = 0;
    for (let i = 0; i < tokens.count; i++) {
      if (tokens.to[i] !== BRACE) continue;
      if (i > first) this.#words(tokens, first, i, tokens.from[i]!);
      this.#brace(tokens.from[i]!, i === 0);
      first = i + 1;
    }
    if (tokens.count > first) this.#words(tokens, first, tokens.count, tokens.end);
  }

  #begin(first: string): void {
    if (first !== '{') {
      this.#needsBlock(this.#last);
      this.#last = undefined;
    }
    if (this.#byIndent) this.#believeIndent(first, this.#indent);
    if (this.#stack.length > 0 && this.#shape.outermost.has(first)) while (this.#stack.length > 0) this.#notClosed();
  }

  #words(tokens: LineTokens, first: number, end: number, to: number): void {
    const statement = statementOf(this.#origin, tokens, first, end, to);
    this.#statements.push(statement);
    this.#last = statement;
  }

  #brace(at: number, isFirst: boolean): void {
    if (isOpening(this.#origin.text, at)) this.#openBlock(at);
    else this.#closeBlock(at, isFirst);
    this.#last = undefined;
  }

  #openBlock(at: number): void {
    let statement = this.#last;
    if (statement === undefined) {
      this.#problems.push({ place: this.#placeOfBrace(at), message: "'{' without a keyword before it" });
      statement = new WrittenStatement(['{'], this.#origin, this.#line, this.#start, at, at + 1);
    }
    this.#push(statement);
  }

  #push(statement: WrittenStatement): void {
    this.#stack.push({ statement, first: this.#statements.length });
  }

  get #indent(): number {
    return indentOf(this.#origin.text, this.#start);
  }

  #pop(): WrittenStatement | undefined {
    const open = this.#stack.pop();
    if (open === undefined) return undefined;
    open.statement.close(this.#statements.slice(open.first), this.#line);
    this.#statements.length = open.first;
    return open.statement;
  }

  #closeBlock(at: number, isFirst: boolean): void {
    const top = this.#stack.at(-1);
    const deeper = this.#byIndent && isFirst && top !== undefined && top.statement.indent < this.#indent;
    if (top === undefined || deeper)
      this.#problems.push({ place: this.#placeOfBrace(at), message: "'}' that closes no block" });
    else this.#pop();
  }

  #placeOfBrace(at: number): Place {
    return placeOfWord(new WrittenStatement(['{'], this.#origin, this.#line, this.#start, at, at + 1), 0);
  }

  /** Blocks that this line, by how it is indented, stands outside of. */
  #believeIndent(first: string, indent: number): void {
    if (first === '{') return;
    const outside = ({ statement }: Open): boolean =>
      first === '}' ? statement.indent > indent : statement.indent >= indent;
    for (let top = this.#stack.at(-1); top !== undefined && outside(top); top = this.#stack.at(-1)) this.#notClosed();
  }

  #notClosed(): void {
    const statement = this.#pop();
    if (statement === undefined || keywordOf(statement) === '{') return;
    this.#problems.push({
      place: placeOfWord(statement, 0),
      message: `the block of '${keywordOf(statement)}' is not closed`,
      expected: "'}'",
    });
  }

  /** A block word without '{': if what follows is indented deeper it is taken for the block. */
  #needsBlock(statement: WrittenStatement | undefined): void {
    if (statement === undefined || !this.#shape.opens.has(keywordOf(statement))) return;
    const place = placeOfWord(statement, statement.texts.length);
    this.#problems.push({ place, message: `'${keywordOf(statement)}' without its block`, expected: "'{'" });
    statement.close([], this.#line);
    if (this.#line > statement.line && this.#indent > statement.indent) this.#push(statement);
  }
}
