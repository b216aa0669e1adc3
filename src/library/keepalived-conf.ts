import { Diagnostics, type Diagnostic } from '../config/diagnostics.js';
import { readConfigurationFile } from '../config/include.js';
import { parse as parseSource, type ParseOptions, type SyntaxTree } from '../config/parse.js';
import { printTree } from '../config/print.js';
import { type Reading, readConfiguration, shape } from '../config/read.js';

export type { Check } from '../config/check.js';
export type { Configuration, Position, RealServer, Script, VirtualServer } from '../config/configuration.js';
export { type Diagnostic, formatDiagnostic, formatExcerpt } from '../config/diagnostics.js';
export type { Comment, Surroundings } from '../config/expand.js';
export { includeFiles } from '../config/include.js';
export type { SourceLine, Word } from '../config/lexer.js';
export type { Includes, ParseOptions, SourceText, SyntaxTree } from '../config/parse.js';
export type { Reading } from '../config/read.js';
export type { Statement } from '../config/tree.js';

const MAIN = 'keepalived.conf';

/** A text that was parsed. */
export interface Parsed {
  readonly tree: SyntaxTree;
  /** What is wrong with quotes, braces, variables, conditions, sequences and includes. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface TextOptions extends ParseOptions {
  /** What the text is called in messages; `keepalived.conf` if not told. */
  readonly file?: string;
}

/**
 * keepalived.conf → a tree of statements with their positions, and the comments. Never throws for what is in the text.
 *
 *     const { tree } = parse('virtual_server 192.0.2.1 80 { # the site\n protocol TCP\n}\n');
 *     tree.statements[0]?.texts;                // ['virtual_server', '192.0.2.1', '80']
 *     tree.statements[0]?.block?.[0]?.line;     // 2
 *     print(tree);                              // the same, indented, with its comment
 *
 * The text alone is looked at: `include` is an error without `options.includes` (`includeFiles` reads files), `@ID` lines want
 * `options.configId`, `${_ENV NAME}` wants `options.environment`.
 */
export function parse(text: string, options: TextOptions = {}): Parsed {
  const diagnostics = new Diagnostics();
  const tree = parseSource({ file: options.file ?? MAIN, text }, options, shape, diagnostics);
  return { tree, diagnostics: diagnostics.sorted(tree.files) };
}

/**
 * keepalived.conf → typed configuration with all defaults filled in, or undefined if there is an error; and every complaint, of
 * the text and of what it means.
 */
export function read(text: string, options: TextOptions = {}): Reading {
  return readConfiguration({ file: options.file ?? MAIN, text }, options);
}

/** The same for a file and those it includes. */
export const readFile = (file: string, options: ParseOptions = {}): Reading => readConfigurationFile(file, options);

/** A tree as text in canonical form, with its comments: `read(print(tree))` means what the tree means. See config/print.ts. */
export const print = (tree: Pick<SyntaxTree, 'statements' | 'comments'>): string => printTree(tree);
