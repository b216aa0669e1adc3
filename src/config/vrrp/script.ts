import { command, scriptUser } from '../command.js';
import { namedBlocks } from '../named.js';
import { flag, noMore, one, phrase, readWord } from '../terms.js';
import { placeOfWord, positionOfWord } from '../tree.js';
import { integer, seconds } from '../values.js';
import { isMissing, type Term, type Vocabulary } from '../vocabulary.js';
import { weightTerm } from './tracking.js';
import type { TrackScript } from './vrrp.js';

const MOST_I32 = 2_147_483_647;
const LONGEST = 4294;

/** keepalived takes 1 for 0. */
const interval: Term<number> = phrase((statement, context) => {
  const value = readWord(statement, 1, seconds(0, LONGEST), context);
  noMore(statement, 2, context);
  if (value !== 0) return value;
  context.diagnostics.warning(placeOfWord(statement, 1), 'an interval of 0 is taken as 1 second', { kind: 'repair' });
  return 1;
});

export const trackScriptWords = {
  script: command,
  interval,
  timeout: one(seconds(0.001, LONGEST)),
  weight: weightTerm(253),
  rise: one(integer(1, MOST_I32)),
  fall: one(integer(1, MOST_I32)),
  user: scriptUser,
  init_fail: flag,
} satisfies Vocabulary;

/** `vrrp_script NAME { script "/path arguments"; interval 2; weight -20 }`. */
export const trackScripts = namedBlocks(
  'vrrp_script',
  trackScriptWords,
  (name, block, statement, context): TrackScript | undefined => {
    const { values } = block;
    if (isMissing(block, 'script'))
      context.diagnostics.error(placeOfWord(statement, 0), `vrrp_script '${name}' runs nothing`, {
        expected: '\'script "/path arguments"\'',
      });
    if (values.script === undefined) return undefined;
    const intervalSeconds = values.interval ?? 1;
    const user = values.user ?? values.script.user;
    return {
      position: positionOfWord(statement, 0),
      name,
      script: values.script,
      intervalSeconds,
      timeoutSeconds: values.timeout ?? intervalSeconds,
      weight: values.weight?.weight ?? 0,
      reverse: values.weight?.reverse ?? false,
      rise: values.rise ?? 1,
      fall: values.fall ?? 1,
      user,
      startsFailed: values.init_fail ?? false,
    };
  },
);
