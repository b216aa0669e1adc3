import type { BfdInstance, GlobalSettings, SyncDaemonSettings } from '../configuration.js';
import { type Diagnostics, unknownWord } from '../diagnostics.js';
import { byName, isNamed, type Named, valuesOf } from '../named.js';
import { type TrackGroupDraft, trackGroupsOf } from '../static/blocks.js';
import type { Statics } from '../static/statics.js';
import { placeOfWord } from '../tree.js';
import type { globalWords } from '../global-defs.js';
import type { Block, Values, Vocabulary } from '../vocabulary.js';
import { garpGroups } from './garp-group.js';
import { buildInstance, instanceBlocks, type InstanceDraft } from './instance.js';
import { trackProcesses } from './process.js';
import { trackScripts } from './script.js';
import { buildSyncGroup, syncGroupBlocks, type SyncGroupDraft } from './sync-group.js';
import type { Trackable } from './tracking.js';
import type { SyncGroup, TrackFile, VrrpConfiguration, VrrpInstance } from './vrrp.js';

/** The outermost words of VRRP. */
export const vrrpBlocks = {
  vrrp_script: trackScripts,
  vrrp_track_process: trackProcesses,
  garp_group: garpGroups,
  vrrp_instance: instanceBlocks,
  vrrp_sync_group: syncGroupBlocks,
} satisfies Vocabulary;

export interface Surroundings {
  readonly globals: GlobalSettings;
  readonly trackFiles: ReadonlyMap<string, TrackFile | undefined>;
  readonly bfd: ReadonlyMap<string, BfdInstance | undefined>;
}

export function buildVrrp(
  values: Values<typeof vrrpBlocks>,
  { globals, trackFiles, bfd }: Surroundings,
  diagnostics: Diagnostics,
): VrrpConfiguration {
  const scripts = byName(values.vrrp_script ?? [], diagnostics, 'warning');
  const processes = byName(values.vrrp_track_process ?? [], diagnostics);
  const trackable: Trackable = { scripts, processes, files: trackFiles, bfd };
  const instanceDrafts = values.vrrp_instance ?? [];
  const drafts = unique<InstanceDraft>(instanceDrafts, diagnostics);
  const names = new Map(instanceDrafts.map((draft) => [draft.name, true]));
  const instances = drafts.flatMap((draft) => buildInstance(draft, globals.vrrp, trackable, diagnostics) ?? []);
  const syncGroups = unique<SyncGroupDraft>(values.vrrp_sync_group ?? [], diagnostics).flatMap(
    (draft) => buildSyncGroup(draft, names, globals.vrrp, trackable, diagnostics) ?? [],
  );
  complainSharedIds(instances, drafts, diagnostics);
  complainSharedMembers(syncGroups, diagnostics);
  warnOfUntracked(values, [...instances, ...syncGroups], instanceDrafts.length > 0, diagnostics);
  return {
    instances,
    syncGroups,
    scripts: valuesOf(scripts),
    processes: valuesOf(processes),
    garpGroups: values.garp_group ?? [],
  };
}

/** Those whose name was not there before. */
function unique<T>(all: readonly Named<T>[], diagnostics: Diagnostics): readonly Named<T>[] {
  byName(all, diagnostics);
  const names = new Set<string>();
  return all.filter(({ name }) => !names.has(name) && names.add(name));
}

/** Two of one number on one link would take each other for a stranger. */
function complainSharedIds(
  instances: readonly VrrpInstance[],
  drafts: readonly Named<InstanceDraft>[],
  diagnostics: Diagnostics,
): void {
  const seen = new Map<string, VrrpInstance>();
  for (const one of instances) {
    const peers = one.transport.by === 'multicast' ? one.transport.group : `unicast from ${one.source ?? ''}`;
    const key = [one.family, one.interface ?? '', one.vrf ?? '', one.vrid, peers].join(' ');
    const before = seen.get(key);
    seen.set(key, before ?? one);
    const statement = drafts.find(({ name }) => name === one.name)?.value?.statements['virtual_router_id'];
    if (before !== undefined && statement !== undefined)
      diagnostics.error(
        placeOfWord(statement, 1),
        `virtual_router_id ${one.vrid} is that of '${before.name}' on the same interface`,
        { expected: 'another number' },
      );
  }
}

/** An instance that is in two groups would have to follow both. */
function complainSharedMembers(groups: readonly SyncGroup[], diagnostics: Diagnostics): void {
  const groupOf = new Map<string, SyncGroup>();
  for (const group of groups)
    for (const member of group.members) {
      const before = groupOf.get(member);
      groupOf.set(member, before ?? group);
      if (before !== undefined)
        diagnostics.error(
          { ...group.position, length: 'vrrp_sync_group'.length },
          `'${member}' is a member of '${group.name}' and of '${before.name}'`,
          { expected: 'each instance in one group' },
        );
    }
}

function warnOfUntracked(
  values: Values<typeof vrrpBlocks>,
  trackers: readonly (VrrpInstance | SyncGroup)[],
  hasInstances: boolean,
  diagnostics: Diagnostics,
): void {
  if (!hasInstances) return;
  const tracked = new Set(
    trackers.flatMap(({ tracks }) => [...tracks.scripts, ...tracks.processes].map(({ name }) => name)),
  );
  for (const { name, statement } of [...(values.vrrp_script ?? []), ...(values.vrrp_track_process ?? [])])
    if (!tracked.has(name))
      diagnostics.warning(placeOfWord(statement, 1), `nothing tracks '${name}'`, { kind: 'advice' });
}

/** The old word of an instance stands for lvs_sync_daemon where there is none. */
export function syncDaemonOf(
  { vrrp_instance: instances = [] }: Values<typeof vrrpBlocks>,
  { values, statements }: Block<Pick<typeof globalWords, 'lvs_sync_daemon'>>,
  diagnostics: Diagnostics,
): SyncDaemonSettings | undefined {
  const ids = new Map(instances.map(({ name, value }) => [name, value?.values.virtual_router_id ?? 0]));
  const said = values.lvs_sync_daemon;
  const statement = statements['lvs_sync_daemon'];
  if (said?.instance !== undefined && statement !== undefined && !ids.has(said.instance)) {
    const place = placeOfWord(statement, statement.texts.indexOf(said.instance, 2));
    const [message, advice] = unknownWord(said.instance, 'no vrrp_instance of this file', ids.keys());
    diagnostics.warning(place, `${message}: the sync daemon never becomes master`, advice);
  }
  if (said !== undefined) return { ...said, syncId: said.syncId ?? ids.get(said.instance ?? '') ?? 0 };
  for (const { name, value } of instances) {
    const device = value?.values.lvs_sync_daemon_interface;
    if (device !== undefined) return { interface: device, instance: name, syncId: ids.get(name) ?? 0 };
  }
  return undefined;
}

/** What static lines name must be there. */
export function checkTrackGroups(
  drafts: readonly Named<TrackGroupDraft>[],
  instances: ReadonlyMap<string, unknown>,
  statics: Omit<Statics, 'trackGroups'>,
  diagnostics: Diagnostics,
): Statics['trackGroups'] {
  const groups = byName(drafts, diagnostics);
  for (const { trackGroup, position } of [...statics.addresses, ...statics.routes, ...statics.rules])
    if (trackGroup !== undefined) isNamed(trackGroup, { ...position, length: 1 }, 'track_group', groups, diagnostics);
  return trackGroupsOf(drafts, instances, diagnostics);
}
