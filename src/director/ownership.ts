import { type Configuration, destinationOf, type VirtualServer } from '../config/configuration.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { Leaving } from './leaving.js';
import { serverNamesOf } from './names.js';
import { probeMarks, probeService } from './probe-services.js';

/** Names of the services we answer for; strangers' services are not among them and are never touched. */
export type Owned = ReadonlySet<string>;

/** That part of a table which is ours. */
export function ownPart(table: Table, owned: Owned): Table {
  return new Map([...table].filter(([name]) => owned.has(name)));
}

/** What the last configuration that was applied had: service names, each with the names of its destinations. */
export type LastApplied = ReadonlyMap<string, readonly string[]>;

type Names = readonly (readonly [service: string, destinations: readonly string[]])[];
const namesOfServices = new WeakMap<VirtualServer, Names>();

/** Every service of a configuration with every destination it may get, those of probes too, and of what was made at run time. */
export function allNames(
  configuration: Configuration,
  marks = probeMarks(configuration),
  made: Table = new Map(),
): LastApplied {
  const names = new Map<string, readonly string[]>();
  for (const [name, { destinations }] of made) names.set(name, [...destinations.keys()]);
  for (const virtual of configuration.virtualServers) {
    for (const [service, destinations] of servicesOf(virtual)) names.set(service, destinations);
    if (marks.size === 0) continue;
    for (const [i, name] of serverNamesOf(virtual).entries()) {
      const mark = marks.get(name);
      const probe = mark === undefined ? undefined : probeService(virtual, virtual.realServers[i]!, mark);
      if (probe !== undefined) names.set(serviceName(probe.key), [...probe.destinations.keys()]);
    }
  }
  return names;
}

/** Made once: what did not change at a reload is the same object, and so are the names of it. */
function servicesOf(virtual: VirtualServer): Names {
  const known = namesOfServices.get(virtual);
  if (known !== undefined) return known;
  const { services, realServers, sorryServer } = virtual;
  const servers = sorryServer === undefined ? realServers : [...realServers, sorryServer];
  const names = services.map(
    ({ key }) => [serviceName(key), servers.map((server) => destinationName(destinationOf(key, server)))] as const,
  );
  namesOfServices.set(virtual, names);
  return names;
}

/** Whether both are of the same services with the very same lists of names. Cheap, and at worst says no to what is equal. */
export const isSameApplied = (one: LastApplied, other: LastApplied): boolean =>
  one.size === other.size && [...one].every(([name, destinations]) => other.get(name) === destinations);

const VERSION = 1;

/** `leaving` is left out where it is empty. */
export function encodeLastApplied(last: LastApplied, leaving: Leaving = new Map()): string {
  const moments = Object.fromEntries([...leaving].map(([name, moments]) => [name, Object.fromEntries(moments)]));
  const state = { version: VERSION, services: Object.fromEntries(last) };
  return `${JSON.stringify(leaving.size === 0 ? state : { ...state, leaving: moments })}\n`;
}

/** undefined: this is not a state file of ours. */
export function decodeLastApplied(text: string): LastApplied | undefined {
  const services = decodeState(text)?.['services'];
  if (!isRecord(services)) return undefined;
  const entries = Object.entries(services);
  return entries.every(isService) ? new Map(entries) : undefined;
}

/** What was leaving when it was written; nothing, if that cannot be read. */
export function decodeLeaving(text: string): Leaving {
  const leaving = decodeState(text)?.['leaving'];
  if (!isRecord(leaving)) return new Map();
  return new Map(
    Object.entries(leaving).flatMap(([name, moments]) =>
      isRecord(moments)
        ? [
            [
              name,
              new Map(Object.entries(moments).filter((entry): entry is [string, number] => Number.isFinite(entry[1]))),
            ],
          ]
        : [],
    ),
  );
}

function decodeState(text: string): Record<string, unknown> | undefined {
  try {
    const told: unknown = JSON.parse(text);
    return isRecord(told) && told['version'] === VERSION ? told : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isService = (entry: [string, unknown]): entry is [string, string[]] =>
  Array.isArray(entry[1]) && entry[1].every((name) => typeof name === 'string');
