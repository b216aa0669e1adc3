import { LvsError } from '../errors.js';
import { canonicalAddress } from '../model/address.js';
import { destinationId, parseServiceId } from '../model/ids.js';
import { type Cursor, decodeCursor, encodeCursor, paging } from './pages.js';
import { type Api, type Document, flag, listOf, object, orNull, partial, text, textOrNull } from './schema.js';

const endpoint = object({ address: text, port: { type: 'integer', minimum: 0, maximum: 65_535 } });
const engines = { type: 'string', enum: ['kernel', 'userspace'] } as const;

export const connection = {
  title: 'Connection',
  ...object({
    engine: engines,
    service: { ...textOrNull, description: 'id; null: of none that is in force now' },
    protocol: { ...text, description: 'tcp, udp, sctp, icmp, ip, or a number' },
    client: endpoint,
    virtual: { ...endpoint, description: 'whom the client asked for' },
    destination: { ...orNull(endpoint), description: 'who serves it; null: it was removed' },
    state: { ...text, description: 'in small letters: established, fin_wait, udp' },
    template: { ...flag, description: 'no connection: it keeps a client at its destination' },
    expiresSeconds: { type: 'number', minimum: 0, description: 'if nothing more comes' },
  }),
} as const;
export type LiveConnection = Document<typeof connection>;

export interface ConnectionsView {
  /** All of them, one after the other: there may be millions. @throws LvsError IPVS_*, ENGINE_* */
  rows(): AsyncIterable<LiveConnection>;
}

const most = 10_000;
const list = {
  operationId: 'listConnections',
  summary: "Connections that live now: the kernel's, then the engine's sessions",
  querystring: partial({
    cursor: paging.cursor,
    limit: { ...paging.limit, maximum: most },
    engine: engines,
    service: { ...text, description: 'id' },
    destination: { ...text, description: 'id' },
    client: { ...text, description: 'address' },
    protocol: text,
    state: text,
    template: { ...flag, description: 'false: without templates; true: nothing else' },
  }),
  response: { 200: object({ items: listOf(connection), next: textOrNull }) },
} as const;
type Query = Document<typeof list.querystring>;

/** Each reads the whole table. */
const MOST_READERS = 4;

export function connectionRoutes(api: Api, view: ConnectionsView): void {
  let readers = 0;
  api.get('/v1/connections', { schema: list }, async ({ query }) => {
    const fits = filterOf(query);
    const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (readers >= MOST_READERS) throw new LvsError('API_BUSY', ['/v1/connections', MOST_READERS]);
    readers++;
    try {
      return await pageFrom(view.rows(), fits, cursor, query.limit ?? 100);
    } finally {
      readers--;
    }
  });
}

/** @throws LvsError API_REQUEST, API_NO_SERVICE for what could never be found */
function filterOf(query: Query): (row: LiveConnection) => boolean {
  const { engine, service, destination, protocol, state, template } = query;
  const client = query.client === undefined ? undefined : canonicalAddress(query.client);
  if (query.client !== undefined && client === undefined)
    throw new LvsError('API_REQUEST', [`'${query.client}' is no address`]);
  if (service !== undefined && parseServiceId(service) === undefined) throw new LvsError('API_NO_SERVICE', [service]);
  return (row) =>
    (engine === undefined || row.engine === engine) &&
    (service === undefined || row.service === service) &&
    (client === undefined || row.client.address === client) &&
    (protocol === undefined || row.protocol === protocol) &&
    (state === undefined || row.state === state) &&
    (template === undefined || row.template === template) &&
    (destination === undefined || (row.destination !== null && destinationId(row.destination) === destination));
}

/**
 * What follows the row that the cursor names. Where that one has ended, what follows its place: the kernel's order is that of its hash
 * table, so others neither repeat nor are left out because of it, but for a few about that place.
 */
async function pageFrom(
  rows: AsyncIterable<LiveConnection>,
  fits: (row: LiveConnection) => boolean,
  cursor: Cursor | undefined,
  limit: number,
): Promise<{ readonly items: readonly LiveConnection[]; readonly next: string | null }> {
  let found: { readonly at: number; readonly row: LiveConnection }[] = [];
  let isFound = cursor === undefined;
  let at = -1;
  for await (const row of rows) {
    at++;
    if (!isFound && nameOf(row) === cursor?.name) {
      isFound = true;
      found = [];
    } else if (found.length <= limit && (isFound || at > (cursor?.at ?? 0)) && fits(row)) {
      found.push({ at, row });
    }
    if (isFound && found.length > limit) break;
  }
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return {
    items: items.map(({ row }) => row),
    next: isMore ? encodeCursor({ at: last.at, name: nameOf(last.row) }) : null,
  };
}

const nameOf = ({ engine, protocol, client, virtual }: LiveConnection): string =>
  [engine, protocol, client.address, client.port, virtual.address, virtual.port].join(' ');
