import { readRawWords } from '../command.js';
import { nearest } from '../nearest.js';
import { placeOfWord } from '../tree.js';
import { phrase } from '../terms.js';
import type { Term } from '../vocabulary.js';

/** Patterns are PCRE in keepalived; here they are JavaScript's. What only PCRE has is refused, never misread. */
export const pattern: Term<string> = phrase((statement, context) => {
  const words = readRawWords(statement, false, context);
  const text = words?.map((word) => word.text).join(' ');
  if (text === undefined) return undefined;
  const problem = compile(text, '');
  if (problem instanceof RegExp) return text;
  context.diagnostics.error(placeOfWord(statement, 1), `the pattern does not compile: ${problem}`, {
    expected: 'a regular expression (PCRE without possessive quantifiers, atomic groups and recursion)',
  });
  return undefined;
});

/** `(?i)` at the start is taken as a flag. undefined text compiles to nothing. */
export function compile(text: string, flags: string): RegExp | string {
  const [inline = '', letters = ''] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  try {
    return new RegExp(text.slice(inline.length), [...new Set(flags + letters)].join(''));
  } catch (error) {
    return (error as Error).message.replace(/^Invalid regular expression: /, '');
  }
}

const FLAGS: ReadonlyMap<string, string> = new Map([
  ['caseless', 'i'],
  ['multiline', 'm'],
  ['dotall', 's'],
]);
/** They change how PCRE works, not what it finds. */
const WITHOUT_MEANING = new Set([
  'auto_callout',
  'no_auto_possess',
  'no_dotstar_anchor',
  'no_start_optimize',
  'no_utf_check',
  'use_offset_limit',
  'never_backslash_c',
  'never_ucp',
  'never_utf',
  'dupnames',
]);
const UNKNOWN_HERE = new Set(
  `allow_empty_class alt_bsux alt_circumflex alt_verbnames anchored dollar_endonly endanchored extended extended_more firstline literal
  match_invalid_utf match_unset_backref no_auto_capture ucp ungreedy utf`.split(/\s+/),
);

/** Options of PCRE2 as flags of JavaScript. */
export const patternOptions: Term<string> = phrase((statement, context) => {
  let flags = '';
  for (const [i, { text }] of statement.words.entries()) {
    if (i === 0 || WITHOUT_MEANING.has(text)) continue;
    const letter = FLAGS.get(text);
    if (letter === undefined) {
      const known = UNKNOWN_HERE.has(text);
      const suggestion = known ? undefined : nearest(text, [...FLAGS.keys(), ...WITHOUT_MEANING]);
      const message = known ? `'${text}' is not supported` : `'${text}' is no option of a pattern`;
      context.diagnostics.error(placeOfWord(statement, i), message, {
        expected: 'caseless, multiline or dotall',
        suggestion,
      });
      return undefined;
    }
    flags += letter;
  }
  return flags;
});
