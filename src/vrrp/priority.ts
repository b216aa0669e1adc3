/** What is watched → the priority in effect, or a fault. keepalived.conf(5), track_interface to track_bfd. */
import type { Tracks } from '../config/vrrp/vrrp.js';
import { PRIORITY_OWNER } from './rfc.js';

export type TrackKind = keyof Tracks;

/** What a tracker knows. Files have a number, everything else is good or not; a script that has not run yet is unknown. */
export type Observed = { readonly good: boolean } | { readonly value: number } | 'unknown';

export interface Watched {
  /** For people: `script chk`. */
  readonly what: string;
  readonly weight: number;
  readonly reverse: boolean;
  readonly observed: Observed;
}

export interface Verdict {
  /** 1 to 254, or 255 of the owner. */
  readonly priority: number;
  /** Why it is a fault; empty: it is none. */
  readonly faults: readonly string[];
  /** What has to be known before anything begins. */
  readonly unknown: readonly string[];
}

/** A router that is not the owner; RFC 3768 §5.3.4, RFC 9568 §5.2.4. */
const LEAST = 1;
const MOST = 254;
/** A file that takes so much away says that nothing is left. */
const FILE_FAULT = -254;

const nameOf: Readonly<Record<TrackKind, string>> = {
  interfaces: 'interface',
  scripts: 'script',
  files: 'file',
  processes: 'process',
  bfd: 'bfd',
};

/** All that an instance or a group watches. */
export const watch = (tracks: Tracks, look: (kind: TrackKind, name: string) => Observed): readonly Watched[] =>
  (Object.keys(nameOf) as TrackKind[]).flatMap((kind) =>
    tracks[kind].map(({ name, weight, reverse }) => ({
      what: `${nameOf[kind]} ${name}`,
      weight,
      reverse,
      observed: look(kind, name),
    })),
  );

/** @param weights false: only what has no weight counts (members of a sync group, owners) */
export function verdict(base: number, watched: readonly Watched[], weights: boolean): Verdict {
  const owner = base === PRIORITY_OWNER;
  const total = base + sum(weights && !owner ? watched.map(contribution) : []);
  return {
    priority: owner ? PRIORITY_OWNER : Math.min(Math.max(total, LEAST), MOST),
    faults: watched.flatMap(faultOf),
    unknown: watched.filter(({ weight, observed }) => weight === 0 && observed === 'unknown').map(({ what }) => what),
  };
}

/**
 * Members of a group have one fate: a weight of one member would tear it apart, unless all are told to count theirs
 * (sync_group_tracking_weight). Beside an owner, whose priority does not change, none counts.
 */
export const weightsCount = (
  group: { readonly weightedTracking: boolean } | undefined,
  basesOfGroup: readonly number[],
): boolean => group === undefined || (group.weightedTracking && !basesOfGroup.includes(PRIORITY_OWNER));

/** `reverse` turns the sign, not the condition. */
function contribution({ weight, reverse, observed }: Watched): number {
  const sign = reverse ? -1 : 1;
  if (observed === 'unknown') return 0;
  if ('value' in observed) return sign * weight * observed.value;
  const counts = weight > 0 ? observed.good : !observed.good;
  return counts ? sign * weight : 0;
}

function faultOf(watched: Watched): readonly string[] {
  const { what, weight, reverse, observed } = watched;
  if (observed === 'unknown') return [];
  if ('value' in observed) {
    const bad = weight === 0 ? (observed.value !== 0) !== reverse : contribution(watched) <= FILE_FAULT;
    return bad ? [`${what} says ${observed.value}`] : [];
  }
  if (weight !== 0 || observed.good !== reverse) return [];
  return [reverse ? `${what} is up` : `${what} is down`];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
