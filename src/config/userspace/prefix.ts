import { familyOf, formatAddress, parseAddress } from '../../model/address.js';

/** A network: `length` bits of `address`, whose other bits are zero. */
export interface Prefix {
  readonly address: string;
  readonly length: number;
}

export const bitsOf = (address: string): number => (familyOf(address) === 'ip4' ? 32 : 128);

/** `address` with everything behind the first `length` bits cleared. */
export const baseOf = (address: Uint8Array, length: number): string =>
  formatAddress(address.map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - length)))));

/** `90.0.0.0/8`; undefined: neither an address with a length nor one that its family has. The address may have bits behind the length. */
export function splitPrefix(text: string): { readonly bytes: Uint8Array; readonly length: number } | undefined {
  const slash = text.indexOf('/');
  const bytes = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (bytes === undefined || !/^\d{1,3}$/.test(digits) || Number(digits) > 8 * bytes.length) return undefined;
  return { bytes, length: Number(digits) };
}

/** Whether an address, canonical text, lies in a network. */
export function isWithin(address: string, prefix: Prefix): boolean {
  const bytes = parseAddress(address);
  return (
    bytes !== undefined &&
    bytes.length * 8 === bitsOf(prefix.address) &&
    baseOf(bytes, prefix.length) === prefix.address
  );
}

/** One address compared with another of its family, as numbers of any length: below 0, 0, above 0. */
export function compareAddresses(one: string, other: string): number {
  const [a, b] = [parseAddress(one), parseAddress(other)];
  if (a === undefined || b === undefined) return 0;
  return Buffer.compare(a, b);
}

/** The last address of a prefix. */
export function lastOf(base: string, length: number): string {
  const bytes = parseAddress(base) ?? new Uint8Array(0);
  return formatAddress(bytes.map((byte, i) => byte | (0xff >> Math.max(0, Math.min(8, length - 8 * i)))));
}
