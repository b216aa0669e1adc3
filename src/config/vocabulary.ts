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
  /** Known, and without effect here: why. */
  readonly noEffect?: string;
  /** A word of former times: what to write. */
  readonly instead?: string;
  /** The words of its block, for the manual. */
  readonly words?: Vocabulary;
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
  const terms = termsOf(vocabulary);
  const values: Record<string, unknown> = {}; // its keys are words of the vocabulary
  let failed: Set<string> | undefined;
  let doubtful = false;
  for (let i = 0; i < lines.length; i++) {
    const statement = lines[i]!;
    const keyword = keywordOf(statement);
    const term = terms.get(keyword);
    if (term === undefined) {
      complainUnknown(statement, context);
      doubtful = true;
      continue;
    }
    const name = term.as ?? keyword;
    const value = term.read(statement, context);
    if (value === undefined) {
      (failed ??= new Set()).add(name);
      continue;
    }
    if (term.noEffect !== undefined) diagnostics.ignored(placeOfWord(statement, 0), keyword, term.noEffect);
    const before = values[name];
    if (before !== undefined && term.join !== undefined) values[name] = term.join(before, value);
    else {
      if (term.join === undefined && (before !== undefined || failed?.has(name) === true)) {
        const again = lastOf(name, lines, i, terms);
        if (again !== undefined) complainAgain(statement, again, isOnce(term, again, vocabulary), context);
      }
      values[name] = value;
    }
  }
  return new ReadBlock(values as Values<V>, lines, terms, failed ?? NONE, doubtful);
}

type Terms = ReadonlyMap<string, Term<unknown>>;
const termsOfVocabulary = new WeakMap<Vocabulary, Terms>();

/** A map, for `constructor` is no keyword, and for a hundred thousand lines to be looked up in. */
function termsOf(vocabulary: Vocabulary): Terms {
  let terms = termsOfVocabulary.get(vocabulary);
  if (terms === undefined) termsOfVocabulary.set(vocabulary, (terms = new Map(Object.entries(vocabulary))));
  return terms;
}

/** The last statement before line `end` whose value is kept under this name. */
function lastOf(name: string, lines: readonly Statement[], end: number, terms: Terms): Statement | undefined {
  for (let i = end - 1; i >= 0; i--) {
    const keyword = keywordOf(lines[i]!);
    if (keyword === name || terms.get(keyword)?.as === name) return lines[i];
  }
  return undefined;
}

class ReadBlock<V extends Vocabulary> implements Block<V> {
  readonly values: Values<V>;
  readonly failed: ReadonlySet<string>;
  readonly doubtful: boolean;
  readonly #lines: readonly Statement[];
  readonly #terms: Terms;
  #statements: Record<string, Statement> | undefined;

  constructor(
    values: Values<V>,
    lines: readonly Statement[],
    terms: Terms,
    failed: ReadonlySet<string>,
    doubtful: boolean,
  ) {
    this.values = values;
    this.failed = failed;
    this.doubtful = doubtful;
    this.#lines = lines;
    this.#terms = terms;
  }

  /** Made when they are asked for: hardly any block is complained about. */
  get statements(): Readonly<Record<string, Statement>> {
    this.#statements ??= this.#byName();
    return this.#statements;
  }

  #byName(): Record<string, Statement> {
    const statements: Record<string, Statement> = {};
    for (const statement of this.#lines) {
      const keyword = keywordOf(statement);
      const term = this.#terms.get(keyword);
      if (term !== undefined) statements[term.as ?? keyword] = statement;
    }
    return statements;
  }
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

/** The other word for the same thing may be the one that is strict. */
const isOnce = (term: Term<unknown>, first: Statement, vocabulary: Vocabulary): boolean =>
  term.once === true || vocabulary[keywordOf(first)]?.once === true;

function complainAgain(statement: Statement, first: Statement, once: boolean, { diagnostics }: Context): void {
  const [word, other] = [keywordOf(statement), keywordOf(first)];
  const { line } = first;
  const message =
    word === other
      ? `'${word}' is given twice, first in line ${line}`
      : `'${word}' says again what '${other}' says in line ${line}`;
  if (once) diagnostics.error(placeOfWord(statement, 0), message, { expected: 'it once' });
  else diagnostics.warning(placeOfWord(statement, 0), `${message}; the last one counts`);
}

/** The place of a word's statement, or of the block itself if it is not there. */
export function placeIn(block: Block<Vocabulary>, keyword: string, header: Statement): Place {
  const statement = block.statements[keyword];
  return placeOfWord(statement ?? header, statement === undefined || statement.texts.length < 2 ? 0 : 1);
}

/** Whether it may be said that the word is missing: it is not there, and nothing else may have been meant for it. */
export const isMissing = (block: Block<Vocabulary>, keyword: string): boolean =>
  block.values[keyword] === undefined && !block.doubtful && block.statements[keyword] === undefined;
