import type { DestinationRow, Info, ListedService, ServiceRow } from '../../ipvs/rows.js';
import type { ForwardingMethod, Tunnel } from '../../model/destination.js';
import { type Protocol, type ServiceKey, serviceFamily, wholeAddressMask } from '../../model/service.js';
import type { ListFormat, View } from './command.js';
import { counterCells } from './counters.js';
import { cut, type EndpointText, markText, portProtocol } from './endpoint-text.js';
import { flagNames } from './flags.js';

const ADDRESS_WIDTH = 28;

const titles: Readonly<Record<View, string>> = {
  plain:
    'Prot LocalAddress:Port Scheduler Flags\n' +
    '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n',
  'tun-info':
    'Prot LocalAddress:Port Scheduler Flags\n' +
    '  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n',
  thresholds:
    'Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n  -> RemoteAddress:Port\n',
  'persistent-conn':
    'Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n  -> RemoteAddress:Port\n',
  stats: 'Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n  -> RemoteAddress:Port\n',
  rate: 'Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n  -> RemoteAddress:Port\n',
};

/** `IP Virtual Server version 1.2.1 (size=4096)`; absent where one service is listed. */
export const versionLine = ({ version, connectionTableSize }: Info): string =>
  `IP Virtual Server version ${versionText(version)} (size=${connectionTableSize})\n`;

export const versionText = (version: number): string =>
  `${(version >>> 16) & 0xff}.${(version >>> 8) & 0xff}.${version & 0xff}`;

/** How a table is written: piece by piece, so that it need not be held in memory as a whole. */
export interface TableText {
  readonly head: string;
  readonly service: (service: ListedService) => string;
  readonly between: string;
  readonly tail: string;
}

/** The two title lines, then each service with its servers. */
export function listing(format: ListFormat, text: EndpointText): TableText {
  const serviceLine = serviceLines(format, text);
  const serverLine = serverLines(format);
  const service = (listed: ListedService): string => {
    let out = serviceLine(listed);
    const protocol = portProtocol(listed.key);
    for (const server of listed.destinations) {
      const { address, port } = server.key;
      out += serverLine(server, cut(text(address, port, protocol), address, ADDRESS_WIDTH));
    }
    return out;
  };
  return { head: titles[format.view], service, between: '', tail: '' };
}

type ServiceLine = (service: ServiceRow) => string;

function serviceLines({ view, exact }: ListFormat, text: EndpointText): ServiceLine {
  if (view !== 'stats' && view !== 'rate')
    return ({ key, settings }) => `${serviceText(key, text)} ${settings.scheduler}${settingsText(settings, key)}\n`;
  const cells = counterCells(view, 'service', exact);
  return ({ key, statistics }) => `${serviceText(key, text).padEnd(5 + ADDRESS_WIDTH)}${cells(statistics)}\n`;
}

function serviceText(key: ServiceKey, text: EndpointText): string {
  if (key.by === 'fwmark') return `FWM  ${markText(key.mark)}${key.family === 'ip6' ? ' IPv6' : ''}`;
  return protocolText(key.protocol) + cut(text(key.address, key.port, key.protocol), key.address, ADDRESS_WIDTH);
}

function protocolText(protocol: Protocol): string {
  if (protocol === 'tcp') return 'TCP  ';
  if (protocol === 'udp') return 'UDP  ';
  if (protocol === 'sctp') return 'SCTP ';
  return '?    ';
}

/** ` (flags) persistent N mask M pe NAME ops`, as far as there is something to say. */
function settingsText(settings: ServiceRow['settings'], key: ServiceKey): string {
  let out = '';
  if (settings.schedulerFlags !== 0) out += ` (${flagNames(settings.schedulerFlags, settings.scheduler)})`;
  if (settings.persistent) {
    out += ` persistent ${settings.persistenceSeconds}`;
    if (settings.persistenceMask !== wholeAddressMask(serviceFamily(key))) out += ` mask ${settings.persistenceMask}`;
    if (settings.persistenceEngine !== '') out += ` pe ${settings.persistenceEngine}`;
  }
  return settings.onePacket ? `${out} ops` : out;
}

type ServerLine = (server: DestinationRow, name: string) => string;

function serverLines({ view, exact }: ListFormat): ServerLine {
  const start = (name: string): string => `  -> ${name.padEnd(ADDRESS_WIDTH)}`;
  const connections = (server: DestinationRow): string =>
    server.active === 0 && server.inactive === 0
      ? NO_CONNECTIONS
      : `${left(server.active, 10)} ${left(server.inactive, 10)}\n`;
  switch (view) {
    case 'stats':
    case 'rate': {
      const cells = counterCells(view, 'server', exact);
      return (server, name) => `${start(name)}${cells(server.statistics)}\n`;
    }
    case 'thresholds':
      return (server, name) =>
        `${start(name)} ${left(server.settings.upperThreshold, 10)} ${left(server.settings.lowerThreshold, 10)} ${connections(server)}`;
    case 'persistent-conn':
      return (server, name) =>
        `${start(name)} ${left(server.settings.weight, 9)} ${left(server.persistent, 11)} ${connections(server)}`;
    case 'tun-info':
      return (server, name) =>
        `${start(name)} ${methodText(server.settings.method)} ${tunnelText(server.settings.method, server.settings.tunnel).padEnd(13)} ${left(server.settings.weight, 6)} ${connections(server)}`;
    case 'plain':
      return (server, name) =>
        `${start(name)} ${methodText(server.settings.method)} ${left(server.settings.weight, 6)} ${connections(server)}`;
  }
}

/** Most cells of a large table are the same few small numbers. */
const SMALL = 256;
const smallCells = new Map<number, string[]>();

function left(value: number, width: number): string {
  if (value < 0 || value >= SMALL) return String(value).padEnd(width);
  let cells = smallCells.get(width);
  if (cells === undefined) smallCells.set(width, (cells = []));
  return (cells[value] ??= String(value).padEnd(width));
}

const NO_CONNECTIONS = '0          0         \n';

/** Methods without a word are printed as the original's null pointer is. Seven columns. */
function methodText(method: ForwardingMethod): string {
  if (method === 'masquerade') return 'Masq   ';
  if (method === 'local') return 'Local  ';
  if (method === 'tunnel') return 'Tunnel ';
  if (method === 'direct-route') return 'Route  ';
  return '(null) ';
}

/** Where the original dies of a type it does not know, the number is printed. */
function tunnelText(method: ForwardingMethod, { type, port, checksum, remoteChecksum }: Tunnel): string {
  if (method !== 'tunnel') return 'n/a';
  if (type === 'gue') return `gue:${port}:${remoteChecksum ? 'r+c' : checksum ? '+c' : '-c'}`;
  if (type === 'gre') return `gre:${checksum ? '+c' : '-c'}`;
  return type;
}
