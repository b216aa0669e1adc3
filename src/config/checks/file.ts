import type { FileCheck } from '../check.js';
import { type CheckDraft, type Inherited, positionOf } from './common.js';
import { completePace, unsaid } from './pace.js';
import { type Diagnostics, unknownWord } from '../diagnostics.js';
import { one, switchable } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { name } from '../values.js';
import { type Block, type Term, type Vocabulary, isMissing, placeIn, readBlock } from '../vocabulary.js';
import { weightTerm } from '../vrrp/tracking.js';
import type { TrackFile } from '../vrrp/vrrp.js';

const MOST_FACTOR = 2_147_483_647;

const file = {
  track_file: one(name('the name of a track_file')),
  weight: weightTerm(MOST_FACTOR),
  alpha: switchable,
} satisfies Vocabulary;

/** `FILE_CHECK { track_file NAME; weight FACTOR [reverse] }`: the number in that file makes the weight, or takes the server out. */
export const fileTerm: Term<CheckDraft> = {
  words: file,
  read(statement, { diagnostics }) {
    const block = readBlock('FILE_CHECK', file, statement.block ?? [], diagnostics);
    if (isMissing(block, 'track_file'))
      diagnostics.error(placeOfWord(statement, 0), "'FILE_CHECK' names no file", { expected: "'track_file NAME'" });
    return (inherited, diagnostics) => buildFile(block, inherited, statement, diagnostics);
  },
};

function buildFile(
  block: Block<typeof file>,
  inherited: Inherited,
  header: Statement,
  diagnostics: Diagnostics,
): FileCheck | undefined {
  const tracked = trackedBy(block, inherited, header, diagnostics);
  if (tracked === undefined) return undefined;
  const { weight, reverse } = block.values.weight ?? tracked;
  // it is told at once, and tries nothing again: of when to probe only flap damping has a meaning
  const pace = completePace({ ...unsaid, damping: inherited.pace.damping }, { retries: 0, retryDelaySeconds: 0 });
  return {
    is: 'file',
    position: positionOf(header, inherited),
    pace: { ...pace, alpha: block.values.alpha ?? inherited.alpha, logAllFailures: inherited.logAllFailures },
    path: tracked.path,
    // `weight 0 reverse` is not 0 turned round: it means that 0 is down
    weight: reverse && weight !== 0 ? -weight : weight,
    ...(reverse && weight === 0 ? { downAtZero: true } : {}),
  };
}

function trackedBy(
  block: Block<typeof file>,
  { named }: Inherited,
  header: Statement,
  diagnostics: Diagnostics,
): TrackFile | undefined {
  const wanted = block.values.track_file;
  if (wanted === undefined) return undefined;
  const tracked = named.trackFiles.get(wanted);
  if (tracked === undefined && !named.trackFiles.has(wanted)) {
    const [message, advice] = unknownWord(wanted, 'no track_file of this file', named.trackFiles.keys());
    diagnostics.error(placeIn(block, 'track_file', header), message, advice);
  }
  return tracked;
}
