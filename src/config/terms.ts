import type { Kind } from './diagnostics.js';
import { type Statement, keywordOf, placeOfWord } from './tree.js';
import type { Context, Term } from './vocabulary.js';

/** The words behind what a term has read have no meaning. A keyword among them was meant to stand on a line of its own. */
export function noMore(statement: Statement, read: number, { diagnostics, vocabulary }: Context): void {
  const extra = statement.texts[read];
  if (extra === undefined) return;
  const place = placeOfWord(statement, read);
  if (Object.hasOwn(vocabulary, extra))
    diagnostics.error(place, `'${extra}' begins a statement of its own`, { expected: 'it on the next line' });
  else diagnostics.warning(place, `'${extra}' is more than '${keywordOf(statement)}' takes; it has no effect`);
}

function noBlock(statement: Statement, { diagnostics }: Context): boolean {
  if (statement.block === undefined) return true;
  const place = placeOfWord(statement, statement.texts.length);
  diagnostics.error(place, `'${keywordOf(statement)}' has no block`, { expected: 'the end of the line' });
  return false;
}

/** Reads one word; a string is what it should have been. */
export type Reader<T> = (text: string, complain: (message: string) => void) => { readonly value: T } | Refused;
export interface Refused {
  readonly expected: string;
  readonly suggestion?: string | undefined;
}

/** One word of the statement by a reader. */
export function readWord<T>(statement: Statement, index: number, reader: Reader<T>, context: Context): T | undefined {
  const { texts } = statement;
  const text = index < texts.length ? texts[index]! : undefined;
  // Most readers have nothing to say but what they return: no function is made for them.
  const complain = reader.length < 2 ? silent : complainer(statement, index, context);
  const result = reader(text ?? '', complain);
  if ('value' in result) return result.value;
  const keyword = keywordOf(statement);
  if (text === undefined)
    context.diagnostics.error(placeOfWord(statement, index - 1), `'${keyword}' lacks a value`, {
      expected: result.expected,
    });
  else {
    const what = /^\$\w/.test(text) ? 'a variable that is not defined' : `no value of ${keyword}`;
    context.diagnostics.error(placeOfWord(statement, index), `'${text}' is ${what}`, result);
  }
  return undefined;
}

const silent = (): void => undefined;
const complainer =
  (statement: Statement, index: number, { diagnostics }: Context) =>
  (message: string): void =>
    diagnostics.warning(placeOfWord(statement, index), message);

/** `weight 5`. */
export const one = <T>(reader: Reader<T>): Term<T> => ({
  read(statement, context) {
    if (!noBlock(statement, context)) return undefined;
    const value = readWord(statement, 1, reader, context);
    noMore(statement, 2, context);
    return value;
  },
});

/** `persistence_timeout [SECONDS]`. */
export const optional = <T>(reader: Reader<T>, otherwise: T): Term<T> => {
  const given = one(reader);
  return {
    read: (statement, context) =>
      statement.texts.length === 1 && noBlock(statement, context) ? otherwise : given.read(statement, context),
  };
};

/** Words of any number from `least`. */
export const several = <T>(reader: Reader<T>, least = 1): Term<readonly T[]> => ({
  read(statement, context) {
    if (!noBlock(statement, context)) return undefined;
    const values: T[] = [];
    let complete = true;
    for (let i = 1; i < Math.max(statement.texts.length, least + 1); i++) {
      const value = readWord(statement, i, reader, context);
      if (value === undefined) complete = false;
      else values.push(value);
    }
    return complete ? values : undefined;
  },
  join: (before, now) => [...before, ...now],
});

/** A statement whose words have an order of their own. */
export const phrase = <T>(read: (statement: Statement, context: Context) => T | undefined): Term<T> => ({
  read: (statement, context) => (noBlock(statement, context) ? read(statement, context) : undefined),
});

/** `ha_suspend`; keepalived takes no notice of what follows, so neither `no` nor `off` would mean what it says. */
export const flag: Term<true> = phrase((statement, context) => {
  const said = statement.texts[1];
  if (said === undefined || ON.has(said)) return true;
  if (OFF.has(said)) {
    const message = `'${keywordOf(statement)}' is a flag: it is on because it is there`;
    context.diagnostics.error(placeOfWord(statement, 1), message, { expected: 'no value, or no such line' });
    return undefined;
  }
  noMore(statement, 1, context);
  return true;
});

const ON = new Set(['on', 'true', 'yes']);
const OFF = new Set(['off', 'false', 'no']);

/** `alpha [on|off|true|false|yes|no]`. */
export const switchable: Term<boolean> = optional(
  (text) =>
    ON.has(text) ? { value: true } : OFF.has(text) ? { value: false } : { expected: 'on, off, true, false, yes or no' },
  true,
);

/** Every statement of this word, in order. */
export const each = <T>(term: Term<T>): Term<readonly T[]> => ({
  ...(term.words === undefined ? {} : { words: term.words }),
  read(statement, context) {
    const value = term.read(statement, context);
    return value === undefined ? undefined : [value];
  },
  join(before, now) {
    (before as T[]).push(...now); // thousands of services: no copy for each
    return before;
  },
});

/** Without what is undefined. As large as it must be: an array that grows by itself keeps room for many more. */
export function mapDefined<T, U>(list: readonly T[], make: (one: T) => U | undefined): readonly U[] {
  const all = list.map(make);
  return all.includes(undefined) ? all.filter((one) => one !== undefined) : (all as U[]);
}

/** Read, and checked, by a word that does nothing here, and why. */
export const noEffect = <T>(why: string, term: Term<T>): Term<T> => ({ ...term, noEffect: why });

/** Another name of a word. */
export const alias = <T>(as: string, term: Term<T>): Term<never> => ({ ...term, as }) as Term<never>;

/** A name of former times; of kind `language` where keepalived complains of it too. */
export const obsolete = <T>(as: string, term: Term<T>, kind: Kind = 'advice'): Term<never> =>
  alias(as, {
    ...term,
    instead: as,
    read(statement, context) {
      const message = `'${keywordOf(statement)}' is an old name`;
      context.diagnostics.warning(placeOfWord(statement, 0), message, { kind, expected: `'${as}'` });
      return term.read(statement, context);
    },
  });

/** A word of former times that says what is true, or found out, without it. */
export const needless = <T>(why: string, term: Term<T>): Term<T> => ({
  ...term,
  instead: `nothing: ${why}`,
  read(statement, context) {
    const message = `'${keywordOf(statement)}' is an old word that is not needed: ${why}`;
    context.diagnostics.warning(placeOfWord(statement, 0), message, { kind: 'advice', expected: 'no such line' });
    return term.read(statement, context);
  },
});

/** `url { ... }`, `vrrp_script NAME { ... }`: what is in the braces, or a complaint that there are none. */
export function blockOf(statement: Statement, { diagnostics }: Context): readonly Statement[] | undefined {
  if (statement.block === undefined) {
    const place = placeOfWord(statement, statement.texts.length);
    diagnostics.error(place, `'${keywordOf(statement)}' without its block`, { expected: "'{'" });
  }
  return statement.block;
}
