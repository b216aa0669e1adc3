import type { Info, ListedService, SyncDaemon, Timeouts } from '../../ipvs/rows.js';
import type { Statistics } from '../../model/statistics.js';
import type { Connection } from './connections.js';
import { type TableText, versionText } from './print.js';

type Json = string | number | bigint | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

/** JSON with numbers of any size exact, which JSON.stringify has no way to write. Absent members are left out. */
export function jsonText(value: Json): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(jsonText).join(',')}]`;
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${JSON.stringify(name)}:${jsonText(member)}`],
  );
  return `{${members.join(',')}}`;
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value);

/** A list with an item a line, so that it can be read and compared. */
const jsonLines = (items: readonly Json[]): string =>
  items.length === 0 ? '[]' : `[\n${items.map(jsonText).join(',\n')}\n]`;

const statisticsJson = (statistics: Statistics): Json => ({
  connections: statistics.connections,
  inPackets: statistics.inPackets,
  outPackets: statistics.outPackets,
  inBytes: statistics.inBytes,
  outBytes: statistics.outBytes,
  connectionRate: statistics.connectionRate,
  inPacketRate: statistics.inPacketRate,
  outPacketRate: statistics.outPacketRate,
  inByteRate: statistics.inByteRate,
  outByteRate: statistics.outByteRate,
});

function serviceJson({ key, settings: { engine: _ours, ...settings }, statistics, destinations }: ListedService): Json {
  const identity: Json =
    key.by === 'fwmark'
      ? { fwmark: key.mark, family: key.family }
      : { protocol: key.protocol, address: key.address, port: key.port };
  return {
    ...identity,
    ...settings,
    statistics: statisticsJson(statistics),
    servers: destinations.map((server) => ({
      address: server.key.address,
      port: server.key.port,
      ...server.settings,
      tunnel: server.settings.method === 'tunnel' ? { ...server.settings.tunnel } : undefined,
      activeConnections: server.active,
      inactiveConnections: server.inactive,
      persistentConnections: server.persistent,
      statistics: statisticsJson(server.statistics),
    })),
  };
}

/** The table with everything the kernel told of it, a service a line. `info` is absent where one service was asked for. */
export function tableJson(info: Info | undefined): TableText {
  const about =
    info === undefined
      ? ''
      : `"version":"${versionText(info.version)}","connectionTableSize":${info.connectionTableSize},`;
  const service = (listed: ListedService): string => jsonText(serviceJson(listed));
  return { head: `{${about}"services":[\n`, service, between: ',\n', tail: '\n]}\n' };
}

export const connectionsJson = (entries: readonly Connection[]): string =>
  `{"connections":${jsonLines(entries.map((entry) => ({ ...entry })))}}\n`;

export const timeoutsJson = ({ tcp, tcpFin, udp }: Timeouts): string => `${jsonText({ tcp, tcpFin, udp })}\n`;

export const daemonsJson = (daemons: readonly SyncDaemon[]): string =>
  `{"daemons":${jsonLines(daemons.map((daemon) => ({ ...daemon })))}}\n`;
