/**
 * director/ — the heart: what should be, compared with what is.
 * rules: desired.ts, plan.ts, adoption.ts, ownership.ts · owner: director.ts, with one mailbox
 */
import type { Change } from '../model/change.js';
import type { ServiceKey, ServiceSettings } from '../model/service.js';
import type { Table, TableDestination, TableService } from '../model/table.js';
import { sameDestinationSettings, sameServiceSettings } from './same.js';

/**
 * What turns `observed` into `desired`. Pure: the same two tables give the same list, and equal tables give [].
 * In such an order that at no moment a service has fewer open destinations than before and after: what comes is added before what
 * goes is closed, in a service (a sorry server and those it stands in for) and between services. A service that another engine shall
 * forward is deleted and made anew with all its servers; whoever applies that makes it there first.
 */
export function plan(desired: Table, observed: Table): Change[] {
  const changes: Change[] = [];
  for (const [name, want] of desired) planService(changes, want, observed.get(name));
  for (const [name, have] of observed)
    if (!desired.has(name)) changes.push({ do: 'delete-service', service: have.key });
  return changes;
}

const none: TableService['destinations'] = new Map();

function planService(changes: Change[], want: TableService, have: TableService | undefined): void {
  const { key: service, settings } = want;
  if (have !== undefined && !sameEngine(settings, have.settings)) {
    changes.push({ do: 'delete-service', service });
    return planService(changes, want, undefined);
  }
  if (have === undefined) changes.push({ do: 'add-service', service, settings });
  else if (!sameServiceSettings(settings, have.settings)) changes.push({ do: 'edit-service', service, settings });
  planDestinations(changes, service, want.destinations, have?.destinations ?? none);
}

/** A service cannot change who forwards it: it leaves the one and comes to the other, with all its servers. */
const sameEngine = (a: ServiceSettings, b: ServiceSettings): boolean =>
  (a.engine === undefined) === (b.engine === undefined);

function planDestinations(
  changes: Change[],
  service: ServiceKey,
  desired: TableService['destinations'],
  observed: TableService['destinations'],
): void {
  const closing: Change[] = [];
  const opening: Change[] = [];
  for (const [name, want] of desired) {
    const change = planDestination(service, want, observed.get(name));
    if (change?.do === 'add-destination') changes.push(change);
    else if (change !== undefined) (want.settings.weight === 0 ? closing : opening).push(change);
  }
  for (const [name, have] of observed)
    if (!desired.has(name)) closing.push({ do: 'delete-destination', service, destination: have.key });
  if (opening.length > 0) changes.push(...opening);
  if (closing.length > 0) changes.push(...closing);
}

function planDestination(
  service: ServiceKey,
  { key: destination, settings }: TableDestination,
  have: TableDestination | undefined,
): (Change & { do: 'add-destination' | 'edit-destination' }) | undefined {
  if (have === undefined) return { do: 'add-destination', service, destination, settings };
  if (sameDestinationSettings(settings, have.settings)) return undefined;
  return { do: 'edit-destination', service, destination, settings };
}
