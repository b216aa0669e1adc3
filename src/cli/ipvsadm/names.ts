import type { Addon } from '../../addon/addon.js';
import { addressBytes } from '../../model/address.js';

/** The system's names of hosts and ports: IPv4 only forward, both families backward. */
export interface Names {
  /** gethostbyname(3): first IPv4 address as text. */
  hostByName(name: string): string | undefined;
  /** gethostbyaddr(3): canonical name of an address. */
  hostByAddress(address: string): string | undefined;
  /** getservbyname(3). */
  serviceByName(name: string, protocol: string): number | undefined;
  /** getservbyport(3). */
  serviceByPort(port: number, protocol: string): string | undefined;
}

/** libc's answers, asked when needed (the addon is loaded by then: the kernel is opened first). */
export const systemNames = (addon: () => Addon): Names => ({
  hostByName: (name) => addon().hostByName(name),
  hostByAddress: (address) => addon().hostByAddress(addressBytes(address)),
  serviceByName: (name, protocol) => addon().serviceByName(name, protocol),
  serviceByPort: (port, protocol) => addon().serviceByPort(port, protocol),
});

/** Remembers the backward answers: a table names the same few hosts and ports again and again. */
export function remembered(names: Names): Names {
  const hosts = new Map<string, string | undefined>();
  const ports = new Map<string, string | undefined>();
  const once = <V>(memory: Map<string, V>, key: string, ask: () => V): V => {
    if (!memory.has(key)) memory.set(key, ask());
    return memory.get(key) as V;
  };
  return {
    ...names,
    hostByAddress: (address) => once(hosts, address, () => names.hostByAddress(address)),
    serviceByPort: (port, protocol) => once(ports, `${port}/${protocol}`, () => names.serviceByPort(port, protocol)),
  };
}
