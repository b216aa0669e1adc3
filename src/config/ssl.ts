import type { SslSettings } from './configuration.js';
import type { Diagnostics } from './diagnostics.js';
import { blockOf, each, noMore, one, type Reader } from './terms.js';
import { type Statement, placeOfWord } from './tree.js';
import { name } from './values.js';
import { type Block, isMissing, placeIn, readBlock, type Term, type Vocabulary } from './vocabulary.js';

const pem: Reader<string> = name('the path of a PEM file');

export const sslWords = {
  password: one(name('the password of the key')),
  ca: one(pem),
  certificate: one(pem),
  key: one(pem),
} satisfies Vocabulary;

export interface SslDraft {
  readonly header: Statement;
  readonly block: Block<typeof sslWords>;
}

/** `SSL { certificate FILE; key FILE }`: one for all SSL_GET. */
export const sslTerm: Term<readonly SslDraft[]> = {
  words: sslWords,
  ...each<SslDraft>({
    read(statement, context) {
      noMore(statement, 1, context);
      const lines = blockOf(statement, context) ?? [];
      return { header: statement, block: readBlock('SSL', sslWords, lines, context.diagnostics) };
    },
  }),
};

export function sslOf(drafts: readonly SslDraft[] = [], diagnostics: Diagnostics): SslSettings {
  const [first, second] = drafts;
  if (first === undefined) return {};
  if (second !== undefined)
    diagnostics.error(placeOfWord(second.header, 0), `'SSL' is there already, in line ${first.header.line}`, {
      expected: 'it once',
    });
  const { block, header } = first;
  const { certificate, key, password, ca: authority } = block.values;
  if (certificate !== undefined && isMissing(block, 'key'))
    diagnostics.error(placeIn(block, 'certificate', header), 'a certificate without its key', {
      expected: "'key FILE'",
    });
  if (key !== undefined && isMissing(block, 'certificate'))
    diagnostics.error(placeIn(block, 'key', header), 'a key without its certificate', {
      expected: "'certificate FILE'",
    });
  const client =
    certificate === undefined || key === undefined
      ? undefined
      : { certificate, key, ...(password === undefined ? {} : { password }) };
  return { ...(client === undefined ? {} : { client }), ...(authority === undefined ? {} : { authority }) };
}
