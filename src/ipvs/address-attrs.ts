import { type Family, formatIp4, formatIp6 } from '../model/address.js';
import { type Field, Malformed } from '../netlink/attributes.js';

/** union nf_inet_addr: 16 bytes always; IPv4 fills the first four. */
export const inetAddress: Field<Uint8Array> = {
  size: () => 16,
  write: (to, at, value) => to.bytes.set(value, at),
  read(from, at, length) {
    if (length < 16) throw new Malformed(`address of ${length} bytes where 16 are needed`);
    return from.bytes.slice(at, at + 16);
  },
};

export const addressText = (bytes: Uint8Array, family: Family): string =>
  family === 'ip4' ? formatIp4(bytes, 0) : formatIp6(bytes, 0);

/** AF_INET and AF_INET6 are all that IPVS knows. */
export function familyOfNumber(number: number): Family {
  if (number === 2) return 'ip4';
  if (number === 10) return 'ip6';
  throw new Malformed(`address family ${number}`);
}
