import type { Change, Override, OverrideChange } from './change.js';
import { isRecord, pointerTo } from './lines.js';
import type { Complaint, DeclaredDestination, DeclaredService } from './service.js';
import type { DeclaredState } from './state.js';

type Services = ReadonlyMap<string, DeclaredService>;

export interface AppliedServices {
  readonly services: Services;
  /** By id of a service that is declared now: which change was the last to touch it, and which part of it. */
  readonly touched: ReadonlyMap<string, Touch>;
  readonly complaints: readonly Complaint[];
}

interface Touch {
  /** Pointer to the change. */
  readonly change: string;
  /** What of the change is the service, or the destination with this index. */
  readonly part: '/service' | '/patch' | '/destination' | '';
  readonly destination?: string;
}

/** The services after all changes, in their order: the same map where nothing is said of them. What they then are is not looked at. Pure. */
export function applyToServices(before: Services, changes: readonly Change[]): AppliedServices {
  if (changes.every((change) => change.do === 'override'))
    return { services: before, touched: new Map(), complaints: [] };
  const services = new Map(before);
  const touched = new Map<string, Touch>();
  const complaints: Complaint[] = [];
  for (const [i, change] of changes.entries()) {
    const at = `/changes/${i}`;
    const missing = (pointer: string, what: string): void => {
      complaints.push({ pointer: `${at}${pointer}`, message: `${what} is not declared by the API` });
    };
    switch (change.do) {
      case 'put-service':
        services.set(change.service.id, change.service);
        touched.set(change.service.id, { change: at, part: '/service' });
        break;
      case 'patch-service': {
        const service = services.get(change.id);
        if (service === undefined) missing('/id', `service '${change.id}'`);
        else {
          services.set(change.id, mergePatch(service, change.patch) as DeclaredService);
          touched.set(change.id, { change: at, part: '/patch' });
        }
        break;
      }
      case 'delete-service':
        if (!services.delete(change.id)) missing('/id', `service '${change.id}'`);
        touched.delete(change.id);
        break;
      case 'override':
        break;
      default: {
        const service = services.get(change.service);
        if (service === undefined) {
          missing('/service', `service '${change.service}'`);
          break;
        }
        const destinations = withDestination(service.destinations, change);
        if (destinations === undefined) {
          missing('/id', `destination '${'id' in change ? change.id : ''}' of service '${change.service}'`);
          break;
        }
        services.set(change.service, { ...service, destinations });
        touched.set(change.service, touchOf(change, at));
      }
    }
  }
  return { services, touched, complaints };
}

type DestinationChange = Extract<Change, { do: `${string}-destination` }>;

function touchOf(change: DestinationChange, at: string): Touch {
  if (change.do === 'put-destination') return { change: at, part: '/destination', destination: change.destination.id };
  return change.do === 'patch-destination'
    ? { change: at, part: '/patch', destination: change.id }
    : { change: at, part: '' };
}

/** undefined: there is none with this id. */
function withDestination(
  destinations: readonly DeclaredDestination[],
  change: DestinationChange,
): readonly DeclaredDestination[] | undefined {
  const id = change.do === 'put-destination' ? change.destination.id : change.id;
  const at = destinations.findIndex((one) => one.id === id);
  const before = destinations[at];
  if (change.do === 'put-destination')
    return before === undefined ? [...destinations, change.destination] : destinations.with(at, change.destination);
  if (before === undefined) return undefined;
  if (change.do === 'delete-destination') return destinations.toSpliced(at, 1);
  return destinations.with(at, mergePatch(before, change.patch) as DeclaredDestination);
}

/** RFC 7396 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(target) ? target : {}));
  for (const [name, value] of Object.entries(patch))
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  return Object.fromEntries(merged);
}

/** Where in the changes something is that stands at `pointer` of a service after them. Pure. */
export function placeInChanges(touch: Touch | undefined, service: DeclaredService, pointer: string): string {
  if (touch === undefined) return '';
  const { change, part, destination } = touch;
  if (destination === undefined) return part === '' ? change : `${change}${part}${pointer}`;
  const at = pointerTo('/destinations', String(service.destinations.findIndex(({ id }) => id === destination)));
  return pointer === at || pointer.startsWith(`${at}/`) ? `${change}${part}${pointer.slice(at.length)}` : change;
}

export interface OverrideFacts {
  /** serverName of a real server that there is after the changes to services; undefined: there is none. */
  readonly serverOf: (service: string, destination: string) => string | undefined;
  readonly who: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The overrides after all changes. Those of declared servers that are gone go with them. Pure. */
export function applyToOverrides(
  { services: had, overrides: before }: Pick<DeclaredState, 'services' | 'overrides'>,
  services: Services,
  changes: readonly Change[],
  facts: OverrideFacts,
): { readonly overrides: ReadonlyMap<string, Override>; readonly complaints: readonly Complaint[] } {
  const overrides = new Map(before);
  const complaints: Complaint[] = [];
  for (const [name, { service, destination }] of before)
    if (had.has(service) && services.get(service)?.destinations.some(({ id }) => id === destination) !== true)
      overrides.delete(name);
  for (const [i, change] of changes.entries()) {
    if (change.do !== 'override') continue;
    const server = facts.serverOf(change.service, change.destination) ?? forgottenOf(before, change);
    if (server === undefined) {
      const message = `service '${change.service}' has no real server '${change.destination}'`;
      complaints.push({ pointer: `/changes/${i}`, message });
      continue;
    }
    const next = overridden(overrides.get(server), server, change, facts);
    if (next === undefined) overrides.delete(server);
    else overrides.set(server, next);
  }
  return { overrides, complaints };
}

/** What was overridden and is not there just now can still be let go. */
const forgottenOf = (
  before: DeclaredState['overrides'],
  { service, destination }: OverrideChange,
): string | undefined =>
  [...before.values()].find((one) => one.service === service && one.destination === destination)?.server;

function overridden(
  before: Override | undefined,
  server: string,
  { service, destination, weight, maintenance }: OverrideChange,
  { who, at }: OverrideFacts,
): Override | undefined {
  const newWeight = weight === undefined ? before?.weight : (weight ?? undefined);
  const inMaintenance = maintenance ?? before?.maintenance ?? false;
  if (newWeight === undefined && !inMaintenance) return undefined;
  return {
    server,
    service,
    destination,
    ...(newWeight === undefined ? {} : { weight: newWeight }),
    ...(inMaintenance ? { maintenance: true as const } : {}),
    who,
    at,
  };
}

/** The weights that operators want, by serverName. Pure. */
export const weightsOf = (overrides: ReadonlyMap<string, Override>): ReadonlyMap<string, number> =>
  new Map(
    [...overrides.values()].flatMap(({ server, weight, maintenance }): [string, number][] =>
      maintenance === true ? [[server, 0]] : weight === undefined ? [] : [[server, weight]],
    ),
  );

/** A line for each change, for people. Pure. */
export const changeLine = (change: Change): string => {
  switch (change.do) {
    case 'put-service':
      return `put service ${change.service.id}`;
    case 'patch-service':
      return `patch service ${change.id}: ${Object.keys(change.patch).join(', ')}`;
    case 'delete-service':
      return `delete service ${change.id}`;
    case 'put-destination':
      return `put destination ${change.destination.id} of ${change.service}`;
    case 'patch-destination':
      return `patch destination ${change.id} of ${change.service}: ${Object.keys(change.patch).join(', ')}`;
    case 'delete-destination':
      return `delete destination ${change.id} of ${change.service}`;
    case 'override': {
      const { weight, maintenance } = change;
      const weights = weight === undefined ? [] : [weight === null ? 'no weight of its own' : `weight ${weight}`];
      const rest = maintenance === undefined ? [] : [maintenance ? 'maintenance' : 'no maintenance'];
      return `override ${change.destination} of ${change.service}: ${[...weights, ...rest].join(', ')}`;
    }
  }
};
