import type { MiscCheck } from '../check.js';
import { command, scriptUser } from '../command.js';
import { type CheckDraft, type Inherited, paceOf, positionOf } from './common.js';
import { pace } from './pace.js';
import { flag, one, switchable } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { seconds } from '../values.js';
import { type Block, type Term, type Vocabulary, isMissing, readBlock } from '../vocabulary.js';

const { connect_timeout: _, ...timing } = pace;

/** It connects to nothing itself: no words of where and from where. */
const misc = {
  ...timing,
  alpha: switchable,
  log_all_failures: switchable,
  misc_path: command,
  misc_timeout: one(seconds(0, 4294)),
  misc_dynamic: flag,
  user: { ...scriptUser, once: true },
} satisfies Vocabulary;

/** `MISC_CHECK { misc_path "/path/command argument" }`: alive is who makes the command exit with 0. */
export const miscTerm: Term<CheckDraft> = {
  words: misc,
  read(statement, { diagnostics }) {
    const block = readBlock('MISC_CHECK', misc, statement.block ?? [], diagnostics);
    if (isMissing(block, 'misc_path'))
      diagnostics.error(placeOfWord(statement, 0), "'MISC_CHECK' runs nothing", { expected: '\'misc_path "/path"\'' });
    return (inherited) => buildMisc(block, inherited, statement);
  },
};

function buildMisc(block: Block<typeof misc>, inherited: Inherited, header: Statement): MiscCheck | undefined {
  const { misc_path: script, misc_timeout: timeout = 0, misc_dynamic: dynamic = false, user } = block.values;
  if (script === undefined) return undefined;
  const pace = paceOf(block, inherited, { retries: 0, retryDelaySeconds: 1 });
  return {
    is: 'misc',
    position: positionOf(header, inherited),
    pace,
    script,
    timeoutSeconds: timeout === 0 ? pace.intervalSeconds : timeout,
    dynamic,
    ...(user === undefined ? {} : { user }),
  };
}
