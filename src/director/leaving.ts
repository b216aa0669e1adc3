import type { Configuration } from '../config/configuration.js';
import { serviceName } from '../model/service.js';
import type { Table, TableDestination, TableService } from '../model/table.js';
import type { LastApplied } from './ownership.js';

/** Servers that a reload removed and that stay with weight 0 for a while (removed_flows drain): until when, by service and destination. */
export type Leaving = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** How long the servers of each service may stay when they are removed, in milliseconds, by serviceName. */
export type DrainTimes = ReadonlyMap<string, number>;

export const drainTimes = ({ virtualServers }: Configuration): DrainTimes =>
  new Map(
    virtualServers.flatMap(({ services, removedFlows }) =>
      removedFlows.do === 'drain'
        ? services.map(({ key }): [string, number] => [serviceName(key), 1000 * removedFlows.seconds])
        : [],
    ),
  );

/**
 * What leaves after a reload: what is in our part of the table, is not in the new configuration, and may stay for a while. A service
 * that is still there drains as it says now, one that goes as it said before. What left already keeps its moment: a server of weight 0
 * that the last configuration did not have has had its time. Pure.
 */
export function nextLeaving(
  before: Leaving,
  {
    table,
    last,
    names,
    drains,
    drainsBefore,
    now,
  }: {
    readonly table: Table;
    readonly last: LastApplied;
    readonly names: LastApplied;
    readonly drains: DrainTimes;
    readonly drainsBefore: DrainTimes;
    readonly now: number;
  },
): Leaving {
  if (before.size === 0 && drains.size === 0 && drainsBefore.size === 0) return before;
  const leaving = new Map<string, ReadonlyMap<string, number>>();
  for (const [service, { destinations }] of table) {
    const stays = new Set(names.get(service));
    const ms = names.has(service) ? drains.get(service) : drainsBefore.get(service);
    const moments = new Map<string, number>();
    for (const [destination, { settings }] of destinations) {
      if (stays.has(destination)) continue;
      const isFresh = settings.weight > 0 || last.get(service)?.includes(destination) === true;
      const until = before.get(service)?.get(destination) ?? (isFresh && ms !== undefined ? now + ms : 0);
      if (until > now) moments.set(destination, until);
    }
    if (moments.size > 0) leaving.set(service, moments);
  }
  return leaving;
}

/** The table that is wanted, with what is leaving in it at weight 0. Where `wanted` is only a part, so is what comes back. Pure. */
export function withLeaving(wanted: Table, isPart: boolean, known: Table, leaving: Leaving, now: number): Table {
  if (leaving.size === 0) return wanted;
  const table = new Map(wanted);
  for (const [service, moments] of leaving) {
    const have = known.get(service);
    const want = wanted.get(service);
    if (have === undefined || (isPart && want === undefined)) continue;
    const staying = [...moments].flatMap(([name, untilMs]): [string, TableDestination][] => {
      const destination = have.destinations.get(name);
      if (destination === undefined || untilMs <= now || want?.destinations.has(name) === true) return [];
      return [[name, { key: destination.key, settings: { ...destination.settings, weight: 0 } }]];
    });
    if (staying.length === 0) continue;
    const base: TableService = want ?? have;
    table.set(service, { ...base, destinations: new Map([...(want?.destinations ?? []), ...staying]) });
  }
  return table;
}

/** Without those that have left. Pure. */
export const notGone = (leaving: Leaving, now: number): Leaving =>
  new Map(
    [...leaving].flatMap(([service, moments]) => {
      const left = [...moments].filter(([, until]) => until > now);
      return left.length === 0 ? [] : [[service, new Map(left)]];
    }),
  );

/** When the next one has left; Infinity: none leaves. Pure. */
export function nextGone(leaving: Leaving): number {
  let next = Number.POSITIVE_INFINITY;
  for (const moments of leaving.values()) for (const until of moments.values()) if (until < next) next = until;
  return next;
}
