import { blockOf, one, phrase, readWord, type Reader } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { integer, oneOf } from '../values.js';
import { type Block, isMissing, placeIn, readBlock, type Term, type Vocabulary } from '../vocabulary.js';
import type { Diagnostics } from '../diagnostics.js';
import type { HmacKey, VrrpAuthentication, VrrpHmac } from './vrrp.js';

const LONGEST_PASSWORD = 8;

/** What the wire holds: eight bytes. Never cut within a character. */
function cut(text: string): string {
  let kept = '';
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > LONGEST_PASSWORD) break;
    kept += character;
  }
  return kept;
}

const password: Reader<string> = (text, complain) => {
  if (text === '') return { expected: 'a password of at most 8 bytes' };
  const kept = cut(text);
  if (kept !== text) complain(`only the first ${LONGEST_PASSWORD} bytes of the password count`);
  return { value: kept };
};

export const authenticationWords = {
  auth_type: one(oneOf('PASS', 'AH')),
  auth_pass: one(password),
} satisfies Vocabulary;

export const authenticationTerm: Term<{
  readonly statement: Statement;
  readonly value: VrrpAuthentication | undefined;
}> = {
  words: authenticationWords,
  read(statement, context) {
    const lines = blockOf(statement, context);
    if (lines === undefined) return undefined;
    const block = readBlock('authentication', authenticationWords, lines, context.diagnostics);
    const { auth_type: type, auth_pass: pass } = block.values;
    for (const [word, expected] of NEEDED)
      if (isMissing(block, word))
        context.diagnostics.warning(placeOfWord(statement, 0), `'authentication' without '${word}' has no effect`, {
          kind: 'repair',
          expected,
        });
    if (type === undefined || pass === undefined) return { statement, value: undefined };
    return { statement, value: { type: type === 'AH' ? 'ah' : 'pass', password: pass } };
  },
};

const NEEDED = [
  ['auth_type', "'auth_type PASS' or AH"],
  ['auth_pass', "'auth_pass PASSWORD'"],
] as const;

const keyId = integer(1, 255);
const SHORTEST_KEY = 32;
const LONGEST_KEY = 64;

/** 32 to 64 bytes: as text, as `hex:...`, or in a file. */
const keyValue: Reader<HmacKey['key']> = (text) => {
  const [, kind, rest = ''] = /^(hex|file):(.*)$/s.exec(text) ?? [];
  if (kind === 'file') return /^\//.test(rest) ? { value: { file: rest } } : { expected: 'file:/absolute/path' };
  const bytes = kind === 'hex' ? rest.length / 2 : Buffer.byteLength(text);
  const fits = bytes >= SHORTEST_KEY && bytes <= LONGEST_KEY && (kind !== 'hex' || /^([0-9a-fA-F]{2})+$/.test(rest));
  if (!fits) return { expected: `a key of ${SHORTEST_KEY} to ${LONGEST_KEY} bytes, hex:DIGITS or file:/path` };
  return { value: kind === 'hex' ? { hex: rest.toLowerCase() } : { text } };
};

const key: Term<readonly HmacKey[]> = {
  ...phrase((statement, context) => {
    const id = readWord(statement, 1, keyId, context);
    const value = readWord(statement, 2, keyValue, context);
    return id === undefined || value === undefined ? undefined : [{ id, key: value }];
  }),
  join: (before, now) => [...before, ...now],
};

export const hmacWords = {
  key,
  active_key: one(keyId),
  anti_replay: one(oneOf('time', 'monotonic')),
  time_window: one(integer(1, 300)),
  mode: one(oneOf('enforce', 'permissive', 'receive-only')),
} satisfies Vocabulary;

export interface HmacDraft {
  readonly statement: Statement;
  readonly block: Block<typeof hmacWords>;
}

export const hmacTerm: Term<HmacDraft> = {
  words: hmacWords,
  read(statement, context) {
    const lines = blockOf(statement, context);
    return lines && { statement, block: readBlock('auth_hmac', hmacWords, lines, context.diagnostics) };
  },
};

const LEAST_WINDOW = 5;

export function hmacOf(
  draft: HmacDraft | undefined,
  advertSeconds: number,
  diagnostics: Diagnostics,
): VrrpHmac | undefined {
  if (draft === undefined) return undefined;
  const { block, statement } = draft;
  const { values } = block;
  if (isMissing(block, 'key'))
    diagnostics.error(placeOfWord(statement, 0), "'auth_hmac' has no key", { expected: "'key ID VALUE'" });
  const [first] = values.key ?? [];
  if (values.key === undefined || first === undefined) return undefined;
  const twice = values.key.find((one, i) => values.key?.findIndex(({ id }) => id === one.id) !== i);
  if (twice !== undefined)
    diagnostics.error(placeIn(block, 'key', statement), `key ${twice.id} is given twice`, { expected: 'each id once' });
  const active = values.active_key ?? first.id;
  if (!values.key.some(({ id }) => id === active) && !block.failed.has('key'))
    diagnostics.error(placeIn(block, 'active_key', statement), `there is no key ${active}`, {
      expected: `one of ${values.key.map(({ id }) => id).join(', ')}`,
    });
  return {
    keys: values.key,
    activeKey: active,
    antiReplay: values.anti_replay ?? 'time',
    windowSeconds: values.time_window ?? Math.max(3 * advertSeconds, LEAST_WINDOW),
    mode: values.mode ?? 'enforce',
  };
}
