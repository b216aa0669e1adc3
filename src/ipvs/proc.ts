import { formatAddress } from '../model/address.js';
import { decimal, lines, words } from './proc-text.js';

/** One row of /proc/net/ip_vs_conn: a flow the kernel remembers, or a persistence template (client port 0). */
export interface Connection {
  /** As the kernel writes it: `TCP`, `UDP`, `SCTP`, `AH`, `ESP`, `ICMP`, `IP` (a template of a fwmark service), or a number. */
  readonly protocol: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  /** For templates of fwmark services the mark as an address. */
  readonly virtualAddress: string;
  readonly virtualPort: number;
  /** May be of the other family where the method is a tunnel. */
  readonly destinationAddress: string;
  readonly destinationPort: number;
  /** `ESTABLISHED`, `SYN_RECV`, … as the kernel writes it. */
  readonly state: string;
  readonly expiresSeconds: number;
  readonly persistence?: { readonly engine: string; readonly data: string };
  /** Only in ip_vs_conn_sync: seen here, or told by the sync daemon of another director. */
  readonly origin?: 'local' | 'sync';
}

/** Rows, and how many lines were none: call-ids of strangers are part of the text, so a line may be anything. */
export interface Listing<T> {
  readonly rows: readonly T[];
  readonly refused: number;
}

/**
 * Reads /proc/net/ip_vs_conn, whose first line is a header:
 *
 *     Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
 *     TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     891
 */
export const parseConnections = (text: string): Listing<Connection> => listing(text, parseConnection);

/** Reads /proc/net/ip_vs_conn_sync: Origin stands before Expires, and persistence data is not told. */
export const parseSyncedConnections = (text: string): Listing<Connection> => listing(text, parseSyncedConnection);

function listing(text: string, parse: (line: string) => Connection | undefined): Listing<Connection> {
  const rows: Connection[] = [];
  let refused = 0;
  for (const line of lines(text).slice(1)) {
    const row = parse(line);
    if (row === undefined) refused++;
    else rows.push(row);
  }
  return { rows, refused };
}

/** One line of ip_vs_conn without its newline, or undefined if it is not well-formed. */
export function parseConnection(line: string): Connection | undefined {
  const match = plainLine.exec(line);
  if (match === null) return undefined;
  const [, head = '', expires = '', engine, data = ''] = match;
  const flow = parseFlow(head);
  const expiresSeconds = decimal(expires);
  if (flow === undefined || expiresSeconds === undefined) return undefined;
  return engine === undefined
    ? { ...flow, expiresSeconds }
    : { ...flow, expiresSeconds, persistence: { engine, data } };
}

// eight columns, the expiry, and for templates of a persistence engine its name and, after one blank, its data as it came
const plainLine = /^((?:\S+ +){7}\S+) +(\d+)(?: (\S+) (.*))?$/s;

function parseSyncedConnection(line: string): Connection | undefined {
  const columns = words(line);
  const [origin, expires] = columns.splice(8);
  const flow = parseFlow(columns.join(' '));
  const expiresSeconds = decimal(expires ?? '');
  if (flow === undefined || expiresSeconds === undefined) return undefined;
  if (origin !== 'LOCAL' && origin !== 'SYNC') return undefined;
  return { ...flow, expiresSeconds, origin: origin === 'SYNC' ? 'sync' : 'local' };
}

function parseFlow(text: string): Omit<Connection, 'expiresSeconds'> | undefined {
  const [protocol, client, clientPort, virtual, virtualPort, destination, destinationPort, state, ...rest] =
    words(text);
  const clientAddress = hexAddress(client);
  const virtualAddress = hexAddress(virtual);
  const destinationAddress = hexAddress(destination);
  const ports = [hexPort(clientPort), hexPort(virtualPort), hexPort(destinationPort)] as const;
  if (protocol === undefined || state === undefined || rest.length > 0) return undefined;
  if (clientAddress === undefined || virtualAddress === undefined || destinationAddress === undefined) return undefined;
  if (ports[0] === undefined || ports[1] === undefined || ports[2] === undefined) return undefined;
  return {
    protocol,
    clientAddress,
    clientPort: ports[0],
    virtualAddress,
    virtualPort: ports[1],
    destinationAddress,
    destinationPort: ports[2],
    state,
  };
}

const hexPort = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9A-Fa-f]{4}$/.test(text) ? Number.parseInt(text, 16) : undefined;

/** `0A010002` or eight words of four digits; canonical text comes back. */
function hexAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const digits = /^[0-9A-Fa-f]{8}$/.test(text) ? text : ip6Digits(text);
  return digits === undefined ? undefined : formatAddress(Uint8Array.from(Buffer.from(digits, 'hex')));
}

const ip6Digits = (text: string): string | undefined =>
  /^[0-9A-Fa-f]{4}(:[0-9A-Fa-f]{4}){7}$/.test(text) ? text.replaceAll(':', '') : undefined;
