import type { ServiceKey } from '../../model/service.js';
import { type Names, remembered } from './names.js';

/** How wide a name with its port may be: a buffer of 60 bytes in the original, whose last one ends the text. */
const WIDEST = 59;

/** `host:port` or `[host]:port`, in numbers or by name, never wider than WIDEST: a name may push its port out. */
export type EndpointText = (address: string, port: number, protocol: string | undefined) => string;

const bracketed = (host: string, six: boolean): string => (six ? `[${host}]` : host);

/** Where the protocol is undefined (fwmark services) or has no such name the port stays a number. */
export function endpointText(numeric: boolean, names: Names): EndpointText {
  if (numeric) return (address, port) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  const known = remembered(names);
  return (address, port, protocol) => {
    const host = bracketed(known.hostByAddress(address) ?? address, address.includes(':'));
    const service = (protocol === undefined ? undefined : known.serviceByPort(port, protocol)) ?? port;
    return `${host}:${service}`.slice(0, WIDEST);
  };
}

/** IPv4 columns are also cut at their width; IPv6 ones push the rest aside. */
export const cut = (text: string, address: string, width: number): string =>
  text.length > width && !address.includes(':') ? text.slice(0, width) : text;

/** A mark is shown as signed number, so one above 2147483647 is negative. */
export const markText = (mark: number): string => String(mark | 0);

/** The protocol whose names the ports of a service's servers have. */
export const portProtocol = (key: ServiceKey): string | undefined => (key.by === 'fwmark' ? undefined : key.protocol);
