import type { Comment } from './expand.js';
import type { SyntaxTree } from './parse.js';
import type { Statement } from './tree.js';

const INDENT = '    ';

/**
 * A tree as text: one statement per line, blocks indented by four, single blanks between words, at most one empty line where there were
 * some. Comments stay beside what they were beside. The tree is the one behind variables, conditions, sequences and includes, so that
 * the text has none of them: it is all in one file, and read again it means the same.
 */
export function printTree(tree: Pick<SyntaxTree, 'statements' | 'comments'>): string {
  const printer = new Printer(new Comments(tree.comments));
  printer.block(tree.statements, 0);
  printer.rest();
  return printer.text;
}

/** The comments that are not printed yet, by file. */
class Comments {
  readonly #byFile = new Map<string, Comment[]>();

  constructor(comments: readonly Comment[]) {
    for (const comment of comments) {
      const { file } = comment.source;
      const before = this.#byFile.get(file);
      if (before === undefined) this.#byFile.set(file, [comment]);
      else before.push(comment);
    }
    for (const queue of this.#byFile.values()) queue.reverse(); // taken from the end: nothing moves up
  }

  /** The next one of the file, if it stands before this line. */
  takeBefore(file: string, line: number): Comment | undefined {
    const queue = this.#byFile.get(file);
    const next = queue?.at(-1);
    return next !== undefined && next.source.line < line ? queue?.pop() : undefined;
  }

  get files(): readonly string[] {
    return [...this.#byFile.keys()];
  }
}

class Printer {
  readonly #lines: string[] = [];
  readonly #comments: Comments;
  /** The files that are being printed: the main one, what it includes, and so on. */
  readonly #within: string[] = [];
  /** The last line of the file that was printed, for empty ones between it and the next; 0: none is wanted. */
  #last = 0;

  constructor(comments: Comments) {
    this.#comments = comments;
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  block(statements: readonly Statement[], depth: number): void {
    for (const statement of statements) this.#statement(statement, depth);
  }

  rest(): void {
    for (const file of this.#comments.files) this.#commentsBefore(file, Number.POSITIVE_INFINITY, 0);
  }

  #statement(statement: Statement, depth: number): void {
    const { file } = statement.source;
    this.#enter(file, depth);
    this.#commentsBefore(file, statement.line, depth);
    const { block } = statement;
    this.#line(statement.line, depth, block === undefined ? written(statement) : `${written(statement)} {`);
    this.#beside(file, statement.line);
    if (block === undefined) return;
    this.#last = 0;
    this.block(block, depth + 1);
    this.#enter(file, depth + 1);
    this.#commentsBefore(file, statement.lastLine, depth + 1);
    this.#last = 0;
    this.#line(statement.lastLine, depth, '}');
    this.#beside(file, statement.lastLine);
  }

  /** What is left of a file is printed when it is left. */
  #enter(file: string, depth: number): void {
    if (!this.#within.includes(file)) this.#within.push(file);
    else
      for (let top = this.#within.at(-1); top !== undefined && top !== file; top = this.#within.at(-1)) {
        this.#commentsBefore(top, Number.POSITIVE_INFINITY, depth);
        this.#within.pop();
        this.#last = 0;
      }
  }

  #commentsBefore(file: string, line: number, depth: number): void {
    for (;;) {
      const comment = this.#comments.takeBefore(file, line);
      if (comment === undefined) return;
      this.#line(comment.source.line, depth, textOf(comment));
    }
  }

  /** The comment of a line that has been printed. */
  #beside(file: string, line: number): void {
    const comment = this.#comments.takeBefore(file, line + 1);
    if (comment !== undefined) this.#lines.push(`${this.#lines.pop() ?? ''} ${textOf(comment)}`);
  }

  #line(line: number, depth: number, text: string): void {
    if (this.#last > 0 && line > this.#last + 1) this.#lines.push('');
    this.#lines.push(INDENT.repeat(depth) + text);
    this.#last = line;
  }
}

const textOf = ({ source, at }: Comment): string => source.text.slice(at).trimEnd();

/** What would begin a condition, a repetition or a definition, though it is only a word. */
const SIGN = /^[@~$]/;

/**
 * The statement as it is written: only so is it the same also for words that are split by other rules (commands, patterns). Comment
 * signs outside of quotes are escaped again.
 */
function written({ source, from, to, texts }: Statement): string {
  const raw = source.text.slice(from, to).trim();
  const plain = /['\\]/.test(raw) ? raw : raw.replace(/"[^"]*"|\s+/g, (part) => (part[0] === '"' ? part : ' '));
  const first = SIGN.test(plain) ? texts[0]! : '';
  return (first === '' ? '' : `"${first}"`) + escaped(plain.slice(first.length));
}

const escaped = (text: string): string =>
  text.replace(/"[^"]*"|[#!]/g, (part) => (part[0] === '"' ? part : `\\${part}`));
