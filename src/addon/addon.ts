/**
 * addon/ — the one typed door to C++. native/binding/addon.cc exports exactly these names.
 * Four kinds of value cross it: numbers, strings, bytes and callbacks; errors are shaped like Node's own.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LvsError } from '../errors.js';

export interface Addon {
  readonly abi: number;
  /** Opens and binds a non-blocking netlink socket of a protocol (NETLINK_GENERIC = 16), in the network namespace at a path, or in ours if ''. */
  readonly NetlinkHandle: new (
    protocol: number,
    namespacePath: string,
  ) => NetlinkHandle;
  /** gethostbyname(3): IPv4 text. Blocks. */
  hostByName(name: string): string | undefined;
  /** gethostbyaddr(3) of 4 or 16 bytes. Blocks. */
  hostByAddress(bytes: Uint8Array): string | undefined;
  /** getservbyname(3); protocol is `tcp`, `udp` or `sctp`. */
  serviceByName(name: string, protocol: string): number | undefined;
  /** getservbyport(3). */
  serviceByPort(port: number, protocol: string): string | undefined;
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

const ABI = 1;
const BUILT = 'native/build/Release/lvsd.node';
let loaded: Addon | undefined;

/** Loads it once. It lies in the package, above whatever file we were compiled or bundled into. */
export function addon(): Addon {
  loaded ??= load(process.env['LVSD_ADDON'] ?? find(dirname(fileURLToPath(import.meta.url))));
  return loaded;
}

function find(directory: string): string {
  const candidate = join(directory, BUILT);
  if (existsSync(candidate)) return candidate;
  const parent = dirname(directory);
  if (parent === directory) throw new LvsError('ADDON_MISSING', []);
  return find(parent);
}

function load(path: string): Addon {
  const module = createRequire(import.meta.url)(path) as Addon;
  if (module.abi !== ABI) throw new LvsError('ADDON_STALE', [path, module.abi, ABI]);
  return module;
}
