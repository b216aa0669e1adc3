import { parseArgs } from 'node:util';
import type { EngineClient } from '../dataplane/client.js';
import { decodeSessions, type Endpoint, type SessionRecord } from '../dataplane/session-record.js';
import { formatEndpoint } from '../model/address.js';
import { protocolName } from '../model/service.js';
import { readArguments, type Wrong } from './arguments.js';
import { connectEngine, tableOf } from './engine-socket.js';
import type { Output } from './realserver.js';

export const sessionsUsage = `usage: lvsctl [--control SOCKET] [--json] sessions [--service SERVICE]

The sessions of the userspace engine, one on a line: protocol, client, the address asked for, server, state, and how long it lives if
nothing more comes. SERVICE as status names it, such as 'tcp 192.0.2.1:80'. Connections of the kernel's IPVS are those of ipvsadm -Lnc.
`;

export interface SessionsOrder {
  readonly service: string | undefined;
  readonly json: boolean;
  readonly control: string | undefined;
}

const readWords = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: true,
    options: {
      control: { type: 'string' },
      service: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });

export function parseSessions(args: readonly string[]): SessionsOrder | 'help' | Wrong {
  const read = readArguments(() => readWords(args));
  if ('wrong' in read) return read;
  const { values, positionals } = read;
  if (values.help === true) return 'help';
  if (positionals.length > 0) return { wrong: `'${positionals.join(' ')}' is too much` };
  return { service: values.service, json: values.json ?? false, control: values.control };
}

/** A session for people and for JSON. */
export interface ToldSession {
  readonly service: string | null;
  readonly protocol: string;
  readonly client: string;
  readonly vip: string;
  /** null: it was removed. */
  readonly server: string | null;
  /** The source that full NAT gave it. */
  readonly snat: string | null;
  readonly state: string;
  readonly seconds: number;
}

export function toldSession(record: SessionRecord, services: readonly string[]): ToldSession {
  const { client, vip, destination, snat, protocol, state, remainingMs, service, affinity } = record;
  const text = ({ address, port }: Endpoint): string => formatEndpoint(address, port);
  return {
    service: service === undefined ? null : (services[service] ?? null),
    protocol: protocolName(protocol),
    client: affinity ? client.address : text(client),
    vip: text(vip),
    server: destination === undefined ? null : text(destination),
    snat: snat === undefined ? null : text(snat),
    state,
    seconds: Math.round(remainingMs / 1000),
  };
}

export function sessionLine({ protocol, client, vip, server, snat, state, seconds }: ToldSession): string {
  const by = snat === null ? '' : ` from ${snat}`;
  return `${protocol} ${client} > ${vip} -> ${server ?? 'nobody: it was removed'}${by} ${state} ${seconds} s\n`;
}

const PAGE = 4096;

/** Answers with the exit status. @throws LvsError ENGINE_ABSENT and others of the client */
export async function sessions(order: SessionsOrder, control: string, output: Output): Promise<number> {
  const client = await connectEngine(control);
  try {
    const services = [...(await tableOf(client)).keys()];
    if (order.service !== undefined && !services.includes(order.service)) {
      output.err(`lvsctl: the engine has no service '${order.service}'\n`);
      return 1;
    }
    let count = 0;
    for await (const session of pages(client, services)) {
      if (order.service !== undefined && session.service !== order.service) continue;
      output.out(order.json ? `${count === 0 ? '[' : ','}\n${JSON.stringify(session)}` : sessionLine(session));
      count++;
    }
    if (order.json) output.out(count === 0 ? '[]\n' : '\n]\n');
    return 0;
  } finally {
    client.close();
  }
}

async function* pages(client: EngineClient, services: readonly string[]): AsyncIterable<ToldSession> {
  for (let cursor = 0n; ; ) {
    const { next, records } = await client.sessions(cursor, PAGE);
    for (const record of decodeSessions(records)) yield toldSession(record, services);
    if (next === 0n) return;
    cursor = next;
  }
}
