import type { Effect, Step } from '../declare/change.js';
import { changeText } from '../director/print-plan.js';
import type { Change } from '../model/change.js';
import type { CountedTable } from '../model/counted.js';
import { destinationName } from '../model/destination.js';
import { destinationId, serviceId } from '../model/ids.js';
import { serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';

/** The steps of a plan with what they do to connections. `counted` undefined: how many there are is not known. Pure. */
export function stepsOf(plan: readonly Change[], known: Table, counted: CountedTable | undefined): readonly Step[] {
  const added = new Set(plan.flatMap((change) => (change.do === 'add-service' ? [serviceName(change.service)] : [])));
  const counts = plan.some(touchesConnections) ? connectionsIn(counted) : undefined;
  return plan.map((change) => {
    const service = serviceName(change.service);
    const destination = 'destination' in change ? destinationName(change.destination) : undefined;
    const effect = effectOf(change, known, added);
    const touched = counts?.(service, destination);
    const isTouched = effect !== 'none';
    return {
      change: changeText(change),
      service: serviceId(change.service),
      ...('destination' in change ? { destination: destinationId(change.destination) } : {}),
      effect,
      established: isTouched ? (touched?.active ?? null) : 0,
      inactive: isTouched ? (touched?.inactive ?? null) : 0,
    };
  });
}

/** Whether connections are to be counted to say what a change does. */
export const touchesConnections = (change: Change): boolean => !change.do.startsWith('add');

function effectOf(change: Change, known: Table, added: ReadonlySet<string>): Effect {
  switch (change.do) {
    case 'add-service':
    case 'add-destination':
      return 'none';
    case 'edit-service':
      return 'kept';
    case 'delete-service':
      // deleted and made again: another engine forwards it
      return added.has(serviceName(change.service)) ? 'moved' : 'cut';
    case 'delete-destination':
      return 'cut';
    case 'edit-destination': {
      const before = known.get(serviceName(change.service))?.destinations.get(destinationName(change.destination));
      return change.settings.weight === 0 && before?.settings.weight !== 0 ? 'drained' : 'kept';
    }
  }
}

interface Connections {
  readonly active: number;
  readonly inactive: number;
}

/** By serviceName, and by destinationName: without one of all its destinations. */
function connectionsIn(
  counted: CountedTable | undefined,
): ((service: string, destination: string | undefined) => Connections) | undefined {
  if (counted === undefined) return undefined;
  const rows = new Map(counted.services.map(({ key, destinations }) => [serviceName(key), destinations] as const));
  return (service, destination) => {
    let [active, inactive] = [0, 0];
    for (const row of rows.get(service) ?? []) {
      if (destination !== undefined && destinationName(row.key) !== destination) continue;
      active += row.active;
      inactive += row.inactive;
    }
    return { active, inactive };
  };
}
