import { type Family, familyOf } from '../../model/address.js';
import type { BfdInstance } from '../configuration.js';
import type { Diagnostics } from '../diagnostics.js';
import { linesInBraces, readEntry } from '../lists.js';
import { isNamed } from '../named.js';
import { noMore, phrase, readWord } from '../terms.js';
import { type Statement, placeOfWord, positionOfWord } from '../tree.js';
import { integer, interfaceName, name, oneOf } from '../values.js';
import type { Context, Term, Values, Vocabulary } from '../vocabulary.js';
import { unknownWord } from '../diagnostics.js';
import type { Track, TrackFile, TrackProcess, Tracks, TrackScript } from './vrrp.js';

/** How much a tracked thing changes the priority, and which way. */
export interface Weight {
  readonly weight: number;
  readonly reverse: boolean;
}

/** `weight N [reverse]`. */
export const weightTerm = (most: number): Term<Weight> =>
  phrase((statement, context) => {
    const weight = readWord(statement, 1, integer(-most, most), context);
    const direction =
      statement.words.length > 2 ? readWord(statement, 2, oneOf('reverse', 'noreverse'), context) : 'noreverse';
    noMore(statement, 3, context);
    return weight === undefined || direction === undefined ? undefined : { weight, reverse: direction === 'reverse' };
  });

export interface TrackDraft {
  readonly statement: Statement;
  readonly name: string;
  readonly weight: Partial<Weight>;
}

/** `NAME [weight N [reverse|noreverse]]`, one per line. */
const trackLines = (
  what: string,
  most: number,
  reader: typeof interfaceName = name(what),
): Term<readonly TrackDraft[]> =>
  linesInBraces(what, (line, context): TrackDraft | undefined => {
    const title = readEntry(line, 0, what, reader, context);
    const weight = line.words.length > 1 ? weightAt(line, most, context) : {};
    return title === undefined || weight === undefined ? undefined : { statement: line, name: title, weight };
  });

function weightAt(line: Statement, most: number, context: Context): Partial<Weight> | undefined {
  const [, word, , direction] = line.words;
  if (word?.text !== 'weight') {
    const [message, advice] = unknownWord(word?.text ?? '', "not 'weight'", ['weight']);
    context.diagnostics.error(placeOfWord(line, 1), message, {
      expected: "'weight N [reverse]' or a new line",
      ...advice,
    });
    return undefined;
  }
  const weight = readEntry(line, 2, 'weight', integer(-most, most), context);
  const read =
    direction === undefined ? 'unsaid' : readEntry(line, 3, 'direction', oneOf('reverse', 'noreverse'), context);
  if (line.words.length > 4)
    context.diagnostics.warning(
      placeOfWord(line, 4),
      `'${line.words[4]!.text}' is more than a line takes; it has no effect`,
    );
  if (weight === undefined || read === undefined) return undefined;
  return { weight, ...(read === 'unsaid' ? {} : { reverse: read === 'reverse' }) };
}

const SCRIPT_WEIGHT = 253;
const FILE_WEIGHT = 254;

/** The words of vrrp_instance and vrrp_sync_group that name what is watched. */
export const trackWords = {
  track_interface: trackLines('interface', SCRIPT_WEIGHT, interfaceName),
  track_script: trackLines('vrrp_script', SCRIPT_WEIGHT),
  track_file: trackLines('track_file', FILE_WEIGHT),
  track_process: trackLines('vrrp_track_process', FILE_WEIGHT),
  track_bfd: trackLines('bfd_instance', SCRIPT_WEIGHT),
} satisfies Vocabulary;

/** What can be tracked, by name; undefined: it is there and could not be read. */
export interface Trackable {
  readonly scripts: ReadonlyMap<string, TrackScript | undefined>;
  readonly files: ReadonlyMap<string, TrackFile | undefined>;
  readonly processes: ReadonlyMap<string, TrackProcess | undefined>;
  readonly bfd: ReadonlyMap<string, BfdInstance | undefined>;
}

export function tracksOf(values: Values<typeof trackWords>, trackable: Trackable, diagnostics: Diagnostics): Tracks {
  const known = (
    drafts: readonly TrackDraft[] | undefined,
    keyword: string,
    all: ReadonlyMap<string, Weight | undefined>,
  ): readonly Track[] =>
    once(drafts, diagnostics).flatMap((draft) =>
      isNamed(draft.name, placeOfWord(draft.statement, 0), keyword, all, diagnostics)
        ? [trackOf(draft, all.get(draft.name))]
        : [],
    );
  return {
    interfaces: once(values.track_interface, diagnostics).map((draft) => trackOf(draft, undefined)),
    scripts: known(values.track_script, 'vrrp_script', trackable.scripts),
    files: known(values.track_file, 'track_file', trackable.files),
    processes: known(values.track_process, 'vrrp_track_process', trackable.processes),
    bfd: known(values.track_bfd, 'bfd_instance', trackable.bfd),
  };
}

const trackOf = ({ statement, name: title, weight }: TrackDraft, own: Weight | undefined): Track => ({
  position: positionOfWord(statement, 0),
  name: title,
  weight: weight.weight ?? own?.weight ?? 0,
  reverse: weight.reverse ?? own?.reverse ?? false,
});

/** Each name counts once. */
function once(drafts: readonly TrackDraft[] = [], diagnostics: Diagnostics): readonly TrackDraft[] {
  const seen = new Map<string, TrackDraft>();
  for (const draft of drafts) {
    const before = seen.get(draft.name);
    if (before === undefined) seen.set(draft.name, draft);
    else {
      const message = `'${draft.name}' is tracked already, in line ${before.statement.line}`;
      diagnostics.error(placeOfWord(draft.statement, 0), message, { expected: 'it once' });
    }
  }
  return [...seen.values()];
}

/** What `bfd_master` names: sessions of this file with neighbours that can send adverts of this family. */
export function masterSessionsOf(
  drafts: readonly { readonly name: string; readonly place: ReturnType<typeof placeOfWord> }[],
  family: Family,
  sessions: ReadonlyMap<string, BfdInstance | undefined>,
  diagnostics: Diagnostics,
): readonly string[] {
  const found = new Set<string>();
  for (const { name: title, place } of drafts) {
    if (!isNamed(title, place, 'bfd_instance', sessions, diagnostics)) continue;
    const neighbor = sessions.get(title)?.neighbor;
    if (neighbor !== undefined && familyOf(neighbor) !== family)
      diagnostics.error(place, `the neighbour of '${title}', ${neighbor}, can be no master of this instance`, {
        expected: 'a session with the address that its adverts come from',
      });
    found.add(title);
  }
  return [...found];
}
