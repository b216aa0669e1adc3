import type { Table } from '../model/table.js';

/** Names of the services we answer for; strangers' services are not among them and are never touched. */
export type Owned = ReadonlySet<string>;

/** That part of a table which is ours. */
export function ownPart(table: Table, owned: Owned): Table {
  return new Map([...table].filter(([name]) => owned.has(name)));
}

/** What the last configuration that was applied had: service names, each with the names of its destinations. */
export type LastApplied = ReadonlyMap<string, readonly string[]>;

const VERSION = 1;

export const encodeLastApplied = (last: LastApplied): string =>
  `${JSON.stringify({ version: VERSION, services: Object.fromEntries(last) })}\n`;

/** undefined: this is not a state file of ours. */
export function decodeLastApplied(text: string): LastApplied | undefined {
  try {
    const told: unknown = JSON.parse(text);
    if (!isRecord(told) || told['version'] !== VERSION || !isRecord(told['services'])) return undefined;
    const services = Object.entries(told['services']);
    return services.every(isService) ? new Map(services) : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isService = (entry: [string, unknown]): entry is [string, string[]] =>
  Array.isArray(entry[1]) && entry[1].every((name) => typeof name === 'string');
