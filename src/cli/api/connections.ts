import { flag, text, type Wrong } from '../arguments.js';
import { openApi } from '../api-client.js';
import type { Context } from '../lvsctl-entry.js';
import { describe } from '../manual.js';
import { canonicalAddress, formatEndpoint } from '../../model/address.js';
import { sheetOf } from '../sheet.js';
import { type Column, tablePrinter } from '../table.js';
import type { End, ShownConnection } from './documents.js';
import { endOf, findService } from './targets.js';

export interface ConnectionsOrder {
  readonly service?: string;
  /** As the API takes it. */
  readonly filter: Readonly<Record<string, string>>;
  /** Rows at most. */
  readonly most: number;
}

export const connectionsCommand = describe(
  {
    program: 'lvsctl',
    name: 'connections',
    summary: 'connections that live now, of the kernel and of the userspace engine',
    synopsis: [
      '[--service SERVICE] [--server SERVER] [--client ADDRESS] [--protocol PROTOCOL] [--state STATE] [--engine ENGINE] [--templates] [-n N]',
    ],
    shares: ['api', 'json'],
    about: [
      `Who is connected to whom through this director, and how long each entry lives if nothing more comes. What clients are kept at their
      servers by is no connection: --templates shows those entries, and nothing else.`,
    ],
  },
  {
    options: {
      service: { ...text, value: 'SERVICE', fills: 'service', help: "of this service: 'tcp 192.0.2.1:80', or its id" },
      server: { ...text, value: 'SERVER', help: 'of this server: ADDRESS:PORT, IPv6 [ADDRESS]:PORT' },
      client: { ...text, value: 'ADDRESS', help: 'of this client' },
      protocol: { ...text, value: 'PROTOCOL', fills: ['tcp', 'udp', 'sctp', 'icmp'], help: 'of this protocol' },
      state: {
        ...text,
        value: 'STATE',
        fills: ['established', 'syn_recv', 'fin_wait', 'time_wait', 'close', 'udp', 'none'],
        help: 'in this state, such as established or fin_wait',
      },
      engine: { ...text, value: 'ENGINE', fills: ['kernel', 'userspace'], help: 'kernel or userspace (default: both)' },
      templates: { ...flag, help: 'what keeps clients at their servers, in place of connections' },
      limit: { ...text, short: 'n', value: 'N', help: 'no more than so many (default: all)' },
    },
    read: ({ service, server, client, protocol, state, engine, templates, limit }): ConnectionsOrder | Wrong => {
      const address = client === undefined ? undefined : canonicalAddress(client);
      if (client !== undefined && address === undefined) return { wrong: `--client is an address, not '${client}'` };
      const end = server === undefined ? undefined : endOf(server);
      if (server !== undefined && end?.port === undefined)
        return { wrong: `--server is ADDRESS:PORT, IPv6 [ADDRESS]:PORT, not '${server}'` };
      if (engine !== undefined && engine !== 'kernel' && engine !== 'userspace')
        return { wrong: `--engine is kernel or userspace, not '${engine}'` };
      if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) return { wrong: `-n is a number, not '${limit}'` };
      return {
        ...(service === undefined ? {} : { service }),
        filter: {
          template: String(templates),
          ...(address === undefined ? {} : { client: address }),
          ...(end?.port === undefined ? {} : { destination: `${end.address}-${end.port}` }),
          ...(protocol === undefined ? {} : { protocol: protocol.toLowerCase() }),
          ...(state === undefined ? {} : { state: state.toLowerCase() }),
          ...(engine === undefined ? {} : { engine }),
        },
        most: limit === undefined ? Infinity : Number(limit),
      };
    },
  },
);

/** Rows that are printed, and asked for, at once. */
const PAGE = 2000;

/** Answers with the exit status. @throws LvsError of the client */
export async function connections({ service, filter, most }: ConnectionsOrder, context: Context): Promise<number> {
  const { asked, output, environment } = context;
  const api = openApi(asked.api);
  try {
    const of = service === undefined ? {} : { service: (await findService(api, service)).id };
    const query = { ...filter, ...of, limit: Math.min(PAGE, most) };
    const print = asked.json ? jsonList() : tablePrinter(connectionColumns, sheetOf(output, environment));
    let count = 0;
    for await (const { items } of api.pages<ShownConnection>('/v1/connections', query)) {
      const part = items.slice(0, most - count);
      count += part.length;
      if (part.length > 0) output.out(print(part));
      if (count >= most) break;
    }
    if (asked.json) output.out(count === 0 ? '{"items":[],"next":null}\n' : '\n],"next":null}\n');
    else if (count === 0) output.err('no connections\n');
    return 0;
  } finally {
    api.close();
  }
}

/** The API's list, in parts; the end is for the caller. */
function jsonList(): (rows: readonly object[]) => string {
  let before = '{"items":[\n';
  return (rows) => {
    const text = `${before}${rows.map((row) => JSON.stringify(row)).join(',\n')}`;
    before = ',\n';
    return text;
  };
}

const endText = (end: End | null): string =>
  end === null ? 'removed' : end.port === 0 ? end.address : formatEndpoint(end.address, end.port);

const connectionColumns: readonly Column<ShownConnection>[] = [
  { title: 'PROTOCOL', of: ({ protocol }) => protocol },
  { title: 'CLIENT', of: ({ client }) => endText(client) },
  { title: 'ASKED FOR', of: (one) => endText(one.virtual) },
  { title: 'SERVER', of: ({ destination }) => endText(destination) },
  { title: 'STATE', of: ({ state }) => state, ink: ({ state }) => (state === 'established' ? 'green' : undefined) },
  { title: 'EXPIRES', align: 'right', of: ({ expiresSeconds }) => `${Math.round(expiresSeconds)} s` },
  { title: 'ENGINE', of: ({ engine }) => engine, spare: 1 },
];
