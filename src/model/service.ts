import { type Family, familyOf, formatEndpoint } from './address.js';
import type { EngineSettings } from './engine.js';

/**
 * The three that IPVS balances; the kernel also stores others that some tool asked for, kept by number. `any` is a service of our own
 * engine that takes all protocols.
 */
export type Protocol = 'tcp' | 'udp' | 'sctp' | 'any' | `protocol-${number}`;

const protocolNumbers: ReadonlyMap<Protocol, number> = new Map<Protocol, number>([
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
  ['any', 0],
]);

export const protocolNumber = (protocol: Protocol): number =>
  protocolNumbers.get(protocol) ?? Number(protocol.slice('protocol-'.length));

export function protocolName(number: number): Protocol {
  if (number === 6) return 'tcp';
  if (number === 17) return 'udp';
  if (number === 132) return 'sctp';
  return `protocol-${number}`;
}

/** What makes a virtual service the same service: the rest may change under it. Addresses are canonical text. */
export type ServiceKey =
  | {
      readonly by: 'address';
      readonly protocol: Protocol;
      readonly address: string;
      readonly port: number;
      /** A whole prefix whose base `address` is; absent: that one address. Only our own engine has such services. */
      readonly prefixLength?: number;
    }
  | { readonly by: 'fwmark'; readonly family: Family; readonly mark: number };

export const serviceFamily = (key: ServiceKey): Family => (key.by === 'fwmark' ? key.family : familyOf(key.address));

/** `tcp 192.0.2.1:80`, `any 192.0.2.0/24 port 0`, `fwmark 7`, `fwmark 7 ip6`: unique per service, readable in logs, the key of a Table. */
export function serviceName(key: ServiceKey): string {
  if (key.by === 'fwmark') return key.family === 'ip6' ? `fwmark ${key.mark} ip6` : `fwmark ${key.mark}`;
  if (key.prefixLength === undefined) return `${key.protocol} ${formatEndpoint(key.address, key.port)}`;
  return `${key.protocol} ${key.address}/${key.prefixLength} port ${key.port}`;
}

/** What IPVS may be told about a service beside its key (struct ip_vs_service_user_kern of the kernel). */
export interface ServiceSettings {
  /** Kernel name, at most 15 characters; `none` is a service without one; `maglev` is our own engine's. */
  readonly scheduler: string;
  /** Scheduler flags 1 to 3 as bits 1, 2, 4. sh and mh read bit 1 as fallback, bit 2 as port. */
  readonly schedulerFlags: number;
  readonly persistent: boolean;
  /** How long a client keeps its destination; kept by the kernel though `persistent` is false. */
  readonly persistenceSeconds: number;
  /** Which clients count as one: netmask text for IPv4 (`255.255.255.0`), prefix length as text for IPv6 (`64`). */
  readonly persistenceMask: string;
  /** `sip`, or empty for none. */
  readonly persistenceEngine: string;
  /** Each UDP datagram is scheduled anew and leaves no connection. */
  readonly onePacket: boolean;
  /** Forwarded by our own engine, with these settings; absent: by the kernel. */
  readonly engine?: EngineSettings;
}

export const wholeAddressMask = (family: Family): string => (family === 'ip4' ? '255.255.255.255' : '128');

export const defaultServiceSettings = (family: Family): ServiceSettings => ({
  scheduler: 'wlc',
  schedulerFlags: 0,
  persistent: false,
  persistenceSeconds: 0,
  persistenceMask: wholeAddressMask(family),
  persistenceEngine: '',
  onePacket: false,
});

export const schedulerFlag = { fallback: 1, port: 2, third: 4 } as const;
