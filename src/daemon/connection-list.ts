import { destinationId, serviceId } from '../model/ids.js';
import type { LiveConnection } from '../api/live-connections.js';
import type { EngineClient } from '../dataplane/client.js';
import type { EngineForwarder } from '../dataplane/forwarder.js';
import { decodeSessions, type SessionRecord } from '../dataplane/session-record.js';
import type { Connection } from '../ipvs/proc.js';
import { protocolName, type ServiceKey, serviceName } from '../model/service.js';
import type { Table } from '../model/table.js';
import type { KernelView } from './kernel-view.js';

export interface ConnectionSources {
  /** What is in force. */
  readonly table: () => Table;
  /** undefined: it has no IPVS. */
  readonly kernel: Pick<KernelView, 'connections'> | undefined;
  /** undefined: this daemon has none. */
  readonly engine:
    | {
        readonly client: Pick<EngineClient, 'sessions'> | undefined;
        readonly forwarder: Pick<EngineForwarder, 'order'>;
      }
    | undefined;
}

/** Sessions of one question. */
const PAGE = 4096;

/** What lives now: the kernel's in its order, then the engine's. */
export async function* liveConnections({ table, kernel, engine }: ConnectionSources): AsyncGenerator<LiveConnection> {
  const serviceOf = serviceFinder(table());
  for await (const row of kernel?.connections() ?? []) yield ofKernel(row, serviceOf(row));
  const client = engine?.client;
  if (client === undefined) return;
  const ids = engine?.forwarder.order.services.map((name) => {
    const key = table().get(name)?.key;
    return key === undefined ? null : serviceId(key);
  });
  for (let cursor = 0n; ; ) {
    const { next, records } = await client.sessions(cursor, PAGE);
    for (const record of decodeSessions(records)) yield ofEngine(record, ids?.[record.service ?? -1] ?? null);
    if (next === 0n) return;
    cursor = next;
  }
}

/** As ip_vs_conn shows the template of a fwmark service, whose mark is in the place of the address. */
const MARK_PROTOCOL = 'IP';
/** As ip_vs_conn names what keeps a client: its client port is 0. */
const isTemplate = ({ clientPort, protocol }: Connection): boolean => clientPort === 0 && protocol !== 'ICMP';

/**
 * Whose service a row of the kernel's is: that of its address and port, else of its address and all ports, else the one fwmark service that
 * has its destination: of those the kernel does not tell.
 */
function serviceFinder(table: Table): (row: Connection) => string | null {
  const byMark = new Map<string, ServiceKey | undefined>();
  for (const { key, destinations } of table.values())
    if (key.by === 'fwmark')
      for (const { key: destination } of destinations.values()) {
        const of = destinationId(destination);
        byMark.set(of, byMark.has(of) ? undefined : key);
      }
  const idOf = (key: ServiceKey): string | undefined => (table.has(serviceName(key)) ? serviceId(key) : undefined);
  return ({ protocol: word, virtualAddress: address, virtualPort: port, destinationAddress, destinationPort }) => {
    if (word !== MARK_PROTOCOL) {
      const protocol = word === 'TCP' ? 'tcp' : word === 'UDP' ? 'udp' : word === 'SCTP' ? 'sctp' : undefined;
      const found =
        protocol === undefined
          ? undefined
          : (idOf({ by: 'address', protocol, address, port }) ?? idOf({ by: 'address', protocol, address, port: 0 }));
      if (found !== undefined) return found;
    }
    const marked =
      byMark.get(destinationId({ address: destinationAddress, port: destinationPort })) ??
      byMark.get(destinationId({ address: destinationAddress, port: 0 }));
    return marked === undefined ? null : serviceId(marked);
  };
}

const ofKernel = (row: Connection, service: string | null): LiveConnection => ({
  engine: 'kernel',
  service,
  protocol: row.protocol.toLowerCase(),
  client: { address: row.clientAddress, port: row.clientPort },
  virtual: { address: row.virtualAddress, port: row.virtualPort },
  destination: { address: row.destinationAddress, port: row.destinationPort },
  state: row.state.toLowerCase(),
  template: isTemplate(row),
  expiresSeconds: row.expiresSeconds,
});

const ofEngine = (record: SessionRecord, service: string | null): LiveConnection => ({
  engine: 'userspace',
  service,
  protocol: protocolName(record.protocol),
  client: record.client,
  virtual: record.vip,
  destination: record.destination ?? null,
  state: record.state,
  template: record.affinity,
  expiresSeconds: record.remainingMs / 1000,
});
