import type { Diagnostics } from '../diagnostics.js';
import { linesInBraces, readEntry } from '../lists.js';
import { type Named, namedBlocks } from '../named.js';
import { noMore } from '../terms.js';
import { type Statement, placeOfWord, positionOfWord } from '../tree.js';
import { integer, interfaceName } from '../values.js';
import { isMissing, type Context, type Vocabulary } from '../vocabulary.js';
import { members, membersOf } from '../vrrp/sync-group.js';
import { addressLine } from './address-line.js';
import { routeLine } from './route-line.js';
import { ruleLine } from './rule-line.js';
import type { LinkDelay, TrackGroup } from './statics.js';

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
  static_ipaddress: linesInBraces('address', addressLine('static')),
  static_routes: linesInBraces('route', routeLine('static')),
  static_rules: linesInBraces('rule', ruleLine('static')),
  interface_up_down_delays: linesInBraces('delay', linkDelay),
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
