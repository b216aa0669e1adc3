/** What checks need of the world; the daemon passes the real thing, a test what it likes. */
import type { Socket } from 'node:net';
import type { Script } from '../config/configuration.js';
import type { Clock } from '../system/clock.js';
import type { Random } from '../system/random.js';
import type { ScriptEnd } from '../system/run-script.js';
import type { TlsContext } from './tls-context.js';

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

/** Ends what is under way; its callback is not called any more. Does nothing once it has been. */
export type HangUp = () => void;

/** TCP connections. A callback is called once, never before the method has returned. Callers bound the time. */
export interface Dialer {
  /** The handshake and nothing more: the connection is closed at once. undefined: it stood. */
  knock(to: Destination, done: (error: NodeJS.ErrnoException | undefined) => void): HangUp;
  /** A connection that stands. Who gets it destroys it. */
  dial(to: Destination, done: (result: Socket | NodeJS.ErrnoException) => void): HangUp;
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

/** A command without a shell, as whom the rules of script security say. Never rejects; once `signal` is aborted it has `failed` at once. */
export type RunCommand = (command: Script, timeoutMs: number, signal: AbortSignal) => Promise<ScriptEnd>;

export interface ProbePorts {
  readonly clock: Clock;
  /** Wall-clock time, milliseconds since 1970: what the dates in certificates are compared with. */
  readonly wallMs: () => number;
  readonly random: Random;
  readonly dialer: Dialer;
  readonly tlsContext: TlsContext;
  readonly openDatagram: OpenDatagram;
  readonly runCommand: RunCommand;
}
