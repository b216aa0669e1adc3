import type { Position } from './configuration.js';
import type { Diagnostics, Place } from './diagnostics.js';
import { lex, type LexedLine, placeOf, type SourceLine, type Word } from './lexer.js';

/** One line of the language: its words, the keyword first, and the block it opens. */
export interface Statement {
  readonly source: SourceLine;
  /** At least one; no braces. */
  readonly words: readonly Word[];
  /** Where in the line's text the statement ends: before a brace or behind the last character. */
  readonly to: number;
  readonly block: readonly Statement[] | undefined;
}

export const keywordOf = (statement: Statement): string => statement.words[0]!.text;

/** Of one word of the statement, 0 being the keyword; beyond the last: right behind it. */
export function placeOfWord(statement: Statement, index: number): Place {
  const word = statement.words[index];
  const end = statement.words.at(-1)!.to;
  return word === undefined ? placeOf(statement.source, end, end + 1) : placeOf(statement.source, word.from, word.to);
}

export function positionOfWord(statement: Statement, index: number): Position {
  const { file, line, column } = placeOfWord(statement, index);
  return { file, line, column };
}

/** What the tree must know of the language to mend it: words that always open a block, and those that only stand outermost. */
export interface Shape {
  readonly opens: ReadonlySet<string>;
  readonly outermost: ReadonlySet<string>;
}

/**
 * Words → statements and blocks. Braces that do not balance are one complaint each at the block they belong to: where indentation tells
 * which block was not closed, it is believed.
 */
export function buildTree(lines: readonly SourceLine[], shape: Shape, diagnostics: Diagnostics): readonly Statement[] {
  let tree = new Builder(shape, false).build(lines, diagnostics);
  if (tree.problems.length > 0) {
    const indented = new Builder(shape, true).build(lines, diagnostics);
    if (indented.problems.length > 0 && indented.problems.length <= tree.problems.length) tree = indented;
  }
  for (const { place, message, expected } of tree.problems) diagnostics.error(place, message, { expected });
  return tree.root;
}

interface Problem {
  readonly place: Place;
  readonly message: string;
  readonly expected?: string;
}

interface Growing extends Statement {
  block: Statement[] | undefined;
}

interface Open {
  readonly statement: Growing;
  readonly block: Statement[];
  readonly indent: number;
}

interface Tree {
  readonly root: readonly Statement[];
  readonly problems: readonly Problem[];
}

class Builder {
  readonly #root: Statement[] = [];
  readonly #problems: Problem[] = [];
  readonly #stack: Open[] = [];
  readonly #shape: Shape;
  readonly #byIndent: boolean;
  /** The statement that a '{' would belong to. */
  #last: Growing | undefined;
  #lastIndent = 0;

  constructor(shape: Shape, byIndent: boolean) {
    this.#shape = shape;
    this.#byIndent = byIndent;
  }

  build(lines: readonly SourceLine[], diagnostics: Diagnostics): Tree {
    for (const line of lines) this.#line(lex(line, diagnostics));
    this.#needsBlock(undefined);
    while (this.#stack.length > 0) this.#notClosed();
    return { root: this.#root, problems: this.#problems };
  }

  #line({ source, words }: LexedLine): void {
    const [first] = words;
    if (first === undefined) return;
    const indent = indentOf(source.text);
    if (first.is !== '{') {
      this.#needsBlock(indent);
      this.#last = undefined;
    }
    if (this.#byIndent) this.#believeIndent(first, indent);
    if (this.#stack.length > 0 && first.is === 'word' && this.#shape.outermost.has(first.text))
      while (this.#stack.length > 0) this.#notClosed();

    if (!words.some((word) => word.is === '{' || word.is === '}'))
      return this.#statement({ source, words, to: source.text.length, block: undefined }, indent);
    let gathered: Word[] = [];
    const flush = (to: number): void => {
      if (gathered.length > 0) this.#statement({ source, words: gathered, to, block: undefined }, indent);
      gathered = [];
    };
    for (const word of words) {
      if (word.is === '{') {
        flush(word.from);
        this.#openBlock(source, word, indent);
      } else if (word.is === '}') {
        flush(word.from);
        this.#closeBlock(source, word, word === first ? indent : undefined);
      } else gathered.push(word);
    }
    flush(source.text.length);
  }

  #statement(statement: Growing, indent: number): void {
    (this.#stack.at(-1)?.block ?? this.#root).push(statement);
    this.#last = statement;
    this.#lastIndent = indent;
  }

  #openBlock(source: SourceLine, brace: Word, indent: number): void {
    const statement = this.#last;
    this.#last = undefined;
    if (statement === undefined) {
      this.#problems.push({ place: placeOf(source, brace.from, brace.to), message: "'{' without a keyword before it" });
      const nobody: Growing = { source, words: [brace], to: brace.to, block: [] };
      this.#stack.push({ statement: nobody, block: [], indent });
      return;
    }
    statement.block = [];
    this.#stack.push({ statement, block: statement.block, indent: this.#lastIndent });
  }

  #closeBlock(source: SourceLine, brace: Word, indent: number | undefined): void {
    this.#last = undefined;
    const top = this.#stack.at(-1);
    const deeper = this.#byIndent && indent !== undefined && top !== undefined && top.indent < indent;
    if (top === undefined || deeper)
      this.#problems.push({ place: placeOf(source, brace.from, brace.to), message: "'}' that closes no block" });
    else this.#stack.pop();
  }

  /** Blocks that this line, by how it is indented, stands outside of. */
  #believeIndent(first: Word, indent: number): void {
    if (first.is === '{') return;
    const outside = (open: Open): boolean => (first.is === '}' ? open.indent > indent : open.indent >= indent);
    for (let top = this.#stack.at(-1); top !== undefined && outside(top); top = this.#stack.at(-1)) this.#notClosed();
  }

  #notClosed(): void {
    const open = this.#stack.pop();
    if (open === undefined || open.statement.words[0]?.is === '{') return;
    const place = placeOfWord(open.statement, 0);
    this.#problems.push({
      place,
      message: `the block of '${keywordOf(open.statement)}' is not closed`,
      expected: "'}'",
    });
  }

  /** A block word without '{': if what follows is indented deeper it is taken for the block. */
  #needsBlock(nextIndent: number | undefined): void {
    const statement = this.#last;
    if (statement === undefined || !this.#shape.opens.has(keywordOf(statement))) return;
    const place = placeOfWord(statement, statement.words.length);
    this.#problems.push({ place, message: `'${keywordOf(statement)}' without its block`, expected: "'{'" });
    statement.block = [];
    if (nextIndent !== undefined && nextIndent > this.#lastIndent)
      this.#stack.push({ statement, block: statement.block, indent: this.#lastIndent });
  }
}

function indentOf(text: string): number {
  let indent = 0;
  for (const character of text) {
    if (character === '\t') indent += 8 - (indent % 8);
    else if (character === ' ') indent++;
    else break;
  }
  return indent;
}
