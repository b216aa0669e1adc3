import type { Script, ScriptUser } from './configuration.js';
import { placeOf } from './lexer.js';
import { keywordOf, placeOfWord, type Statement } from './tree.js';
import { phrase } from './terms.js';
import type { Context, Term } from './vocabulary.js';

/** Words that take a command or a pattern are split by rules of their own: both quotes, adjacent parts joined, escapes. */
export interface RawWord {
  readonly text: string;
  readonly quoted: boolean;
  readonly from: number;
  readonly to: number;
}

const ESCAPES: ReadonlyMap<string, string> = new Map(
  Object.entries({ a: '\x07', b: '\b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }),
);
const ESCAPE = /\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|c([\s\S])|([\s\S]))/y;

/** What stands behind the keyword, split so; undefined: a quote is not closed. */
export function rawWords(statement: Statement, escapes: boolean): readonly RawWord[] | undefined {
  const { text } = statement.source;
  const words: RawWord[] = [];
  let at = statement.words[0]!.to;
  while (at < statement.to) {
    if (/\s/.test(text[at]!)) {
      at++;
      continue;
    }
    const from = at;
    let made = '';
    let quote: string | undefined;
    let quoted = false;
    for (; at < statement.to; at++) {
      const character = text[at]!;
      if (character === '\\') {
        const [piece, end] = escapeAt(text, at, escapes);
        made += piece;
        at = end - 1;
      } else if (character === quote) quote = undefined;
      else if (quote === undefined && (character === '"' || character === "'")) {
        quote = character;
        quoted = true;
      } else if (quote === undefined && /\s/.test(character)) break;
      else made += character;
    }
    if (quote !== undefined) return undefined;
    words.push({ text: made, quoted, from, to: at });
  }
  return words;
}

/** Patterns keep their backslashes, but for one before a quote. */
function escapeAt(text: string, at: number, escapes: boolean): [made: string, end: number] {
  ESCAPE.lastIndex = at;
  const [all = '\\', hex, octal, control, other = ''] = ESCAPE.exec(text) ?? [];
  const end = at + all.length;
  if (!escapes) return text[at + 1] === '"' ? ['"', at + 2] : [text.slice(at, at + 2), at + 2];
  if (hex !== undefined) return [String.fromCharCode(Number.parseInt(hex, 16)), end];
  if (octal !== undefined) return [String.fromCharCode(Number.parseInt(octal, 8) & 0xff), end];
  if (control !== undefined) return [String.fromCharCode(control.charCodeAt(0) & 0x1f), end];
  return [ESCAPES.get(other) ?? other, end];
}

/** The raw words of a statement, or a complaint. */
export function readRawWords(statement: Statement, escapes: boolean, context: Context): readonly RawWord[] | undefined {
  const words = rawWords(statement, escapes);
  if (words === undefined) {
    const place = placeOfWord(statement, 1);
    context.diagnostics.error(place, 'a quote that is not closed', { expected: 'its end on the same line' });
  } else if (words.length === 0) {
    const keyword = keywordOf(statement);
    context.diagnostics.error(placeOfWord(statement, 0), `'${keyword}' lacks a value`, {
      expected: keyword === 'regex' ? 'a pattern in quotes' : 'a command in quotes',
    });
    return undefined;
  }
  return words;
}

const USER = /^[A-Za-z_][\w.-]*\$?$/;
const GROUP = /^:?[A-Za-z_][\w.-]*\$?$|^:$/;
const NOBODY = /(?!)/;

/**
 * `notify_up "/path/command argument 'one more'" [USER [GROUP]]`. keepalived takes the words behind an unquoted command for user and
 * group without a word; what cannot be a user's name is refused here.
 */
export const command: Term<Script> = {
  once: true,
  ...phrase((statement, context) => {
    const words = readRawWords(statement, true, context);
    const [what, ...who] = words ?? [];
    if (what === undefined) return undefined;
    const argv = argumentsOf(what.text);
    if (argv.length === 0) {
      context.diagnostics.error(placeOfWord(statement, 1), 'an empty command', {
        expected: 'a program and its arguments in quotes',
      });
      return undefined;
    }
    const stranger = who.find((word, i) => !(i === 0 ? USER : i === 1 ? GROUP : NOBODY).test(word.text));
    if (stranger !== undefined) {
      const place = placeOf(statement.source, stranger.from, stranger.to);
      const message = `'${stranger.text}' stands where the user and group of the command are named`;
      context.diagnostics.error(place, message, {
        expected: 'the command and its arguments together in double quotes',
      });
      return undefined;
    }
    const [user, group] = who.map((word) => word.text);
    return { argv, ...(user === undefined ? {} : { user: userOf(user, group) }) };
  }),
};

/** `GROUP`, `:GROUP` with all other groups of the user, `:` with all of them and its own one. */
function userOf(user: string, group: string | undefined): ScriptUser {
  if (group === undefined) return { user };
  const [, colon = '', name = ''] = /^(:?)(.*)$/.exec(group) ?? [];
  return { user, ...(name === '' ? {} : { group: name }), ...(colon === '' ? {} : { supplementary: true }) };
}

/** Blanks part arguments, `'...'` keeps them together. */
export function argumentsOf(text: string): readonly string[] {
  const found = text.matchAll(/(?:'[^']*'|[^\s'])+/g);
  return [...found].map(([word]) => word.replaceAll("'", ''));
}

/** `script_user USER [[:]GROUP]`, and `user` of a check. */
export const scriptUser: Term<ScriptUser> = phrase((statement, { diagnostics }) => {
  const [, user, group, extra] = statement.words;
  if (user === undefined || extra !== undefined || !USER.test(user.text)) {
    diagnostics.error(placeOfWord(statement, extra === undefined ? 1 : 3), 'no user', { expected: 'USER [GROUP]' });
    return undefined;
  }
  if (group !== undefined && !GROUP.test(group.text)) {
    diagnostics.error(placeOfWord(statement, 2), `'${group.text}' is no name of a group`, { expected: '[:]GROUP' });
    return undefined;
  }
  return userOf(user.text, group?.text);
});
