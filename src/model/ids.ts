import { canonicalAddress, familyOf } from './address.js';
import type { DestinationKey } from './destination.js';
import { protocolName, protocolNumber, type Protocol, type ServiceKey } from './service.js';

/**
 * Services and destinations as one segment of an URL, without a character that would have to be escaped: `tcp-192.0.2.1-80`,
 * `udp-2001:db8::1-53`, `any-192.0.2.0_24-0` for a prefix, `fwmark-7-ip4`; `10.0.0.1-8080`. Each has one way to be written.
 */
export const serviceId = (key: ServiceKey): string =>
  key.by === 'fwmark'
    ? `fwmark-${key.mark}-${key.family}`
    : `${key.protocol}-${key.address}${key.prefixLength === undefined ? '' : `_${key.prefixLength}`}-${key.port}`;

export const destinationId = ({ address, port }: DestinationKey): string => `${address}-${port}`;

const MARK = /^fwmark-(\d{1,10})-(ip4|ip6)$/;
const SERVICE = /^(tcp|udp|sctp|any|protocol-\d{1,3})-([\da-f.:]+)(?:_(\d{1,3}))?-(\d{1,5})$/;
const MOST_MARK = 0xffff_ffff;
const MOST_PORT = 0xffff;
const MOST_PROTOCOL = 0xff;

/** undefined: nothing can have this id. */
export function parseServiceId(id: string): ServiceKey | undefined {
  const key = markOf(id) ?? addressedOf(id);
  return key !== undefined && serviceId(key) === id ? key : undefined;
}

function markOf(id: string): ServiceKey | undefined {
  const [, mark, family] = MARK.exec(id) ?? [];
  if (mark === undefined || Number(mark) > MOST_MARK) return undefined;
  return { by: 'fwmark', family: family === 'ip6' ? 'ip6' : 'ip4', mark: Number(mark) };
}

function addressedOf(id: string): ServiceKey | undefined {
  const [, protocol, text = '', length, port] = SERVICE.exec(id) ?? [];
  const address = canonicalAddress(text);
  if (address === undefined || !isProtocol(protocol) || Number(port) > MOST_PORT) return undefined;
  const key = { by: 'address', protocol, address, port: Number(port) } as const;
  if (length === undefined) return key;
  return Number(length) <= (familyOf(address) === 'ip4' ? 32 : 128)
    ? { ...key, prefixLength: Number(length) }
    : undefined;
}

/** A number that has a name is written by its name. */
function isProtocol(word: string | undefined): word is Protocol {
  if (word === undefined || !word.startsWith('protocol-')) return word !== undefined;
  const number = protocolNumber(word as Protocol);
  return number <= MOST_PROTOCOL && protocolName(number) === word;
}
