import { liveSessionsOf, nobodyHas, plainOutlook, type PlainOutlook, type WhatIfRequest } from '../cli/what-if.js';
import { decodeSessions } from '../dataplane/session-record.js';
import { LvsError } from '../errors.js';
import type { Connection } from '../ipvs/proc.js';
import type { ListedService } from '../ipvs/rows.js';
import { formatEndpoint } from '../model/address.js';
import { destinationName } from '../model/destination.js';
import { protocolNumber, type ServiceKey, serviceName } from '../model/service.js';
import type { Table, TableService } from '../model/table.js';
import { chooserOf, slotsOf } from '../replay/slots.js';
import { type LiveSession, WhatIf } from '../replay/what-if.js';
import type { Engine } from './engine.js';
import type { KernelView } from './kernel-view.js';

export interface WhatIfOwners {
  readonly engine: Pick<Engine, 'client' | 'forwarder'> | undefined;
  readonly kernel: KernelView | undefined;
}

/** So many sessions at a time: who else waits for this thread waits a few milliseconds. */
const PAGE = 1024;

/** What a supposition does to slots and to the sessions of this moment, in both engines. @throws LvsError WHAT_IF_NOBODY */
export async function whatIfNow(
  { engine, kernel }: WhatIfOwners,
  { supposed, service }: WhatIfRequest,
): Promise<readonly PlainOutlook[]> {
  const engineTable = engine?.forwarder.table ?? new Map<string, TableService>();
  const listed = (await kernel?.services()) ?? [];
  const kernelTable = tableOf(listed);
  const services = [...kernelTable.values(), ...engineTable.values()];
  const wanted = services.filter(({ key }) => service === undefined || serviceName(key) === service);
  const answer = new WhatIf(wanted, supposed, { slotsOf, chooserOf });
  const concerned = answer.services;
  if (concerned.size === 0) throw new LvsError('WHAT_IF_NOBODY', [nobodyHas({ supposed, service })]);
  if (engine !== undefined && [...concerned].some((name) => engineTable.has(name)))
    await eachOfEngine(engine, engineTable, (session) => answer.take(session));
  if (kernel !== undefined && [...concerned].some((name) => kernelTable.has(name))) {
    const ofRow = sessionReader(listed);
    for await (const row of kernel.connections()) {
      const session = ofRow(row);
      if (session !== undefined) answer.take(session);
    }
  }
  return answer.outlooks.map(plainOutlook);
}

async function eachOfEngine(
  { client, forwarder }: Pick<Engine, 'client' | 'forwarder'>,
  table: Table,
  take: (session: LiveSession) => void,
): Promise<void> {
  const names = forwarder.order.services;
  for (let cursor = 0n; client !== undefined; ) {
    const { next, records } = await client.sessions(cursor, PAGE);
    for (const session of liveSessionsOf(decodeSessions(records), names, table)) take(session);
    if (next === 0n) return;
    cursor = next;
  }
}

/** As a Table has destinations: the first that was added first. The kernel tells the newest first. */
const tableOf = (listed: readonly ListedService[]): Table =>
  new Map(
    listed.map(({ key, settings, destinations }) => [
      serviceName(key),
      {
        key,
        settings,
        destinations: new Map(
          destinations.toReversed().map((row) => [destinationName(row.key), { key: row.key, settings: row.settings }]),
        ),
      },
    ]),
  );

/** A connection as a session of the service that it belongs to; templates and those of fwmark services are none. */
export function sessionReader(
  services: readonly Pick<ListedService, 'key'>[],
): (row: Connection) => LiveSession | undefined {
  const byPlace = new Map<string, ServiceKey>();
  for (const { key } of services)
    if (key.by === 'address') byPlace.set(placeOf(key.protocol, key.address, key.port), key);
  return (row) => {
    const protocol = row.protocol.toLowerCase();
    const key =
      byPlace.get(placeOf(protocol, row.virtualAddress, row.virtualPort)) ??
      byPlace.get(placeOf(protocol, row.virtualAddress, 0));
    if (row.clientPort === 0 || key?.by !== 'address') return undefined;
    return {
      service: serviceName(key),
      server: destinationName({ address: row.destinationAddress, port: row.destinationPort }),
      flow: {
        client: { address: row.clientAddress, port: row.clientPort },
        virtual: { address: row.virtualAddress, port: row.virtualPort },
        protocol: protocolNumber(key.protocol),
      },
    };
  };
}

const placeOf = (protocol: string, address: string, port: number): string =>
  `${protocol} ${formatEndpoint(address, port)}`;
