import { type Diagnostics, unknownWord } from './diagnostics.js';
import { blockOf, each, noMore, readWord } from './terms.js';
import { type Statement, keywordOf, placeOfWord } from './tree.js';
import { name } from './values.js';
import { type Block, type Context, readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** `KEYWORD NAME { ... }`: undefined `value` means that it is there and could not be read. */
export interface Named<T> {
  readonly statement: Statement;
  readonly name: string;
  readonly value: T | undefined;
}

export type Build<V extends Vocabulary, T> = (
  name: string,
  block: Block<V>,
  statement: Statement,
  context: Context,
) => T | undefined;

/** Every block of this keyword, in order. Errors inside are found also where the name is wrong. */
export const namedBlocks = <V extends Vocabulary, T>(
  keyword: string,
  words: V,
  build: Build<V, T>,
  longest = 255,
): Term<readonly Named<T>[]> => ({
  words,
  ...each<Named<T>>({
    read(statement, context) {
      const title = readWord(statement, 1, name(`the name of a ${keyword}`, longest), context);
      noMore(statement, 2, context);
      const lines = blockOf(statement, context);
      const block = readBlock(keyword, words, lines ?? [], context.diagnostics);
      if (title === undefined) return undefined;
      return { statement, name: title, value: lines && build(title, block, statement, context) };
    },
  }),
});

/** By name; a second one of the same name does not count, and is an error where keepalived says so too. */
export function byName<T>(
  all: readonly Named<T>[],
  diagnostics: Diagnostics,
  severity: 'error' | 'warning' = 'error',
): ReadonlyMap<string, T | undefined> {
  const found = new Map<string, T | undefined>();
  const lines = new Map<string, number>();
  for (const { name: title, value, statement } of all) {
    const before = lines.get(title);
    if (before !== undefined) {
      const message = `${keywordOf(statement)} '${title}' is there already, in line ${before}`;
      diagnostics[severity](
        placeOfWord(statement, 1),
        severity === 'error' ? message : `${message}; the first one counts`,
        {
          kind: severity === 'error' ? 'language' : 'advice',
          expected: 'another name',
        },
      );
      continue;
    }
    lines.set(title, statement.line);
    found.set(title, value);
  }
  return found;
}

export const valuesOf = <T>(found: ReadonlyMap<string, T | undefined>): readonly T[] =>
  [...found.values()].filter((value) => value !== undefined);

/** Whether there is one of this name; a complaint if not. */
export function isNamed(
  title: string,
  place: ReturnType<typeof placeOfWord>,
  keyword: string,
  known: ReadonlyMap<string, unknown>,
  diagnostics: Diagnostics,
): boolean {
  if (known.has(title)) return true;
  const [message, advice] = unknownWord(title, `no ${keyword} of this file`, known.keys());
  diagnostics.error(place, message, advice);
  return false;
}
