/** Sessions as they leave the engine: struct SessionRecord of native/engine/sessions.h, 104 bytes, little-endian, ports in host order. */
import { addressBytes, familyOf, formatIp4, formatIp6 } from '../model/address.js';
import { isMapped } from './image-layout.js';
import { BadFrame, SESSION_RECORD_BYTES } from './protocol.js';

/** enum class SessionState of native/engine/tcp_state.h, in its order. */
export const sessionStates = ['syn', 'established', 'fin', 'closed', 'udp', 'icmp', 'other', 'affinity'] as const;
export type SessionState = (typeof sessionStates)[number];

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface SessionRecord {
  /** Of an affinity template: masked, port 0. */
  readonly client: Endpoint;
  readonly vip: Endpoint;
  /** undefined: it was removed and its place is another's already. */
  readonly destination: Endpoint | undefined;
  /** What full NAT gave the flow. */
  readonly snat: Endpoint | undefined;
  /** IP protocol number. */
  readonly protocol: number;
  readonly state: SessionState;
  /** A template: which destination this client has, for all its flows to the service. */
  readonly affinity: boolean;
  /** It has ended: an event of sessionsChanged, never in a page. */
  readonly gone: boolean;
  /** Milliseconds until it ends if nothing more comes. */
  readonly remainingMs: number;
  /** Place of the service in the services image; undefined: not known. */
  readonly service: number | undefined;
  /** By the sender's secret: tells its sessions one from the other and means nothing to anybody else. */
  readonly hash: bigint;
}

const at = {
  client: 0,
  vip: 16,
  destination: 32,
  snat: 48,
  clientPort: 64,
  vipPort: 66,
  destinationPort: 68,
  snatPort: 70,
  protocol: 72,
  state: 73,
  affinity: 74,
  gone: 75,
  remainingMs: 76,
  service: 80,
  hash: 88,
} as const;
const NOT_KNOWN = 0xffff_ffff;

function readAddress(bytes: Uint8Array): string | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined;
  return isMapped(bytes) ? formatIp4(bytes, 12) : formatIp6(bytes, 0);
}

/**
 * @param keep which of them are wanted, by what costs nothing to read; absent: all
 * @throws BadFrame if it is no whole number of records, or one has a state that does not exist or no client or VIP
 */
export function decodeSessions(
  bytes: Uint8Array,
  keep: (state: SessionState | undefined, gone: boolean) => boolean = () => true,
): readonly SessionRecord[] {
  if (bytes.length % SESSION_RECORD_BYTES !== 0) throw new BadFrame(`${bytes.length} bytes of sessions`);
  const sessions: SessionRecord[] = [];
  for (let from = 0; from < bytes.length; from += SESSION_RECORD_BYTES)
    if (keep(sessionStates[bytes[from + at.state]!], bytes[from + at.gone] !== 0))
      sessions.push(decodeSession(bytes.subarray(from, from + SESSION_RECORD_BYTES)));
  return sessions;
}

function decodeSession(bytes: Uint8Array): SessionRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SESSION_RECORD_BYTES);
  const endpoint = (address: number, port: number): Endpoint | undefined => {
    const text = readAddress(bytes.subarray(address, address + 16));
    return text === undefined ? undefined : { address: text, port: view.getUint16(port, true) };
  };
  const client = endpoint(at.client, at.clientPort);
  const vip = endpoint(at.vip, at.vipPort);
  const state = sessionStates[view.getUint8(at.state)];
  if (client === undefined || vip === undefined) throw new BadFrame('a session without client or VIP');
  if (state === undefined) throw new BadFrame(`a session in state ${view.getUint8(at.state)}`);
  const service = view.getUint32(at.service, true);
  return {
    client,
    vip,
    destination: endpoint(at.destination, at.destinationPort),
    snat: endpoint(at.snat, at.snatPort),
    protocol: view.getUint8(at.protocol),
    state,
    affinity: view.getUint8(at.affinity) !== 0,
    gone: view.getUint8(at.gone) !== 0,
    remainingMs: view.getUint32(at.remainingMs, true),
    service: service === NOT_KNOWN ? undefined : service,
    hash: view.getBigUint64(at.hash, true),
  };
}

/** What decodeSessions reads. Addresses are those of records that were read or validated before. */
export function encodeSessions(sessions: readonly SessionRecord[]): Uint8Array {
  const bytes = new Uint8Array(sessions.length * SESSION_RECORD_BYTES);
  sessions.forEach((session, i) => {
    encodeSession(session, bytes.subarray(i * SESSION_RECORD_BYTES, (i + 1) * SESSION_RECORD_BYTES));
  });
  return bytes;
}

/** Into memory that is zero. */
function encodeSession(session: SessionRecord, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, SESSION_RECORD_BYTES);
  const put = (endpoint: Endpoint | undefined, address: number, port: number): void => {
    if (endpoint === undefined) return;
    const v4 = familyOf(endpoint.address) === 'ip4';
    if (v4) into.fill(0xff, address + 10, address + 12);
    into.set(addressBytes(endpoint.address), address + (v4 ? 12 : 0));
    view.setUint16(port, endpoint.port, true);
  };
  put(session.client, at.client, at.clientPort);
  put(session.vip, at.vip, at.vipPort);
  put(session.destination, at.destination, at.destinationPort);
  put(session.snat, at.snat, at.snatPort);
  view.setUint8(at.protocol, session.protocol);
  view.setUint8(at.state, sessionStates.indexOf(session.state));
  view.setUint8(at.affinity, session.affinity ? 1 : 0);
  view.setUint8(at.gone, session.gone ? 1 : 0);
  view.setUint32(at.remainingMs, session.remainingMs, true);
  view.setUint32(at.service, session.service ?? NOT_KNOWN, true);
  view.setBigUint64(at.hash, session.hash, true);
}
