import { type Statement, placeOfWord } from './tree.js';
import { blockOf, noMore, type Reader } from './terms.js';
import type { Context, Term } from './vocabulary.js';

/** A word of a line that has no keyword, by a reader. */
export function readEntry<T>(
  statement: Statement,
  index: number,
  what: string,
  reader: Reader<T>,
  context: Context,
): T | undefined {
  const word = statement.words[index];
  const place = placeOfWord(statement, index);
  const result = reader(word?.text ?? '', (message) => context.diagnostics.warning(place, message));
  if ('value' in result) return result.value;
  if (word === undefined) context.diagnostics.error(place, `${what} is missing`, result);
  else {
    const kind = /^\$\w/.test(word.text) ? 'a variable that is not defined' : `no ${what}`;
    context.diagnostics.error(place, `'${word.text}' is ${kind}`, result);
  }
  return undefined;
}

/** Values in braces, one per line or several: `notification_email { a@b c@d }`. Those that could not be read are left out. */
export const wordsInBraces = <T>(what: string, reader: Reader<T>): Term<readonly T[]> => ({
  read(statement, context) {
    const lines = blockOf(statement, context);
    noMore(statement, 1, context);
    if (lines === undefined) return undefined;
    const found: T[] = [];
    for (const line of lines) {
      noBlock(line, context);
      for (let i = 0; i < line.words.length; i++) {
        const value = readEntry(line, i, what, reader, context);
        if (value !== undefined) found.push(value);
      }
    }
    if (lines.length === 0) complainEmpty(statement, what, context);
    return found;
  },
  join: (before, now) => [...before, ...now],
});

/** Lines in braces, each with an order of its own. Those that could not be read are left out. */
export const linesInBraces = <T extends object>(
  what: string,
  readLine: (line: Statement, context: Context) => T | readonly T[] | undefined,
  emptyIsFine = false,
): Term<readonly T[]> => ({
  read(statement, context) {
    const lines = blockOf(statement, context);
    noMore(statement, 1, context);
    if (lines === undefined) return undefined;
    const found = lines.flatMap((line): T | readonly T[] =>
      noBlock(line, context) ? (readLine(line, context) ?? []) : [],
    );
    if (lines.length === 0 && !emptyIsFine) complainEmpty(statement, what, context);
    return found;
  },
  join: (before, now) => [...before, ...now],
});

function complainEmpty(statement: Statement, what: string, { diagnostics }: Context): void {
  diagnostics.warning(placeOfWord(statement, 0), `'${statement.words[0]!.text}' is empty`, { expected: `a ${what}` });
}

function noBlock(line: Statement, { diagnostics }: Context): boolean {
  if (line.block === undefined) return true;
  diagnostics.error(placeOfWord(line, line.words.length), `'${line.words[0]!.text}' has no block`, {
    expected: 'the end of the line',
  });
  return false;
}
