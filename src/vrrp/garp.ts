/**
 * Who is told where the addresses are, and when: gratuitous ARP and unsolicited neighbour advertisements in bursts, at the pace of an interface.
 * Pure: the frames are announce.ts', the timer is the owner's.
 */
import type { GarpSettings } from '../config/global-settings.js';
import type { GarpGroup } from '../config/vrrp/vrrp.js';
import type { Family } from '../model/address.js';

/** The settings of one instance, in ms. A repeat of 0: nothing is sent. */
export interface AnnounceSettings {
  readonly repeat: number;
  /** Before the second burst; 0: there is none. */
  readonly againMs: number;
  readonly lowerRepeat: number;
  readonly lowerAgainMs: number;
  /** Periods; 0: none. */
  readonly refreshMs: number;
  readonly refreshRepeat: number;
  readonly extraMs: number;
  /** On all interfaces that are not the instance's own; else on our virtual ones. */
  readonly extraAll: boolean;
}

export interface Target {
  readonly family: Family;
  readonly address: string;
  readonly interface: string;
  /** Not the instance's own interface: a virtual one, or another. */
  readonly elsewhere?: 'virtual' | 'other';
}

/** `refresh`, `extra`: periodic, see nextPeriod. */
export type Occasion = 'master' | 'lower-priority' | 'refresh' | 'extra';

/** One frame. */
export interface Announcement extends Target {
  readonly instance: string;
  readonly occasion: Occasion;
  /** Not before. */
  readonly atMs: number;
  /** How many for this address are before it: all addresses have their turn before one has the next. */
  readonly round: number;
}

/** All frames of one occasion: every address once, then every address again. */
export function announcements(
  settings: AnnounceSettings,
  instance: string,
  targets: readonly Target[],
  occasion: Occasion,
  atMs: number,
): readonly Announcement[] {
  const { repeat, againMs } = burstOf(settings, occasion);
  const moments = againMs > 0 ? [atMs, atMs + againMs] : [atMs];
  const addressed = occasion === 'extra' ? targets.filter((target) => isExtra(settings, target)) : targets;
  return moments.flatMap((momentMs, burst) =>
    Array.from({ length: repeat }, (_, nth) =>
      addressed.map((target) => ({ ...target, instance, occasion, atMs: momentMs, round: burst * repeat + nth })),
    ).flat(),
  );
}

function burstOf(
  settings: AnnounceSettings,
  occasion: Occasion,
): { readonly repeat: number; readonly againMs: number } {
  switch (occasion) {
    case 'master':
      return settings;
    case 'lower-priority':
      return { repeat: settings.lowerRepeat, againMs: settings.lowerAgainMs };
    case 'refresh':
      return { repeat: settings.refreshRepeat, againMs: 0 };
    case 'extra':
      return { repeat: 1, againMs: 0 };
  }
}

const isExtra = ({ extraAll }: AnnounceSettings, { elsewhere }: Target): boolean =>
  elsewhere === 'virtual' || (extraAll && elsewhere === 'other');

/** The next periodic occasions after a moment, of a master since `sinceMs`. undefined: there are none. */
export function nextPeriod(
  { refreshMs, extraMs }: AnnounceSettings,
  sinceMs: number,
  afterMs: number,
): { readonly atMs: number; readonly occasions: readonly ('refresh' | 'extra')[] } | undefined {
  const beat = (everyMs: number): number =>
    everyMs > 0 ? sinceMs + (Math.floor((afterMs - sinceMs) / everyMs) + 1) * everyMs : Infinity;
  const beats = { refresh: beat(refreshMs), extra: beat(extraMs) };
  const atMs = Math.min(beats.refresh, beats.extra);
  if (atMs === Infinity) return undefined;
  return { atMs, occasions: (['refresh', 'extra'] as const).filter((occasion) => beats[occasion] === atMs) };
}

/** How fast an interface may be filled, alone or with others (garp_group). */
export interface Pace {
  /** Interfaces of one lane share the pause. */
  readonly lane: string;
  readonly gapMs: number;
}
export type Pacing = (target: Target) => Pace;

/** vrrp_garp_interval, vrrp_gna_interval and the groups that say it for some interfaces. */
export function pacingOf(all: GarpSettings, groups: readonly GarpGroup[]): Pacing {
  const groupOf = new Map(groups.flatMap((group, index) => group.interfaces.map((name) => [name, { group, index }])));
  return ({ family, interface: name }) => {
    const found = groupOf.get(name);
    const { intervalSeconds, gnaIntervalSeconds } = found?.group ?? all;
    const seconds = family === 'ip4' ? intervalSeconds : gnaIntervalSeconds;
    return { lane: `${found === undefined ? name : `group ${found.index}`} ${family}`, gapMs: seconds * 1000 };
  };
}

/** Everything that is still to be sent, of all instances: interfaces are shared. */
export interface Queue {
  readonly waiting: readonly Announcement[];
  /** When each lane was used last. */
  readonly usedMs: ReadonlyMap<string, number>;
}

export const emptyQueue: Queue = { waiting: [], usedMs: new Map() };

/**
 * Of one instance and one occasion. A burst that is still to come is replaced; while one is under way no other begins, and only if less than
 * half is left another follows it: however often there is an occasion, and however slow the pace, it does not add up.
 */
export function add(queue: Queue, added: readonly Announcement[], atMs: number): Queue {
  const [first] = added;
  if (first === undefined) return queue;
  const isSame = (waiting: Announcement): boolean =>
    waiting.instance === first.instance && waiting.occasion === first.occasion;
  const kept = queue.waiting.filter((waiting) => !isSame(waiting) || waiting.atMs <= atMs);
  const underWay = kept.filter(isSame).length;
  const later = added.filter((announcement) => announcement.atMs > atMs);
  const fresh = underWay === 0 ? added : underWay <= added.length / 2 ? later : [];
  return { ...queue, waiting: [...kept, ...fresh] };
}

/** It is not master any more. */
export const cancel = (queue: Queue, instance: string): Queue => ({
  ...queue,
  waiting: queue.waiting.filter((waiting) => waiting.instance !== instance),
});

/** What is to be sent now, and when to ask again; undefined: nothing waits. */
export function take(
  { waiting, usedMs: before }: Queue,
  pacing: Pacing,
  atMs: number,
): { readonly send: readonly Announcement[]; readonly queue: Queue; readonly nextMs: number | undefined } {
  const usedMs = new Map(before);
  const send: Announcement[] = [];
  const left: Announcement[] = [];
  let nextMs = Infinity;
  const turn = [...waiting].sort((a, b) => a.round - b.round || a.atMs - b.atMs);
  for (const announcement of turn) {
    const { lane, gapMs } = pacing(announcement);
    const free = (usedMs.get(lane) ?? -Infinity) + gapMs;
    if (announcement.atMs <= atMs && free <= atMs) {
      usedMs.set(lane, atMs);
      send.push(announcement);
    } else left.push(announcement);
  }
  for (const announcement of left) {
    const { lane, gapMs } = pacing(announcement);
    nextMs = Math.min(nextMs, Math.max(announcement.atMs, (usedMs.get(lane) ?? -Infinity) + gapMs));
  }
  return { send, queue: { waiting: left, usedMs }, nextMs: left.length === 0 ? undefined : nextMs };
}
