import { defaultEngineGlobals } from '../dataplane/network.js';
import type { Endpoint, SessionRecord, SessionState } from '../dataplane/session-record.js';
import { isMapped } from '../dataplane/image-layout.js';
import { addressBytes, formatIp4, formatIp6 } from '../model/address.js';
import type { ForwardingMethod } from '../model/destination.js';
import { connectionFlag, ipProtocol, isActive, stateCount, stateOfWord } from './kernel-words.js';
import type { SyncConnection } from './message.js';

/** What a session's service says of it. */
export interface SessionPlace {
  readonly method: ForwardingMethod;
  /** 0: none. */
  readonly persistenceSeconds: number;
}

/** Why a session of the engine is told to no kernel. */
export type Untold =
  /** The protocol has no message for an end: a connection there ends by its time-out. */
  | 'ended'
  /** No client has answered yet; IPVS does not tell of these either. */
  | 'half-open'
  /** ICMP, and what is neither TCP, UDP nor SCTP. */
  | 'protocol'
  /** L3DSR, full NAT: IPVS has no such method. */
  | 'method'
  /** Its service or destination was just removed. */
  | 'no-destination';

/** Why a connection of another director is not taken. */
export type Refusal =
  | 'protocol'
  | 'state'
  /** An address that is none of a flow: unspecified, multicast, IPv4 written as IPv6. */
  | 'address'
  /** A connection without a port, a template with one. */
  | 'port'
  /** A template of a service that is known by a mark: the engine has no marks. */
  | 'mark'
  /** Its sequence numbers are shifted (FTP): the engine cannot. */
  | 'sequence'
  /** A template that a persistence engine knows by what it read. */
  | 'persistence-engine';

// ---------------------------------------------------------------- words

const tcp = (word: string): number => stateOfWord(ipProtocol.tcp, false, word) ?? 0;
const SCTP_ESTABLISHED = stateOfWord(ipProtocol.sctp, false, 'ESTABLISHED') ?? 0;
/** Seen to go on: it is not given up under a flood (net/netfilter/ipvs, IP_VS_CTPL_S_ASSURED). */
const TEMPLATE_ASSURED = stateOfWord(ipProtocol.tcp, true, 'ASSURED') ?? 0;

/** The engine's four states are the kernel's eleven taken together (native/engine/tcp_state.h). */
const tcpNumbers: Readonly<Partial<Record<SessionState, number>>> = {
  syn: tcp('SYN_RECV'),
  established: tcp('ESTABLISHED'),
  fin: tcp('FIN_WAIT'),
  closed: tcp('CLOSE'),
};
const tcpStates: ReadonlyMap<number, SessionState> = new Map([
  ...['NONE', 'SYN_SENT', 'SYN_RECV', 'LISTEN', 'SYNACK'].map((word) => [tcp(word), 'syn'] as const),
  [tcp('ESTABLISHED'), 'established'],
  ...['FIN_WAIT', 'TIME_WAIT', 'CLOSE_WAIT', 'LAST_ACK'].map((word) => [tcp(word), 'fin'] as const),
  [tcp('CLOSE'), 'closed'],
]);

/** IP_VS_CONN_F_MASQ and so on. A tunnel's kind is its destination's at both sides. */
const methodNumbers: Readonly<Partial<Record<ForwardingMethod, number>>> = {
  masquerade: 0,
  local: 1,
  tunnel: 2,
  'direct-route': 3,
};

const { timeouts } = defaultEngineGlobals;
const PERSISTENCE_SECONDS = 360;
const defaultSeconds: Readonly<Record<SessionState, number>> = {
  syn: timeouts.tcpSyn,
  established: timeouts.tcpEstablished,
  fin: timeouts.tcpFin,
  closed: timeouts.tcpClosed,
  udp: timeouts.udp,
  icmp: timeouts.icmp,
  other: timeouts.other,
  affinity: PERSISTENCE_SECONDS,
};

/** What the engine's clock can tell: Timeouts::kLongestMs. */
const LONGEST_MS = 0x7fff_ffff;

// ---------------------------------------------------------------- out

/** What can be said without reading the rest: under a flood it is all of them. */
export const untoldAtSight = (state: SessionState | undefined, gone: boolean): Untold | undefined =>
  gone ? 'ended' : state === 'syn' ? 'half-open' : undefined;

/** A session as the kernel's own daemon would tell it. `place`: undefined if its destination is not known any more. */
export function connectionOf(session: SessionRecord, place: SessionPlace | undefined): SyncConnection | Untold {
  const { protocol, affinity, gone, client, vip, destination, remainingMs } = session;
  const untold = untoldAtSight(session.state, gone);
  if (untold !== undefined) return untold;
  const state = stateNumber(session);
  if (typeof state === 'string') return state;
  if (destination === undefined || place === undefined) return 'no-destination';
  const method = methodNumbers[place.method];
  if (method === undefined) return 'method';
  const remaining = Math.max(1, Math.ceil(remainingMs / 1000));
  return {
    protocol,
    flags:
      method |
      (method === 0 ? 0 : connectionFlag.noOutput) |
      (affinity ? connectionFlag.template : isActive(protocol, state) ? 0 : connectionFlag.inactive),
    state,
    clientPort: client.port,
    virtualPort: vip.port,
    destinationPort: destination.port,
    mark: 0,
    // a kernel counts a template's time from its length whenever it is used: it is told the whole of it
    timeoutSeconds: affinity ? Math.max(remaining, place.persistenceSeconds) : remaining,
    client: addressBytes(client.address),
    virtual: addressBytes(vip.address),
    destination: addressBytes(destination.address),
  };
}

function stateNumber({ protocol, state, affinity }: SessionRecord): number | Untold {
  const isKnown = protocol === ipProtocol.tcp || protocol === ipProtocol.udp || protocol === ipProtocol.sctp;
  if (!isKnown) return 'protocol';
  if (affinity) return TEMPLATE_ASSURED;
  if (protocol === ipProtocol.sctp) return SCTP_ESTABLISHED; // the engine does not follow its handshakes
  return protocol === ipProtocol.udp ? 0 : (tcpNumbers[state] ?? 'protocol');
}

// ---------------------------------------------------------------- in

/** A connection as the engine takes it; where it goes from here is what the engine's own services say. Nothing of it is believed unseen. */
export function sessionOf(connection: SyncConnection): SessionRecord | Refusal {
  const { protocol, flags, client, virtual, destination, sequence, persistence, timeoutSeconds } = connection;
  const affinity = (flags & connectionFlag.template) !== 0;
  if (affinity && protocol === ipProtocol.ip) return 'mark';
  if (persistence !== undefined) return 'persistence-engine';
  const state = affinity ? 'affinity' : stateOf(protocol, connection.state);
  if (state === undefined) return stateCount(protocol) === undefined ? 'protocol' : 'state';
  if (affinity && stateCount(protocol) === undefined) return 'protocol';
  if (sequence !== undefined && [sequence.incoming, sequence.outgoing].some(isShifted)) return 'sequence';
  if (affinity ? connection.clientPort !== 0 : connection.clientPort === 0 || connection.virtualPort === 0)
    return 'port';
  const [from, vip, to] = [client, virtual, destination].map(addressText);
  if (from === undefined || vip === undefined || to === undefined) return 'address';
  const seconds = timeoutSeconds === 0 ? defaultSeconds[state] : timeoutSeconds;
  const endpoint = (address: string, port: number): Endpoint => ({ address, port });
  return {
    client: endpoint(from, connection.clientPort),
    vip: endpoint(vip, connection.virtualPort),
    destination: endpoint(to, connection.destinationPort),
    snat: undefined,
    protocol,
    state,
    affinity,
    gone: false,
    remainingMs: Math.min(LONGEST_MS, seconds * 1000),
    service: undefined,
    hash: 0n,
  };
}

function stateOf(protocol: number, number: number): SessionState | undefined {
  if (number >= (stateCount(protocol) ?? 0)) return undefined;
  if (protocol === ipProtocol.tcp) return tcpStates.get(number);
  return protocol === ipProtocol.udp ? 'udp' : 'other';
}

const isShifted = ({ delta, previousDelta }: { readonly delta: number; readonly previousDelta: number }): boolean =>
  delta !== 0 || previousDelta !== 0;

/** undefined: none of one machine. */
function addressText(bytes: Uint8Array): string | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined;
  const first = bytes[0] ?? 0;
  if (bytes.length === 4) return first === 0 || first >= 224 ? undefined : formatIp4(bytes, 0);
  return first === 0xff || isMapped(bytes) ? undefined : formatIp6(bytes, 0);
}
