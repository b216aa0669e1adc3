import type { VrrpDefaults } from '../global-settings.js';
import type { Diagnostics } from '../diagnostics.js';
import { linesInBraces } from '../lists.js';
import { isNamed, type Named, namedBlocks } from '../named.js';
import { flag, noEffect } from '../terms.js';
import { placeOfWord, positionOfWord, type Statement } from '../tree.js';
import { type Block, isMissing, type Term, type Vocabulary } from '../vocabulary.js';
import { notificationsOf, notifyWords } from './notifications.js';
import { type Trackable, tracksOf, trackWords } from './tracking.js';
import type { SyncGroup } from './vrrp.js';

interface Member {
  readonly name: string;
  readonly statement: Statement;
  readonly index: number;
}

/** `group { VI_1 VI_2 }`, one per line or several. */
export const members: Term<readonly Member[]> = linesInBraces('instance', (line): readonly Member[] =>
  line.words.map(({ text }, index) => ({ name: text, statement: line, index })),
);

export const syncGroupWords = {
  group: members,
  ...trackWords,
  ...notifyWords,
  global_tracking: { ...noEffect('what members track is tracked by the group', flag), instead: 'nothing' },
  sync_group_tracking_weight: flag,
} satisfies Vocabulary;

export type SyncGroupDraft = Block<typeof syncGroupWords>;
export const syncGroupBlocks = namedBlocks('vrrp_sync_group', syncGroupWords, (_name, block): SyncGroupDraft => block);

/** Names of members that are instances of this file, each once. */
export function membersOf(
  drafts: readonly Member[],
  instances: ReadonlyMap<string, unknown>,
  diagnostics: Diagnostics,
): readonly string[] {
  const found = new Set<string>();
  for (const { name, statement, index } of drafts) {
    const place = placeOfWord(statement, index);
    if (!isNamed(name, place, 'vrrp_instance', instances, diagnostics)) continue;
    if (found.has(name)) diagnostics.error(place, `'${name}' is a member already`, { expected: 'it once' });
    found.add(name);
  }
  return [...found];
}

export function buildSyncGroup(
  { name, statement, value: block }: Named<SyncGroupDraft>,
  instances: ReadonlyMap<string, unknown>,
  defaults: VrrpDefaults,
  trackable: Trackable,
  diagnostics: Diagnostics,
): SyncGroup | undefined {
  if (block === undefined) return undefined;
  const { values } = block;
  const drafts = values.group ?? [];
  const found = membersOf(drafts, instances, diagnostics);
  if (isMissing(block, 'group'))
    diagnostics.error(placeOfWord(statement, 0), `vrrp_sync_group '${name}' has no members`, {
      expected: "'group { INSTANCE ... }'",
    });
  else if (found.length === 1 && drafts.length === 1)
    diagnostics.warning(
      placeOfWord(statement, 0),
      `vrrp_sync_group '${name}' has one member: nothing to keep in step`,
      {
        kind: 'repair',
      },
    );
  return {
    position: positionOfWord(statement, 0),
    name,
    members: found,
    tracks: tracksOf(values, trackable, diagnostics),
    weightedTracking: values.sync_group_tracking_weight ?? false,
    notify: notificationsOf(values, defaults),
  };
}
