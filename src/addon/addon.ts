/**
 * addon/ — the one typed door to C++. native/binding/addon.cc exports exactly these names.
 * Four kinds of value cross it: numbers, strings, bytes and callbacks; errors are shaped like Node's own.
 */
import { createRequire } from 'node:module';
import { LvsError } from '../errors.js';
import { builtFile } from '../system/built.js';

export interface Addon {
  readonly abi: number;
  /** Opens and binds a non-blocking netlink socket of a protocol (NETLINK_GENERIC = 16), in the network namespace at a path, or in ours if ''. */
  readonly NetlinkHandle: new (
    protocol: number,
    namespacePath: string,
  ) => NetlinkHandle;
  /** TCP connections in progress. Throws { code, errno, syscall }. */
  readonly ConnectorHandle: new () => ConnectorHandle;
  /** A non-blocking socket for UDP datagrams, ICMP echo, or what neighbours say of whose an address is. Throws { code, errno, syscall }, as all its methods. */
  readonly DatagramHandle: new (
    kind: 'udp' | 'icmp' | 'neighbours',
    family: 'ip4' | 'ip6',
  ) => DatagramHandle;
  /** Adverts in and out by a thread of its own: advert-port.ts says what its methods do. Throws { code, errno, syscall }, as all its methods. */
  readonly AdvertHandle: new (
    realtimePriority: number,
    lockMemory: boolean,
  ) => AdvertHandle;
  /** One worker of the userspace engine without a device: dataplane/engine.ts says what its methods do. */
  readonly EngineHandle: new (
    sessions: number,
    secretLow: bigint,
    secretHigh: bigint,
  ) => EngineHandle;
  /** gethostbyname(3): IPv4 text. Blocks. */
  hostByName(name: string): string | undefined;
  /** gethostbyaddr(3) of 4 or 16 bytes. Blocks. */
  hostByAddress(bytes: Uint8Array): string | undefined;
  /** getservbyname(3); protocol is `tcp`, `udp` or `sctp`. */
  serviceByName(name: string, protocol: string): number | undefined;
  /** getservbyport(3). */
  serviceByPort(port: number, protocol: string): string | undefined;
  /** One datagram to a Unix socket; a path that begins with '@' is an abstract name. Never waits (EAGAIN). Throws { code, errno, syscall }. */
  sendUnixDatagram(path: string, bytes: Uint8Array): void;
  /** Who connected to a Unix socket, as the kernel knew him when he did; by the descriptor. Throws { code, errno, syscall }. */
  peerCredentials(descriptor: number): PeerCredentials;
}

export interface PeerCredentials {
  /** 0: of another pid namespace. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones. */
  readonly groups: readonly number[];
}

export interface NetlinkHandle {
  /** Throws { code, errno, syscall }. */
  send(datagram: Uint8Array): void;
  /** Copies waiting datagrams into `into` from `at` on (each at a multiple of four), as many as fit; says where each ends. undefined: none is waiting. */
  receive(into: Uint8Array, at: number): readonly number[] | undefined;
  setOption(level: number, option: number, value: number): void;
  /** Calls back when there is something to receive, and keeps the process alive meanwhile. */
  watch(onReadable: () => void): void;
  /** Idempotent; no callback runs after it returns. */
  close(): void;
  readonly portId: number;
  /** Datagrams that were not from the kernel or were cut short. */
  readonly dropped: number;
}

export interface ConnectorHandle {
  /**
   * Begins a handshake and says its slot, a small number that is used again once `collect` has told it or `cancel` has ended it.
   * `keep`: the connection is handed over, else it is closed as soon as it stands. '' and 0 stand for "nothing said".
   * Throws { code, errno, syscall } what socket(2), setsockopt(2), bind(2) or connect(2) refuses at once.
   */
  start(
    keep: boolean,
    address: string,
    port: number,
    bindAddress: string,
    bindPort: number,
    bindInterface: string,
    mark: number,
  ): number;
  cancel(slot: number): void;
  /** Writes slot, errno (0: it stands) and descriptor (-1: none) of each connection decided; says how many. Room for 256 is needed. */
  collect(into: Int32Array): number;
  /** Calls back when there is something to collect. Keeps the process alive while a connection is in progress. */
  watch(onDecided: () => void): void;
  /** Idempotent; closes what is in progress, and no callback runs after it returns. */
  close(): void;
}

export interface DatagramHandle {
  setOption(level: number, option: number, value: number): void;
  bindToDevice(name: string): void;
  /** Hears what is sent to the multicast group on that interface. */
  join(group: string, interfaceName: string): void;
  /** Address '' is any, port 0 one that the kernel chooses. */
  bind(address: string, port: number): void;
  connect(address: string, port: number): void;
  /** Address '' goes to the peer. */
  send(bytes: Uint8Array, address: string, port: number): void;
  /** Copies one datagram and says how long it is, or -1: none is waiting. ICMP errors of a connected socket are thrown. */
  receive(into: Uint8Array): number;
  /** Calls back when there is something to receive or an error to hear of, and keeps the process alive meanwhile. */
  watch(onReadable: () => void): void;
  /** Idempotent; no callback runs after it returns. */
  close(): void;
  /** Of the last datagram received; -1: unknown. */
  readonly ttl: number;
  readonly senderAddress: string;
  readonly senderPort: number;
  readonly localPort: number;
  /** A raw socket stands in for a ping socket that the kernel refused. */
  readonly isRaw: boolean;
}

/** The native half of AdvertPort. Moments are milliseconds of CLOCK_MONOTONIC; frames lie one behind the other in `bytes`, `ends` says where each ends. */
export interface AdvertHandle {
  /** Says the channel's number. '' stands for "no device in particular". */
  openChannel(
    isIp6: boolean,
    protocol: number,
    receiveDevice: string,
    sendDevice: string,
    source: string,
    isMulticast: boolean,
    to: readonly string[],
    ttl: number,
    receiveBufferBytes: number,
    vrid: number,
  ): number;
  closeChannel(channel: number): void;
  /** `framesPerMessage` is 1 or the number of destinations. EINVAL: there is nothing in it, or moments are less than a millisecond apart. */
  plan(
    channel: number,
    bytes: Uint8Array,
    ends: Uint32Array,
    framesPerMessage: number,
    firstAtMs: number,
    everyMs: number,
    repeats: boolean,
    /** -1: it is sent however late it is. */
    mostLateMs: number,
  ): void;
  silence(channel: number): void;
  /** One frame, or one for each destination. Says errno, 0: all are sent. */
  sendNow(channel: number, bytes: Uint8Array, ends: Uint32Array): number;
  expect(
    channel: number,
    payload: Uint8Array,
    source: string,
    leastTtl: number,
    sinceMs: number,
    patienceMs: number,
    leewayMs: number,
  ): void;
  expectNothing(channel: number): void;
  /** Expected packets since the channel was opened, and when the last of what is expected now came; -1: none. */
  noted(channel: number): Float64Array;
  /** Writes whole records (heard-records.ts) and says how many bytes; sockets are read only up to `untilMs`. */
  take(into: Uint8Array, untilMs: number): number;
  /** Says errno, 0: sent. */
  sendFrame(interfaceIndex: number, frame: Uint8Array): number;
  /** By plan: sent, refused, errno of the last refusal, moments passed over, since when it is silent for its lateness (-1: it is not). */
  sent(channel: number): Float64Array;
  /** Count, median, p99, p99.9 and most, in microseconds; without a channel, of all there were. */
  lateness(channel?: number): Float64Array;
  /** Of unknown VRIDs, unreadable, lost. */
  strangers(): Float64Array;
  /** Whether it is realtime (1), else the errno of who refused; the same for locked memory. */
  thread(): Float64Array;
  nowMs(): number;
  /** Milliseconds since 1970 of a moment. */
  wallMs(atMs: number): number;
  /** `onTime` is called then, and the process lives until then; -1: it is not. */
  arm(atMs: number): void;
  /** `onHeard`: there is something to take. Keeps the process alive while there is a channel. */
  watch(onHeard: () => void, onTime: () => void): void;
  /** Idempotent; no callback runs after it returns, and the thread has ended. */
  close(): void;
}

/** The native half of SimulatedEngine. Refusals are thrown as { code: 'ENGINE_REFUSED', array, index, why }. */
export interface EngineHandle {
  publishNetwork(image: Uint8Array): void;
  publishServices(image: Uint8Array): void;
  /** What goes out: verdict (0 forward, 1 pass), port, bytes of the frame, as many triples as frames; the frames lie one after the other in `frames`. */
  receive(
    port: number,
    frames: readonly Uint8Array[],
    nowMs: number,
  ): { readonly heads: Uint32Array; readonly frames: Uint8Array };
  tick(nowMs: number): { readonly heads: Uint32Array; readonly frames: Uint8Array };
  explain(port: number, frame: Uint8Array, nowMs: number): string;
  counters(): BigUint64Array;
  wanted(): Uint8Array;
  sessions(nowMs: number): Uint8Array;
  flush(service: number, destination: number): number;
  close(): void;
}

const ABI = 7;
let loaded: Addon | undefined;

/** Loads it once. */
export function addon(): Addon {
  loaded ??= load(process.env['LVSD_ADDON'] ?? builtFile('lvsd.node'));
  return loaded;
}

function load(path: string): Addon {
  const module = createRequire(import.meta.url)(path) as Addon;
  if (module.abi !== ABI) throw new LvsError('ADDON_STALE', [path, module.abi, ABI]);
  return module;
}
