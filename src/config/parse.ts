import { dirname } from 'node:path';
import type { Diagnostics } from './diagnostics.js';
import { type Comment, Expander, type Surroundings } from './expand.js';
import { endOfRun, placeOf, type SourceLine } from './lexer.js';
import type { Statement } from './tree.js';
import { buildTree, type Piece, type Shape } from './tree-builder.js';

export interface SourceText {
  /** As it shall stand in messages. */
  readonly file: string;
  readonly text: string;
}

/** What an include line means: the files it names in order, or why there is none and whether that may be. */
export type Includes = (
  pattern: string,
  folder: string,
) => readonly SourceText[] | { readonly missing: string; readonly mayBe: boolean };

export interface ParseOptions extends Surroundings {
  /** Absent: include lines are errors. */
  readonly includes?: Includes;
}

/** The file as a tree, before anything is understood: what a printer or another program needs. */
export interface SyntaxTree {
  /** With variables, conditions, sequences and includes carried out. */
  readonly statements: readonly Statement[];
  /** In the order of reading. */
  readonly comments: readonly Comment[];
  /** The main one first. */
  readonly files: readonly string[];
  /** Those of the files, as often as they were read. */
  readonly sources: readonly SourceText[];
}

/** Text → tree. Never throws for what is in the text. */
export function parse(source: SourceText, options: ParseOptions, shape: Shape, diagnostics: Diagnostics): SyntaxTree {
  const { pieces, ...read } = new FileReader(options, diagnostics).read(source);
  return { statements: buildTree(pieces, shape, diagnostics), ...read };
}

const MOST_FILES = 1000;
const INCLUDE = /^\s*(include[rmwba]?)(?:\s+(\S.*?))?\s*$/;
const BYTE_ORDER_MARK = 0xfeff;

/** A file and those it includes → lines without comments. */
class FileReader {
  readonly #pieces: Piece[] = [];
  readonly #files = new Set<string>();
  readonly #sources: SourceText[] = [];
  /** The files that are being read, each included by the one before it. */
  readonly #within: string[] = [];
  readonly #options: ParseOptions;
  readonly #diagnostics: Diagnostics;
  readonly #expander: Expander;

  constructor(options: ParseOptions, diagnostics: Diagnostics) {
    this.#options = options;
    this.#diagnostics = diagnostics;
    this.#expander = new Expander(diagnostics, options, (line) => this.#expanded(line));
  }

  read(source: SourceText): Omit<SyntaxTree, 'statements'> & { readonly pieces: readonly Piece[] } {
    this.#readFile(source);
    this.#expander.end();
    const { comments } = this.#expander;
    return { pieces: this.#pieces, comments, files: [...this.#files], sources: this.#sources };
  }

  #readFile({ file, text }: SourceText): void {
    this.#files.add(file);
    this.#sources.push({ file, text });
    this.#within.push(file);
    let from = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
    for (let line = 1; from < text.length; ) {
      const to = this.#expander.isDefining ? from : endOfRun(text, from);
      if (to > from) {
        this.#pieces.push({ file, text, from, to, line });
        if (to < text.length) line += newlines(text, from, to);
        from = to;
        continue;
      }
      const newline = text.indexOf('\n', from);
      const next = newline < 0 ? text.length : newline;
      const end = next > from && text[next - 1] === '\r' ? next - 1 : next;
      this.#expander.take({ file, line, text: text.slice(from, end) });
      line++;
      from = next + 1;
    }
    this.#within.pop();
  }

  #expanded(line: SourceLine): void {
    const found = line.text.includes('include') ? INCLUDE.exec(line.text) : null;
    if (found === null) this.#pieces.push(line);
    else this.#include(line, found);
  }

  #include(line: SourceLine, [, word = '', rest = '']: RegExpExecArray): void {
    const pattern = rest.replace(/^"(.*)"$/, '$1');
    const from = line.text.indexOf(word);
    const at = rest === '' ? from : line.text.indexOf(rest, from + word.length);
    const place = placeOf(line, at, at + Math.max(rest.length, 1));
    const found = this.#includedBy(line, pattern);
    const complain = (message: string): void => this.#diagnostics.error(place, message, { kind: 'include' });
    if ('missing' in found) {
      if (found.mayBe && word === 'include') this.#diagnostics.warning(place, found.missing, { kind: 'include' });
      else complain(found.missing);
      return;
    }
    for (const file of found) {
      if (this.#within.includes(file.file)) complain(`${file.file} includes itself`);
      else if (this.#files.size >= MOST_FILES) complain(`more than ${MOST_FILES} files`);
      else this.#readFile(file);
    }
  }

  #includedBy(line: SourceLine, pattern: string): ReturnType<Includes> {
    if (pattern === '') return { missing: "'include' lacks the name of a file", mayBe: false };
    const nothing = { missing: 'files cannot be included here', mayBe: false };
    return this.#options.includes?.(pattern, dirname(line.file)) ?? nothing;
  }
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
