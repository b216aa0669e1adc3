import type { Diagnostics } from '../diagnostics.js';
import { linesInBraces, readEntry } from '../lists.js';
import { type Named, namedBlocks } from '../named.js';
import { noMore } from '../terms.js';
import { type Statement, placeOfWord, positionOfWord } from '../tree.js';
import { integer, interfaceName } from '../values.js';
import { isMissing, type Context, type Term, type Vocabulary } from '../vocabulary.js';
import { members, membersOf } from '../vrrp/sync-group.js';
import { addressLine } from './address-line.js';
import { routeLine } from './route-line.js';
import { ruleLine } from './rule-line.js';
import type { LinkDelay, TrackGroup } from './statics.js';

/** One warning for each block that is read and checked and does not run yet. */
const notYet = <T>(term: Term<T>): Term<T> => ({
  ...term,
  withVrrp: true,
  read(statement, context) {
    const message = `'${statement.words[0]!.text}' is read and checked, and not kept on the machine yet`;
    context.diagnostics.warning(placeOfWord(statement, 0), message, { kind: 'unsupported' });
    return term.read(statement, context);
  },
});

const delay = integer(0, 255);

/** `IFNAME DOWN [UP]`. */
function linkDelay(line: Statement, context: Context): LinkDelay | undefined {
  const device = readEntry(line, 0, 'interface', interfaceName, context);
  const down = readEntry(line, 1, 'delay', delay, context);
  const up = line.words.length > 2 ? readEntry(line, 2, 'delay', delay, context) : 0;
  noMore(line, 3, context);
  if (device === undefined || down === undefined || up === undefined) return undefined;
  return { position: positionOfWord(line, 0), interface: device, downSeconds: down, upSeconds: up };
}

const trackGroupWords = { group: members } satisfies Vocabulary;

export interface TrackGroupDraft {
  readonly statement: Statement;
  readonly members: Parameters<typeof membersOf>[0];
}

export const staticBlocks = {
  static_ipaddress: notYet(linesInBraces('address', addressLine('static'))),
  static_routes: notYet(linesInBraces('route', routeLine('static'))),
  static_rules: notYet(linesInBraces('rule', ruleLine('static'))),
  interface_up_down_delays: notYet(linesInBraces('delay', linkDelay)),
  track_group: namedBlocks(
    'track_group',
    trackGroupWords,
    (name, block, statement, { diagnostics }): TrackGroupDraft => {
      if (isMissing(block, 'group'))
        diagnostics.error(placeOfWord(statement, 0), `track_group '${name}' has no members`, {
          expected: "'group { INSTANCE ... }'",
        });
      return { statement, members: block.values.group ?? [] };
    },
  ),
} satisfies Vocabulary;

export const trackGroupsOf = (
  drafts: readonly Named<TrackGroupDraft>[],
  instances: ReadonlyMap<string, unknown>,
  diagnostics: Diagnostics,
): readonly TrackGroup[] =>
  drafts.flatMap(({ name, statement, value }) =>
    value === undefined
      ? []
      : [{ position: positionOfWord(statement, 0), name, members: membersOf(value.members, instances, diagnostics) }],
  );
