import type { Configuration, VirtualServer } from '../config/configuration.js';
import { applyToOverrides, applyToServices, placeInChanges } from '../declare/apply.js';
import type { Transaction } from '../declare/change.js';
import { complaintsTogether, readDeclared } from '../declare/read.js';
import type { Complaint, DeclaredService } from '../declare/service.js';
import type { DeclaredState } from '../declare/state.js';
import { LvsError } from '../errors.js';
import { serverOf } from './declared-servers.js';

/** What was declared at some moment. */
export type Content = Pick<DeclaredState, 'services' | 'overrides'>;

/** What shall be. */
export interface Draft extends Content {
  readonly advice: readonly Complaint[];
}

type Servers = Pick<Configuration, 'virtualServers'>;

export interface DraftFacts {
  /** What is in force; undefined: nothing yet. */
  readonly configuration: Configuration | undefined;
  /** The same with other services of the API. @throws LvsError LAYERS_CLASH */
  readonly withLayer: (layer: Servers) => Configuration | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What would be after a transaction. @throws LvsError DECLARED_INVALID, LAYERS_CLASH */
export function draftOf(before: Content, { changes, who }: Transaction, facts: DraftFacts): Draft {
  const { services, touched, complaints } = applyToServices(before.services, changes);
  const readings = [...touched.keys()].map((id) => ({ id, reading: readDeclared(services.get(id)!) }));
  const placed = (of: 'complaints' | 'advice'): Complaint[] =>
    readings.flatMap(({ id, reading }) =>
      reading[of].map(({ pointer, message }) => ({
        pointer: placeInChanges(touched.get(id), services.get(id)!, pointer),
        message,
      })),
    );
  mustBeValid([...complaints, ...placed('complaints')]);
  const isSame = services === before.services;
  const configuration = isSame ? facts.configuration : facts.withLayer(layerOf(services).layer);
  if (!isSame)
    mustFit(facts.configuration, configuration, (id) => placeInChanges(touched.get(id), services.get(id)!, ''));
  const { overrides, complaints: misfits } = applyToOverrides(before, services, changes, {
    serverOf: (service, destination) => serverOf(configuration, service, destination),
    who,
    at: facts.at,
  });
  mustBeValid(misfits);
  return { services, overrides, advice: placed('advice') };
}

/** @throws LvsError DECLARED_INVALID: services are each right, but not together */
function mustFit(before: Servers | undefined, after: Servers | undefined, placeOf: (id: string) => string): void {
  const complaints = complaintsTogether(before?.virtualServers ?? [], after?.virtualServers ?? []);
  mustBeValid(complaints.map(({ id, message }) => ({ pointer: id === undefined ? '' : placeOf(id), message })));
}

function mustBeValid(complaints: readonly Complaint[]): void {
  if (complaints.length > 0) throw new LvsError('DECLARED_INVALID', [complaints.length], { cause: complaints });
}

const layers = new WeakMap<ReadonlyMap<string, DeclaredService>, ReturnType<typeof makeLayer>>();

/** Declared services as a layer, and those that cannot be read. Made once for a map. */
export function layerOf(services: ReadonlyMap<string, DeclaredService>): ReturnType<typeof makeLayer> {
  const known = layers.get(services);
  if (known !== undefined) return known;
  const made = makeLayer(services);
  layers.set(services, made);
  return made;
}

function makeLayer(services: ReadonlyMap<string, DeclaredService>): {
  readonly layer: Servers;
  readonly unread: readonly { readonly id: string; readonly complaints: readonly Complaint[] }[];
} {
  const virtualServers: VirtualServer[] = [];
  const unread: { readonly id: string; readonly complaints: readonly Complaint[] }[] = [];
  for (const [id, service] of services) {
    const { virtual, complaints } = readDeclared(service);
    if (virtual === undefined) unread.push({ id, complaints });
    else virtualServers.push(virtual);
  }
  return { layer: { virtualServers }, unread };
}
