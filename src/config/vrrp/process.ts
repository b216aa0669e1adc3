import { readRawWords } from '../command.js';
import { namedBlocks } from '../named.js';
import { flag, one, optional, phrase } from '../terms.js';
import { placeOfWord, positionOfWord } from '../tree.js';
import { integer, oneOf, seconds } from '../values.js';
import { isMissing, placeIn, type Term, type Vocabulary } from '../vocabulary.js';
import { weightTerm } from './tracking.js';
import type { TrackProcess } from './vrrp.js';

const delay = one(seconds(0.000001, 3600));

/** `process NAME [PARAMETER...]`, in quotes where there are blanks. */
const processWord: Term<readonly string[]> = phrase((statement, context) =>
  readRawWords(statement, true, context)?.map((word) => word.text),
);

export const trackProcessWords = {
  process: processWord,
  param_match: optional(oneOf('initial', 'partial'), 'exact' as const),
  weight: weightTerm(254),
  quorum: one(integer(1, 65_535)),
  quorum_max: one(integer(0, 65_535)),
  delay,
  terminate_delay: delay,
  fork_delay: delay,
  full_command: flag,
} satisfies Vocabulary;

/** `vrrp_track_process NAME { process haproxy; weight -10 }`. */
export const trackProcesses = namedBlocks(
  'vrrp_track_process',
  trackProcessWords,
  (name, block, statement, { diagnostics }): TrackProcess | undefined => {
    const { values } = block;
    if (isMissing(block, 'process'))
      diagnostics.error(placeOfWord(statement, 0), `vrrp_track_process '${name}' looks for nothing`, {
        expected: "'process NAME'",
      });
    const { quorum = 1, quorum_max: most } = values;
    if (most !== undefined && most !== 0 && most < quorum)
      diagnostics.error(placeIn(block, 'quorum_max', statement), `quorum_max ${most} is below the quorum, ${quorum}`, {
        expected: `${quorum} or more`,
      });
    const [, ...parameters] = values.process ?? [];
    if (values.process === undefined) return undefined;
    return {
      position: positionOfWord(statement, 0),
      name,
      argv: values.process,
      match: values.param_match ?? (parameters.length === 0 ? 'any' : 'exact'),
      weight: values.weight?.weight ?? 0,
      reverse: values.weight?.reverse ?? false,
      quorum,
      most,
      forkDelaySeconds: values.fork_delay ?? values.delay ?? 0,
      terminateDelaySeconds: values.terminate_delay ?? values.delay ?? 0,
      fullCommand: values.full_command ?? false,
    };
  },
);
