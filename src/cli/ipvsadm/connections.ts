import { canonicalAddress, formatAddress } from '../../model/address.js';
import type { EndpointText } from './endpoint-text.js';

export const CONNECTIONS_FILE = '/proc/net/ip_vs_conn';

/** One line of the kernel's text, read as scanf(3) would. */
export interface Connection {
  readonly protocol: string;
  readonly source: { readonly address: string; readonly port: number };
  readonly virtual: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
  readonly state: string;
  readonly expiresSeconds: number;
  readonly engine?: string;
  readonly engineData?: string;
}

/** Entries in the kernel's order, and whether all lines could be read: the first that cannot ends it. */
export interface Connections {
  readonly entries: readonly Connection[];
  readonly whole: boolean;
}

/** The text behind its header line, or undefined if not even that is there. */
export function readConnections(text: string): Connections | undefined {
  if (text === '') return undefined;
  const entries: Connection[] = [];
  for (let at = text.indexOf('\n') + 1; at > 0 && at < text.length; ) {
    const end = text.indexOf('\n', at);
    const entry = readConnection(text.slice(at, end < 0 ? undefined : end));
    if (entry === undefined) return { entries, whole: false };
    entries.push(entry);
    at = end + 1;
  }
  return { entries, whole: true };
}

const BLANKS = /[ \t\v\f\r]+/;
const HEX_PORT = /^[+-]?(?:0[xX])?([0-9A-Fa-f]+)$/;
const EXPIRY = /^([+-]?[0-9]+)(.*)$/;

function readConnection(line: string): Connection | undefined {
  const words = line.trim().split(BLANKS);
  const [protocol = '', source = '', sourcePort = '', virtual = '', virtualPort = ''] = words;
  const [destination = '', destinationPort = '', state = '', expiry = ''] = words.slice(5);
  const ports = [hexPort(sourcePort), hexPort(virtualPort), hexPort(destinationPort)] as const;
  const time = EXPIRY.exec(expiry);
  if (ports[0] === undefined || ports[1] === undefined || ports[2] === undefined || time === null) return undefined;
  const [engine, engineData] = [...(time[2] === '' ? [] : [time[2]!]), ...words.slice(9)];
  return {
    protocol,
    source: { address: address(source), port: ports[0] },
    virtual: { address: address(virtual), port: ports[1] },
    destination: { address: address(destination), port: ports[2] },
    state,
    expiresSeconds: Number(time[1]) >>> 0,
    ...(engineData === undefined || engine === undefined ? {} : { engine, engineData }),
  };
}

function hexPort(word: string): number | undefined {
  const digits = HEX_PORT.exec(word)?.[1];
  if (digits === undefined) return undefined;
  const value = Number.parseInt(digits.slice(-4), 16);
  return (word.startsWith('-') ? -value : value) & 0xffff;
}

/** IPv6 and dotted text as it is; else the leading hexadecimal digits are an IPv4 address, none being 0.0.0.0. */
function address(word: string): string {
  const canonical = word.includes(':') || word.includes('.') ? canonicalAddress(word) : undefined;
  if (canonical !== undefined) return canonical;
  const digits = (/^(?:0[xX])?([0-9A-Fa-f]*)/.exec(word)?.[1] ?? '').slice(-8).padStart(8, '0');
  return formatAddress(Uint8Array.from(Buffer.from(digits, 'hex')));
}

const TITLE = 'IPVS connection entries\npro expire state       source             virtual            destination';
const ENGINE_TITLE = '        pe name          pe_data';

/** The listing of -Lc; with engine data the last columns are those of entries that have any. */
export function connectionsText(entries: readonly Connection[], engineData: boolean, text: EndpointText): string {
  let out = `${TITLE}${engineData ? ENGINE_TITLE : ''}\n`;
  for (const entry of entries) out += connectionLine(entry, engineData, text);
  return out;
}

const namedProtocols: ReadonlyMap<string, string> = new Map([
  ['TCP', 'tcp'],
  ['UDP', 'udp'],
  ['SCTP', 'sctp'],
]);

function connectionLine(entry: Connection, engineData: boolean, text: EndpointText): string {
  const protocol = namedProtocols.get(entry.protocol);
  const end = (place: Connection['source']): string => text(place.address, place.port, protocol);
  const head = `${entry.protocol.padEnd(3)} ${clock(entry.expiresSeconds).padEnd(6)} ${entry.state.padEnd(11)} ${end(entry.source).padEnd(18)} ${end(entry.virtual).padEnd(18)} `;
  if (!engineData || entry.engineData === undefined) return `${head}${end(entry.destination)}\n`;
  return `${head}${end(entry.destination).padEnd(16)} ${(entry.engine ?? '').padEnd(18)} ${entry.engineData}\n`;
}

const clock = (seconds: number): string =>
  `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
