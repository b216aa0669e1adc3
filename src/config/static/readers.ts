import { type Family, familyOf, parseAddress, formatAddress } from '../../model/address.js';
import { name, oneOf } from '../values.js';
import type { Reader } from '../terms.js';

/** What single words of ip(8) may be. */
export interface Prefix {
  readonly address: string;
  /** As written; undefined: all bits. */
  readonly length: number | undefined;
  readonly family: Family;
}

const ANY: ReadonlyMap<string, Prefix> = new Map([
  ['default', { address: '0.0.0.0', length: 0, family: 'ip4' }],
  ['any', { address: '0.0.0.0', length: 0, family: 'ip4' }],
  ['all', { address: '0.0.0.0', length: 0, family: 'ip4' }],
  ['default6', { address: '::', length: 0, family: 'ip6' }],
]);

/** `192.0.2.1`, `192.0.2.0/24`, `default`. */
export const prefix: Reader<Prefix> = (text) => {
  const special = ANY.get(text);
  if (special !== undefined) return { value: special };
  const [plain = '', length, ...rest] = text.split('/');
  const bytes = parseAddress(plain);
  if (bytes === undefined || rest.length > 0) return { expected: 'ADDRESS or ADDRESS/LENGTH' };
  const address = formatAddress(bytes);
  const bits = bytes.length * 8;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= bits))
    return { expected: `a prefix length from 0 to ${bits}` };
  return { value: { address, length: length === undefined ? undefined : Number(length), family: familyOf(address) } };
};

export const prefixText = ({ address, length }: Prefix): string =>
  length === undefined
    ? address
    : length === 0 && (address === '0.0.0.0' || address === '::')
      ? 'default'
      : `${address}/${length}`;

const numberedName =
  (most: number, what: string): Reader<string> =>
  (text) => {
    if (/^(\d{1,10}|0x[0-9a-fA-F]{1,8})$/.test(text) && Number(text) <= most) return { value: text };
    return /^[A-Za-z_][\w.-]{0,63}$/.test(text)
      ? { value: text }
      : { expected: `${what} (a name or a number up to ${most})` };
  };

const MOST_U32 = 4_294_967_295;
export const tableName = numberedName(MOST_U32, 'a routing table');
export const scopeName = numberedName(255, 'a scope: site, link, host, nowhere or global');
export const protocolName = numberedName(255, 'a routing protocol');
export const groupName = numberedName(MOST_U32, 'an interface group');

/** `16`, `0x10`. */
export const hexadecimal =
  (most: number): Reader<number> =>
  (text) => {
    const value = /^(0x)?[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text.replace(/^0x/, ''), 16) : Number.NaN;
    return value <= most ? { value } : { expected: `a hexadecimal number up to ${most.toString(16)}` };
  };

/** `3`, `2/3`. */
export const realms: Reader<string> = (text) =>
  /^[\w.-]{1,64}(\/[\w.-]{1,64})?$/.test(text) ? { value: text } : { expected: '[SOURCE/]DESTINATION realm' };

export const onOff: Reader<boolean> = (text) => {
  const read = oneOf('enabled', 'disabled')(text, () => undefined);
  return 'value' in read ? { value: read.value === 'enabled' } : read;
};

export const trackGroupName = name('the name of a track_group');
