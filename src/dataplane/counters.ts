/** What native/engine/counters.h counts: its words in its order (a test compares them), and the answer to a question for counters. */
import { BadFrame, viewOf } from './protocol.js';

/** LVSD_DROP_REASONS: word, and what it means. */
export const dropReasons = [
  ['none', 'not dropped'],
  ['truncated', 'shorter than its headers say'],
  ['bad_ip_header', 'version, header length or total length of the IP header are wrong'],
  ['bad_ip_checksum', 'checksum of the IPv4 header is wrong'],
  ['bad_extension', 'IPv6 extension headers are wrong or too many'],
  ['bad_transport', 'TCP, UDP or SCTP header is cut short'],
  ['bad_icmp_quote', 'ICMP error quotes no packet that can be read'],
  ['bad_address', 'source is multicast, loopback or broadcast'],
  ['ttl_exceeded', 'TTL or hop limit used up; the sender was told where that is allowed'],
  ['no_destination', 'service has no destination that can serve'],
  ['no_route', 'no route to where it goes'],
  ['no_neighbour', 'neighbour did not answer in time'],
  ['neighbour_queue_full', 'too many packets wait for this neighbour'],
  ['too_big', 'does not fit the path; the sender was told'],
  ['fragment_timeout', 'first fragment did not come in time'],
  ['fragment_queue_full', 'too many fragments wait for their first'],
  ['fragment_overlap', 'fragments overlap or repeat'],
  ['no_snat_port', 'no free source port for full NAT'],
  ['session_table_full', 'NAT needs a session and the table is full of established ones'],
  ['no_room', 'no room before or behind the packet for what had to be added'],
  ['icmp_no_session', 'ICMP error about a flow that nobody knows'],
  ['rate_limited', 'ICMP errors of ours are limited'],
  ['port_gone', 'port that it should leave by is gone or down'],
  ['transmit_full', 'transmit ring was full'],
  ['hand_over_full', 'ring to the worker that owns the flow was full'],
  ['loop', 'would come back to the service it was sent from'],
] as const;

/** LVSD_EVENTS: word, and what it means. */
export const engineEvents = [
  ['received', 'frames received'],
  ['received_bytes', 'their bytes'],
  ['forwarded', 'frames sent on'],
  ['forwarded_bytes', 'their bytes'],
  ['passed', "frames that are the kernel's"],
  ['replies', "packets of servers given the VIP's address"],
  ['icmp_errors_forwarded', 'ICMP errors brought to whom they concern'],
  ['icmp_errors_sent', 'ICMP errors of ours'],
  ['echo_answered', 'echo requests to a VIP answered'],
  ['arp_answered', 'ARP requests and neighbour solicitations answered'],
  ['fragments_held', 'fragments that waited for their first'],
  ['fragmented', 'packets cut into fragments'],
  ['neighbour_held', 'packets that waited for a neighbour'],
  ['sessions_created', 'sessions made'],
  ['sessions_expired', 'sessions that ended in time'],
  ['sessions_evicted', 'sessions that never were established, given up for new ones'],
  ['sessions_flushed', 'sessions whose server was removed'],
  ['handed_over', 'packets given to the worker that owns their flow'],
  ['checksums_completed', 'partial checksums of a virtual device completed'],
  ['segmented', 'oversized frames of a virtual device cut to size'],
] as const;

/** Of one service; one of the first four counts for every packet (VPP's words in `show lb vips verbose`). */
export interface ServiceCounters {
  readonly existing: bigint;
  readonly first: bigint;
  readonly untracked: bigint;
  readonly noServer: bigint;
  readonly bytesIn: bigint;
  readonly packetsOut: bigint;
  readonly bytesOut: bigint;
  readonly connections: bigint;
}

/** Of one destination. Active and inactive are how many sessions there are now. */
export interface DestinationCounters {
  readonly packetsIn: bigint;
  readonly bytesIn: bigint;
  readonly packetsOut: bigint;
  readonly bytesOut: bigint;
  readonly connections: bigint;
  readonly active: bigint;
  readonly inactive: bigint;
}

export interface EngineCounters {
  /** By word; all that the engine has, those of a newer one as `reason-26`. */
  readonly dropped: ReadonlyMap<string, bigint>;
  readonly events: ReadonlyMap<string, bigint>;
  readonly liveSessions: bigint;
  readonly sessionCapacity: bigint;
  /** Memory of all sessions. */
  readonly sessionBytes: bigint;
  /** In the order of the services image. */
  readonly services: readonly ServiceCounters[];
  readonly destinations: readonly DestinationCounters[];
}

/** struct CountersHeader: four u32, three u64. */
const HEADER_BYTES = 40;
const ROW_BYTES = 64;

type Words = readonly (readonly [word: string, meaning: string])[];

const named = (words: Words, kind: string, numbers: readonly bigint[]): ReadonlyMap<string, bigint> =>
  new Map(numbers.map((number, i) => [words[i]?.[0] ?? `${kind}-${i}`, number]));

/** An answer to kCounters, or the bytes of SimulatedEngine.counters(). @throws BadFrame */
export function decodeCounters(bytes: Uint8Array): EngineCounters {
  if (bytes.length < HEADER_BYTES) throw new BadFrame(`counters of ${bytes.length} bytes`);
  const view = viewOf(bytes);
  const [reasons, events, services, destinations] = [0, 4, 8, 12].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
    number,
  ];
  const rowsAt = HEADER_BYTES + 8 * (reasons + events);
  const wanted = rowsAt + ROW_BYTES * (services + destinations);
  if (bytes.length !== wanted) throw new BadFrame(`counters of ${bytes.length} bytes where ${wanted} are announced`);
  const numbers = (at: number, count: number): bigint[] =>
    Array.from({ length: count }, (_, i) => view.getBigUint64(at + 8 * i, true));
  return {
    liveSessions: view.getBigUint64(16, true),
    sessionCapacity: view.getBigUint64(24, true),
    sessionBytes: view.getBigUint64(32, true),
    dropped: named(dropReasons, 'reason', numbers(HEADER_BYTES, reasons)),
    events: named(engineEvents, 'event', numbers(HEADER_BYTES + 8 * reasons, events)),
    services: Array.from({ length: services }, (_, i) => serviceRow(view, rowsAt + ROW_BYTES * i)),
    destinations: Array.from({ length: destinations }, (_, i) =>
      destinationRow(view, rowsAt + ROW_BYTES * (services + i)),
    ),
  };
}

const serviceRow = (view: DataView, at: number): ServiceCounters => ({
  existing: view.getBigUint64(at, true),
  first: view.getBigUint64(at + 8, true),
  untracked: view.getBigUint64(at + 16, true),
  noServer: view.getBigUint64(at + 24, true),
  bytesIn: view.getBigUint64(at + 32, true),
  packetsOut: view.getBigUint64(at + 40, true),
  bytesOut: view.getBigUint64(at + 48, true),
  connections: view.getBigUint64(at + 56, true),
});

/** Workers count active and inactive up and down each for itself, so that only the sum is never negative; read in between it may be. */
const atLeastZero = (number: bigint): bigint => (number < 0n ? 0n : number);

const destinationRow = (view: DataView, at: number): DestinationCounters => ({
  packetsIn: view.getBigUint64(at, true),
  bytesIn: view.getBigUint64(at + 8, true),
  packetsOut: view.getBigUint64(at + 16, true),
  bytesOut: view.getBigUint64(at + 24, true),
  connections: view.getBigUint64(at + 32, true),
  active: atLeastZero(view.getBigInt64(at + 40, true)),
  inactive: atLeastZero(view.getBigInt64(at + 48, true)),
});
