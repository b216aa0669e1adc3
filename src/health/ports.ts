/** What checks need of the world; the daemon passes the real thing, a test what it likes. */
import type { Socket } from 'node:net';
import type { Clock } from '../system/clock.js';
import type { Random } from '../system/random.js';

/** Where to connect to, and from where. Addresses are canonical text. */
export interface Destination {
  readonly address: string;
  readonly port: number;
  readonly bindAddress?: string;
  readonly bindPort?: number;
  /** SO_BINDTODEVICE. */
  readonly bindInterface?: string;
  /** SO_MARK; 0 = none. */
  readonly mark: number;
}

/** TCP connections. Neither method rejects; both end soon after `signal` is aborted (with the error ABORT_ERR). */
export interface Dialer {
  /** The handshake and nothing more: the connection is closed at once. undefined: it stood. */
  knock(to: Destination, signal: AbortSignal): Promise<NodeJS.ErrnoException | undefined>;
  /** A connection that stands. Who gets it destroys it. */
  dial(to: Destination, signal: AbortSignal): Promise<Socket | NodeJS.ErrnoException>;
}

export interface DatagramOrder {
  /** icmp: the kernel's ping sockets, ICMP or ICMPv6 after the address; they fill in identifier and checksum. */
  readonly kind: 'udp' | 'icmp';
  readonly family: 'ip4' | 'ip6';
  /** Connected: only this peer is heard, and ICMP errors about it are told. Absent: everybody. */
  readonly peer?: { readonly address: string; readonly port: number };
  readonly bindAddress?: string;
  readonly bindPort?: number;
  readonly bindInterface?: string;
  /** SO_MARK; absent or 0: none. */
  readonly mark?: number;
  /** TTL or hop limit of what is sent; absent: the system's. */
  readonly ttl?: number;
}

export interface DatagramEvents {
  /** `bytes` are valid only during the call. `ttl` as the packet had it when it came. */
  message(bytes: Uint8Array, from: { readonly address: string; readonly port: number; readonly ttl: number }): void;
  /** An ICMP error, or that of a system call; the socket stays usable. */
  error(error: NodeJS.ErrnoException): void;
}

export interface DatagramSocket {
  /** To the peer, or to `to` where there is none. @throws errno */
  send(bytes: Uint8Array, to?: { readonly address: string; readonly port: number }): void;
  /** Idempotent; nothing is told after it returns. */
  close(): void;
}

/** @throws errno */
export type OpenDatagram = (order: DatagramOrder, events: DatagramEvents) => DatagramSocket;

/** A command without a shell, as whom the rules of script security say; why it was not run, or its exit status. */
export type RunCommand = (
  command: { readonly argv: readonly string[]; readonly user?: { readonly user: string; readonly group?: string } },
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<{ readonly status: number } | { readonly failed: string }>;

export interface ProbePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer: Dialer;
  readonly openDatagram: OpenDatagram;
  readonly runCommand: RunCommand;
}
