import { readRawWords } from '../command.js';
import { nearest } from '../nearest.js';
import { placeOfWord } from '../tree.js';
import { phrase } from '../terms.js';
import type { Term } from '../vocabulary.js';
import type { PcreOptions } from './pcre.js';

/** A pattern of PCRE as it is written: what it means depends on the options beside it. */
export const pattern: Term<string> = phrase((statement, context) =>
  readRawWords(statement, false, context)
    ?.map((word) => word.text)
    .join(' '),
);

const OPTIONS: ReadonlyMap<string, PcreOptions> = new Map<string, PcreOptions>([
  ['caseless', { i: true }],
  ['multiline', { m: true }],
  ['dotall', { s: true }],
  ['extended', { x: true }],
  ['dollar_endonly', { dollarEndOnly: true }],
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
]);
const UNKNOWN_HERE = new Set(
  `allow_empty_class alt_bsux alt_circumflex alt_verbnames anchored dupnames endanchored extended_more firstline literal
  match_invalid_utf match_unset_backref no_auto_capture ucp ungreedy utf`.split(/\s+/),
);
const EXPECTED = 'caseless, multiline, dotall, extended or dollar_endonly';

/** Options of PCRE2 (pcre2_compile(3)). */
export const patternOptions: Term<PcreOptions> = phrase((statement, context) => {
  let options: PcreOptions = {};
  for (const [i, text] of statement.texts.entries()) {
    if (i === 0 || WITHOUT_MEANING.has(text)) continue;
    const option = OPTIONS.get(text);
    if (option === undefined) {
      const known = UNKNOWN_HERE.has(text);
      const suggestion = known ? undefined : nearest(text, [...OPTIONS.keys(), ...WITHOUT_MEANING]);
      const message = known ? `'${text}' is not supported` : `'${text}' is no option of a pattern`;
      context.diagnostics.error(placeOfWord(statement, i), message, { expected: EXPECTED, suggestion });
      return undefined;
    }
    options = { ...options, ...option };
  }
  return options;
});
