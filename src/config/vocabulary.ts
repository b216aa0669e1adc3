import { type Diagnostics, type Place, unknownWord } from './diagnostics.js';
import { type Statement, keywordOf, placeOfWord } from './tree.js';

/** Where a statement stands, for the readers of its words. */
export interface Context {
  readonly diagnostics: Diagnostics;
  /** What the block is called in messages. */
  readonly block: string;
  readonly vocabulary: Vocabulary;
}

/** A word of the language: how a statement that starts with it is read. undefined: it has been complained about. */
export interface Term<T> {
  read(statement: Statement, context: Context): T | undefined;
  /** The word under which the value is kept, for old and second names. */
  readonly as?: string;
  /** Given twice it is an error: keepalived takes the first, and it cannot be known which one is meant. */
  readonly once?: true;
  /** Known, and without effect until it is implemented. */
  readonly later?: true;
  /** For a word that may come again: how the values are put together. */
  join?(before: T, now: T): T;
}

/** The words a block understands. The type of the block is the type of this table. */
export type Vocabulary = Readonly<Record<string, Term<unknown>>>;
export type Values<V extends Vocabulary> = { readonly [K in keyof V]?: V[K] extends Term<infer T> ? T : never };

/** What was found in a block. */
export interface Block<V extends Vocabulary> {
  readonly values: Values<V>;
  /** The last statement of each word, also of those that could not be read. */
  readonly statements: Readonly<Record<string, Statement>>;
  /** Words that stand there but could not be read: nobody shall say that they are missing. */
  readonly failed: ReadonlySet<string>;
  /** Something in it is no word of it: what is missing may be meant by that. */
  readonly doubtful: boolean;
}

const NONE: ReadonlySet<string> = new Set();

export function readBlock<V extends Vocabulary>(
  block: string,
  vocabulary: V,
  lines: readonly Statement[],
  diagnostics: Diagnostics,
): Block<V> {
  const context: Context = { diagnostics, block, vocabulary };
  // Objects, as many small blocks come here; their keys are words of the vocabulary.
  const values: Record<string, unknown> = {};
  const statements: Record<string, Statement> = {};
  let failed: Set<string> | undefined;
  let doubtful = false;
  for (const statement of lines) {
    const keyword = keywordOf(statement);
    const term = Object.hasOwn(vocabulary, keyword) ? vocabulary[keyword] : undefined; // 'constructor' is no keyword
    if (term === undefined) {
      complainUnknown(statement, context);
      doubtful = true;
      continue;
    }
    const name = term.as ?? keyword;
    const value = term.read(statement, context);
    const again = statements[name];
    statements[name] = statement;
    if (value !== undefined && term.later === true) diagnostics.ignored(placeOfWord(statement, 0), keyword);
    if (value === undefined) (failed ??= new Set()).add(name);
    else if (term.join !== undefined && Object.hasOwn(values, name)) values[name] = term.join(values[name], value);
    else {
      if (again !== undefined && term.join === undefined) complainAgain(statement, again, term.once === true, context);
      values[name] = value;
    }
  }
  return { values: values as Values<V>, statements, failed: failed ?? NONE, doubtful };
}

/** Words of former times that some blocks never knew. */
const FORMER: ReadonlyMap<string, string> = new Map([['nb_get_retry', 'retry']]);

function complainUnknown(statement: Statement, { diagnostics, block, vocabulary }: Context): void {
  const keyword = keywordOf(statement);
  const former = FORMER.get(keyword);
  const [message, advice] = unknownWord(keyword, `no keyword of ${block}`, Object.keys(vocabulary));
  const known = former !== undefined && Object.hasOwn(vocabulary, former);
  diagnostics.error(placeOfWord(statement, 0), message, known ? { suggestion: former } : advice);
}

function complainAgain(statement: Statement, first: Statement, once: boolean, { diagnostics }: Context): void {
  const message = `'${keywordOf(statement)}' is given twice, first in line ${first.source.line}`;
  if (once) diagnostics.error(placeOfWord(statement, 0), message, { expected: 'it once' });
  else diagnostics.warning(placeOfWord(statement, 0), `${message}; the last one counts`);
}

/** The place of a word's statement, or of the block itself if it is not there. */
export function placeIn(block: Block<Vocabulary>, keyword: string, header: Statement): Place {
  const statement = block.statements[keyword];
  return placeOfWord(statement ?? header, statement === undefined || statement.words.length < 2 ? 0 : 1);
}

/** Whether it may be said that the word is missing: it is not there, and nothing else may have been meant for it. */
export const isMissing = (block: Block<Vocabulary>, keyword: string): boolean =>
  !block.doubtful && block.statements[keyword] === undefined;
