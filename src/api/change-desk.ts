import type { FastifyRequest } from 'fastify';
import { LvsError } from '../errors.js';
import type { Change, Committed, Preview } from '../declare/change.js';
import type { Complaint } from '../declare/service.js';
import { parseServiceId } from '../model/ids.js';
import { Mailbox } from '../system/mailbox.js';
import { mustBe, mustTouch } from './access.js';
import { type Changed, changedBy, type Wanted } from './changed.js';
import type { Changes } from './changes.js';
import type { DestinationRow, Destinations } from './destinations.js';
import { type Service, type ServiceInFull, type Services } from './services.js';

/** Of which part of a change a request is the body, as pointers of declare/ begin: there the body begins. */
type Bodies = readonly string[];

export interface Order extends Wanted {
  readonly isDry: boolean;
  readonly service?: string | undefined;
  readonly destination?: string | undefined;
  /** Absent: the body is the transaction. */
  readonly bodies?: Bodies;
}

/** What all routes that change something need: one after another, in the name of who asks, with the plan as the answer. */
export class ChangeDesk {
  readonly changes: Changes;
  readonly services: Services;
  readonly destinations: Destinations;
  readonly #queue = new Mailbox();

  constructor(changes: Changes, services: Services, destinations: Destinations) {
    this.changes = changes;
    this.services = services;
    this.destinations = destinations;
  }

  /** Between looking whether a state is the expected one and changing it nobody else changes it here. */
  post<T>(job: () => Promise<T>): Promise<T> {
    return this.#queue.post(job);
  }

  /** Carries a transaction out, or only says what it would do. @throws LvsError of Changes, with places in the body */
  async carryOut({ identity }: FastifyRequest, order: Order): Promise<Changed> {
    const { isDry, service, destination, bodies = [''], ...wanted } = order;
    const transaction = { ...wanted, who: identity.name };
    const told = await inBody(bodies, () =>
      isDry ? this.changes.preview(transaction) : this.changes.commit(transaction),
    );
    return changedBy(withPlaces(told, bodies), this.#shown(service, destination));
  }

  /** Answers for what was rolled back. */
  answer(told: Preview | Committed): Changed {
    return changedBy(told, this.#shown(undefined, undefined));
  }

  /** What GET answers for it, of which its ETag is. */
  serviceNow(id: string): ServiceInFull | undefined {
    const key = parseServiceId(id);
    return key && this.services.full(key);
  }

  destinationNow(service: string, id: string): DestinationRow | undefined {
    const key = parseServiceId(service);
    return key && this.destinations.rows(key).find((row) => row.id === id);
  }

  /** Of a service that there is. @throws LvsError API_NO_SERVICE, API_NO_DESTINATION */
  mustFindDestination(service: string, id: string): DestinationRow {
    if (this.serviceNow(service) === undefined) throw new LvsError('API_NO_SERVICE', [service]);
    const found = this.destinationNow(service, id);
    if (found === undefined) throw new LvsError('API_NO_DESTINATION', [id, service]);
    return found;
  }

  /** @throws LvsError API_NO_SERVICE; API_READ_ONLY of a service that somebody else declares */
  mustBeOwn(id: string): ServiceInFull {
    const shown = this.serviceNow(id);
    if (shown === undefined) throw new LvsError('API_NO_SERVICE', [id]);
    if (shown.origin !== 'api') throw new LvsError('API_READ_ONLY', [id, originName[shown.origin]]);
    return shown;
  }

  #shown(service: string | undefined, destination: string | undefined): Pick<Changed, 'service' | 'destination'> {
    const row =
      service === undefined || destination === undefined ? undefined : this.destinationNow(service, destination);
    const key = service === undefined ? undefined : parseServiceId(service);
    return {
      service: (key && this.services.find(key)) ?? null,
      destination: row === undefined ? null : this.destinations.show(row),
    };
  }
}

const originName: Readonly<Record<Service['origin'], string>> = {
  file: 'declared by the file',
  fleet: 'declared by the fleet',
  other: 'in force and declared nowhere',
  api: 'declared by the API',
};

/** Of a transaction: overrides are an operator's, all else declares. @throws LvsError API_FORBIDDEN */
export function mustBeAllowed(request: FastifyRequest, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.do !== 'override') mustBe(request, 'admin');
    mustTouch(request, serviceOf(change));
  }
}

const serviceOf = (change: Change): string => {
  if (change.do === 'put-service') return change.service.id;
  return 'service' in change ? change.service : change.id;
};

/** Complaints of declare/ with their places in the body of the request. */
async function inBody<T>(bodies: Bodies, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LvsError) || error.code !== 'DECLARED_INVALID' || !Array.isArray(error.cause)) throw error;
    const complaints = error.cause as readonly Complaint[];
    throw new LvsError('DECLARED_INVALID', [complaints.length], { cause: complaints.map(placed(bodies)) });
  }
}

const withPlaces = <T extends Preview>(told: T, bodies: Bodies): T => ({
  ...told,
  advice: told.advice.map(placed(bodies)),
});

const placed =
  (bodies: Bodies) =>
  ({ pointer, message }: Complaint): Complaint => {
    const body = bodies.find((start) => pointer.startsWith(start));
    return { pointer: body === undefined ? '' : pointer.slice(body.length), message };
  };
