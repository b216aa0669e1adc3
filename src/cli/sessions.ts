import type { EngineClient } from '../dataplane/client.js';
import { decodeSessions, type Endpoint, type SessionRecord } from '../dataplane/session-record.js';
import { formatEndpoint } from '../model/address.js';
import { protocolName } from '../model/service.js';
import { text } from './arguments.js';
import type { Manner } from './ask.js';
import { connectEngine, tableOf } from './engine-socket.js';
import type { Output } from './face.js';
import { describe } from './manual.js';

export interface SessionsOrder {
  readonly service: string | undefined;
}

export const sessionsCommand = describe(
  {
    program: 'lvsctl',
    name: 'sessions',
    summary: 'those of the userspace engine, from the engine itself',
    synopsis: ['[--service SERVICE]'],
    shares: ['control', 'json'],
    about: [
      `The sessions of the userspace engine, one on a line: protocol, client, the address asked for, server, state, and how long it lives if
      nothing more comes. The engine is asked itself, also where no director runs; 'lvsctl connections' shows those of the kernel's IPVS too.`,
    ],
  },
  {
    options: {
      service: { ...text, value: 'SERVICE', fills: 'service', help: "as status names it, such as 'tcp 192.0.2.1:80'" },
    },
    read: ({ service }): SessionsOrder => ({ service }),
  },
);

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
export async function sessions({ service }: SessionsOrder, { path, json }: Manner, output: Output): Promise<number> {
  const client = await connectEngine(path);
  try {
    const services = [...(await tableOf(client)).keys()];
    if (service !== undefined && !services.includes(service)) {
      output.err(`lvsctl: the engine has no service '${service}'\n`);
      return 1;
    }
    let count = 0;
    for await (const session of pages(client, services)) {
      if (service !== undefined && session.service !== service) continue;
      output.out(json ? `${count === 0 ? '[' : ','}\n${JSON.stringify(session)}` : sessionLine(session));
      count++;
    }
    if (json) output.out(count === 0 ? '[]\n' : '\n]\n');
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
