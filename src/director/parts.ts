import type { Configuration, VirtualServer } from '../config/configuration.js';
import type { Table } from '../model/table.js';
import { serverNamesOf, virtualServerOf } from './names.js';

/** The same configuration with some of its virtual servers, by virtualServerName. */
export const partOf = (
  configuration: Configuration,
  virtuals: ReadonlyMap<string, VirtualServer>,
  names: ReadonlySet<string>,
): Configuration => ({ ...configuration, virtualServers: [...names].flatMap((name) => virtuals.get(name) ?? []) });

/** Those of which a server has another weight of an operator, by virtualServerName. */
export function reweighted(
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
  virtuals: ReadonlyMap<string, VirtualServer>,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const server of new Set([...before.keys(), ...now.keys()]))
    if (before.get(server) !== now.get(server)) names.add(virtualServerOf(server));
  return new Set([...names].filter((name) => virtuals.has(name)));
}

/** What `table` has of the services that are in `like`. */
export const sameKeys = (table: Table, like: Table): Table =>
  new Map([...like.keys()].flatMap((name) => (table.has(name) ? [[name, table.get(name)!]] : [])));

/** The servers that a virtual server had and has no more, by serverName. */
export function leftOf(before: VirtualServer | undefined, now: VirtualServer | undefined): readonly string[] {
  const names = new Set(now === undefined ? [] : serverNamesOf(now));
  return before === undefined ? [] : serverNamesOf(before).filter((name) => !names.has(name));
}

/** A report in numbers, for the log. */
export const counts = (report: {
  readonly changes: readonly unknown[];
  readonly refused: readonly unknown[];
}): { changes: number; refused: number } => ({ changes: report.changes.length, refused: report.refused.length });
