import { readEntry } from '../lists.js';
import type { Reader } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { unknownWord } from '../diagnostics.js';
import type { Context } from '../vocabulary.js';

/** A word of a line as ip(8) writes it: `dev eth0`, `onlink`, `mtu lock 1400`. */
export interface LineWord {
  /** The word under which the value is kept, for second names. */
  readonly as?: string;
  /** Absent: the word stands alone. */
  readonly value?: Reader<unknown>;
  /** `lock` may stand before the value. */
  readonly lockable?: true;
  /** A word of former times: what to write. */
  readonly instead?: string;
  /** Only in one kind of block. */
  readonly only?: 'static' | 'virtual';
}

export type LineWords = Readonly<Record<string, LineWord>>;

export interface LineValue {
  readonly value: unknown;
  readonly locked: boolean;
  /** Of the word itself. */
  readonly index: number;
}

/** What a line says, by word. */
export class Line {
  readonly statement: Statement;
  readonly #values: ReadonlyMap<string, LineValue>;

  constructor(statement: Statement, values: ReadonlyMap<string, LineValue>) {
    this.statement = statement;
    this.#values = values;
  }

  has(word: string): boolean {
    return this.#values.has(word);
  }

  get(word: string): LineValue | undefined {
    return this.#values.get(word);
  }

  text(word: string): string | undefined {
    return this.#values.get(word)?.value as string | undefined;
  }

  number(word: string): number | undefined {
    return this.#values.get(word)?.value as number | undefined;
  }

  /** `{ [as]: value }`, or nothing: for optional members. */
  part<K extends string, T>(as: K, word: string): Partial<Readonly<Record<K, T>>> {
    const found = this.#values.get(word);
    return found === undefined ? {} : ({ [as]: found.value } as Partial<Readonly<Record<K, T>>>);
  }
}

/** A word that is none of the table: how many words it took with it; negative, if they could not be read, which was complained about. */
export type Bare = (index: number) => number;

/**
 * The words of a line from `from` to `to` in any order, each at most once. All that is wrong is said; undefined if anything is.
 */
export function readLine(
  statement: Statement,
  [from, to]: readonly [number, number],
  words: LineWords,
  what: string,
  bare: Bare,
  context: Context,
): Line | undefined {
  const { diagnostics } = context;
  const found = new Map<string, LineValue>();
  let complete = true;
  for (let i = from; i < to; ) {
    const { text } = statement.words[i]!;
    const word = Object.hasOwn(words, text) ? words[text]! : undefined;
    if (word === undefined) {
      const taken = bare(i);
      complete &&= taken > 0;
      i += Math.abs(taken);
      continue;
    }
    const name = word.as ?? text;
    if (word.instead !== undefined)
      diagnostics.warning(placeOfWord(statement, i), `'${text}' is an old word of ${what}`, {
        expected: `'${word.instead}'`,
      });
    if (found.has(name)) {
      diagnostics.error(placeOfWord(statement, i), `'${text}' is given twice`, { expected: 'it once' });
      complete = false;
    }
    const locked = word.lockable === true && statement.words[i + 1]?.text === 'lock';
    const at = locked ? i + 2 : i + 1;
    if (word.value === undefined) found.set(name, { value: true, locked: false, index: i });
    else if (at < to) {
      const value = readEntry(statement, at, `value of ${text}`, word.value, context);
      if (value === undefined) complete = false;
      else found.set(name, { value, locked, index: i });
    } else {
      diagnostics.error(placeOfWord(statement, i), `'${text}' lacks a value`, expectedOf(word.value));
      complete = false;
    }
    i = word.value === undefined ? i + 1 : at + 1;
  }
  return complete ? new Line(statement, found) : undefined;
}

function expectedOf(reader: Reader<unknown>): { readonly expected?: string } {
  const read = reader('', () => undefined);
  return 'value' in read ? {} : { expected: read.expected };
}

/** Complains of a word that is neither one of the table nor what may stand bare. */
export function complainWord(
  statement: Statement,
  index: number,
  words: LineWords,
  what: string,
  context: Context,
): -1 {
  const { text } = statement.words[index]!;
  const [message, advice] = unknownWord(text, `no word of ${what}`, Object.keys(words));
  context.diagnostics.error(placeOfWord(statement, index), message, advice);
  return -1;
}
