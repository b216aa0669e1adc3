import { formatEndpoint } from '../model/address.js';
import { parseServiceId } from '../model/ids.js';
import { serviceName } from '../model/service.js';

/** `tcp-192.0.2.1-80` as status has it: `tcp 192.0.2.1:80`. */
export function serviceText(id: string): string {
  const key = parseServiceId(id);
  return key === undefined ? id : serviceName(key);
}

/** `10.0.0.1-8080` → `10.0.0.1:8080` */
export function destinationText(id: string): string {
  const [, address, port] = /^(.+)-(\d{1,5})$/.exec(id) ?? [];
  return address === undefined ? id : formatEndpoint(address, Number(port));
}
