import { namedBlocks } from './named.js';
import { noMore, one, phrase, readWord, type Reader } from './terms.js';
import { placeOfWord, positionOfWord } from './tree.js';
import { integer, oneOf } from './values.js';
import { isMissing, type Term, type Vocabulary } from './vocabulary.js';
import { weightTerm } from './vrrp/tracking.js';
import type { TrackFile } from './vrrp/vrrp.js';

const path: Reader<string> = (text) =>
  /^\/.*[^/]$/.test(text) ? { value: text } : { expected: 'the absolute path of a file' };

const MOST_I32 = 2_147_483_647;
const initial = integer(-MOST_I32 - 1, MOST_I32);

/** `init_file [VALUE] [overwrite]`. */
const initFile: Term<{ readonly value: number; readonly overwrite: boolean }> = phrase((statement, context) => {
  const bare = statement.words[1]?.text === 'overwrite';
  const value = statement.words.length > 1 && !bare ? readWord(statement, 1, initial, context) : 0;
  const at = bare ? 1 : 2;
  const overwrite = statement.words.length > at ? readWord(statement, at, oneOf('overwrite'), context) : '';
  noMore(statement, at + 1, context);
  return value === undefined || overwrite === undefined ? undefined : { value, overwrite: overwrite === 'overwrite' };
});

export const trackFileWords = { file: one(path), weight: weightTerm(254), init_file: initFile } satisfies Vocabulary;

/** `track_file NAME { file /path; weight 1 }`: for VRRP and for FILE_CHECK. */
export const trackFiles = (keyword: 'track_file' | 'vrrp_track_file') =>
  namedBlocks(keyword, trackFileWords, (name, block, statement, { diagnostics }): TrackFile | undefined => {
    const { values } = block;
    if (isMissing(block, 'file'))
      diagnostics.error(placeOfWord(statement, 0), `${keyword} '${name}' has no file`, { expected: "'file /path'" });
    if (values.file === undefined) return undefined;
    return {
      position: positionOfWord(statement, 0),
      name,
      path: values.file,
      weight: values.weight?.weight ?? 1,
      reverse: values.weight?.reverse ?? false,
      initial: values.init_file,
    };
  });
