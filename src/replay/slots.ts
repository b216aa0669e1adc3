import { maglevTable } from '../schedulers/maglev-engine.js';
import { schedulers } from '../schedulers/catalogue.js';
import type { Candidate, Flow } from '../schedulers/scheduler.js';
import { destinationName } from '../model/destination.js';
import { DEFAULT_TABLE_SIZE } from '../model/engine.js';
import { serviceFamily } from '../model/service.js';
import type { TableService } from '../model/table.js';
import { mh } from '../schedulers/mh.js';
import { sh } from '../schedulers/sh.js';

/** Newest first, as schedulers see them. */
const candidatesOf = ({ destinations }: TableService): readonly Candidate[] =>
  [...destinations.values()]
    .map(({ key, settings }) => ({ key, weight: settings.weight, active: 0, inactive: 0, overloaded: false }))
    .toReversed();

const DH_BITS = 8;

/**
 * A hashing service's table: slot → destinationName. Of src/schedulers, the oracle of the engine; undefined: the scheduler has no
 * table. Slots of a server without weight are nobody's, ''.
 */
export function slotsOf(service: TableService): readonly string[] | undefined {
  const candidates = candidatesOf(service);
  const places = placesOf(service, candidates);
  return places?.map((place) => {
    const candidate = candidates[place];
    return candidate === undefined || candidate.weight <= 0 ? '' : destinationName(candidate.key);
  });
}

function placesOf({ key, settings }: TableService, candidates: readonly Candidate[]): readonly number[] | undefined {
  const family = serviceFamily(key);
  const flags = settings.schedulerFlags;
  switch (settings.scheduler) {
    case 'maglev':
      return [...maglevTable(candidates, settings.engine?.tableSize ?? DEFAULT_TABLE_SIZE)];
    case 'mh':
      return [...mh.prepare({ flags, family }, candidates).table];
    case 'sh':
      return sh.prepare({ flags, family }, candidates);
    case 'dh':
      return candidates.length === 0 ? [] : Array.from({ length: 1 << DH_BITS }, (_, slot) => slot % candidates.length);
    default:
      return undefined;
  }
}

/** How many slots each destination has. */
export function slotCounts(service: TableService): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of slotsOf(service) ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Where a hashing service sends a flow that it does not know. */
export function chooserOf(service: TableService): (flow: Flow) => string | undefined {
  const { scheduler, schedulerFlags, engine } = service.settings;
  const algorithm = schedulers.get(scheduler)?.algorithm;
  if (algorithm === undefined) return () => undefined;
  const settings = {
    flags: schedulerFlags,
    family: serviceFamily(service.key),
    ...(engine === undefined ? {} : { hashFields: engine.hashFields, tableSize: engine.tableSize }),
  };
  const candidates = candidatesOf(service);
  const state = algorithm.prepare(settings, candidates);
  return (flow) => {
    const { index } = algorithm.choose(settings, candidates, state, flow);
    const chosen = index === undefined ? undefined : candidates[index];
    return chosen === undefined ? undefined : destinationName(chosen.key);
  };
}
