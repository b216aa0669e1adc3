import { Diagnostics, type Place } from './diagnostics.js';
import { indentOf, lex, type Listener, type Run, scanRun, type SourceLine } from './lexer.js';
import { outline } from './outline.js';
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
 * Words → statements and blocks. Where braces balance, blocks are read when they are looked into. Braces that do not are one complaint
 * each at the block they belong to: where indentation tells which block was not closed, it is believed.
 */
export function buildTree(pieces: readonly Piece[], shape: Shape, diagnostics: Diagnostics): readonly Statement[] {
  const inOrder = outline(pieces, shape, diagnostics, (inside) => blockOf(inside, shape));
  if (inOrder !== undefined) return inOrder;
  let tree = new Builder(shape, false).build(pieces, diagnostics);
  if (tree.problems.length > 0) {
    const indented = new Builder(shape, true).build(pieces, diagnostics);
    if (indented.problems.length > 0 && indented.problems.length <= tree.problems.length) tree = indented;
  }
  for (const { place, message, expected } of tree.problems) diagnostics.error(place, message, { expected });
  return tree.root;
}

/** What there is to complain about was found when the outline was made. */
const blockOf = (inside: readonly Piece[], shape: Shape): readonly Statement[] =>
  new Builder(shape, false).build(inside, new Diagnostics()).root;

/** Tells the words and braces of lines, in order. `enter` is told the piece that comes next. */
export function listenTo(
  pieces: readonly Piece[],
  diagnostics: Diagnostics,
  listener: Listener,
  enter: (piece: Piece, index: number) => void,
): void {
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!;
    enter(piece, i);
    if (isRun(piece)) scanRun(piece, listener);
    else tellLine(piece, diagnostics, listener);
  }
}

function tellLine(source: SourceLine, diagnostics: Diagnostics, listener: Listener): void {
  const { words } = lex(source, diagnostics);
  const [first] = words;
  if (first === undefined) return;
  listener.begin(first.is === 'quoted' ? '' : first.text, source.line, 0);
  let texts: string[] = [];
  let from = 0;
  for (const word of words) {
    if (word.is === '{' || word.is === '}') {
      if (texts.length > 0) listener.words(texts, texts.length, from, word.from);
      texts = [];
      listener.brace(word.is, word.from);
    } else {
      if (texts.length === 0) from = word.from;
      texts.push(word.text);
    }
  }
  if (texts.length > 0) listener.words(texts, texts.length, from, source.text.length);
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

class Builder implements Listener {
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
  /** Whether it begins with the brace that is to be read next. */
  #beginsHere = false;

  constructor(shape: Shape, byIndent: boolean) {
    this.#shape = shape;
    this.#byIndent = byIndent;
  }

  build(pieces: readonly Piece[], diagnostics: Diagnostics): Tree {
    listenTo(pieces, diagnostics, this, (piece) => {
      this.#origin = piece;
    });
    this.#needsBlock(this.#last);
    while (this.#stack.length > 0) this.#notClosed();
    return { root: this.#statements.slice(), problems: this.#problems };
  }

  begin(first: string, line: number, start: number): void {
    this.#line = line;
    this.#start = start;
    this.#beginsHere = true;
    if (first !== '{') {
      this.#needsBlock(this.#last);
      this.#last = undefined;
    }
    if (this.#byIndent) this.#believeIndent(first, this.#indent);
    if (this.#stack.length > 0 && this.#shape.outermost.has(first)) while (this.#stack.length > 0) this.#notClosed();
  }

  words(texts: readonly string[], count: number, from: number, to: number): void {
    const own = texts.slice(0, count);
    const statement = new WrittenStatement(own, this.#origin, this.#line, this.#start, from, to);
    this.#statements.push(statement);
    this.#last = statement;
    this.#beginsHere = false;
  }

  brace(brace: '{' | '}', at: number): void {
    if (brace === '{') this.#openBlock(at);
    else this.#closeBlock(at);
    this.#last = undefined;
    this.#beginsHere = false;
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

  #closeBlock(at: number): void {
    const top = this.#stack.at(-1);
    const deeper = this.#byIndent && this.#beginsHere && top !== undefined && top.statement.indent < this.#indent;
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
