import { addressBytes, familyOf } from '../model/address.js';
import type { Facts, Held } from './facts.js';

export const sysctl = ({ sysctls }: Facts, name: string): string | undefined => sysctls.get(name);
export const setting = ({ sysctls }: Facts, name: string): number | undefined => {
  const value = sysctls.get(name);
  return value === undefined || !/^-?\d+$/.test(value) ? undefined : Number(value);
};

/**
 * What is in force on an interface of IPv4: the kernel takes the greater of `all` and the interface's own for these
 * (include/linux/inetdevice.h, IN_DEV_MAXCONF). undefined: not known.
 */
export function effective(
  facts: Facts,
  link: string,
  word: 'rp_filter' | 'arp_ignore' | 'arp_announce' | 'accept_local',
): number | undefined {
  const [all, own] = ['all', link].map((place) => setting(facts, `net/ipv4/conf/${place}/${word}`));
  return all === undefined || own === undefined ? undefined : Math.max(all, own);
}

/** An interface's name may have dots, which sysctl(8) takes for slashes unless the separators are swapped, too. */
export const setSysctl = (name: string, value: number | string): string => `sysctl -w ${name}=${value}`;

/** Links that a network is behind: up, and neither loopback nor a tunnel. */
export const outside = ({ links }: Facts): readonly string[] =>
  [...links].filter(([, { isUp, type }]) => isUp && type === 'ether').map(([name]) => name);

/** Where an address is without a router between. */
export const neighbourLink = ({ addresses }: Facts, address: string): string | undefined =>
  addresses.find((held) => covers(held, address))?.link;

function covers({ address, prefixLength }: Held, other: string): boolean {
  if (familyOf(address) !== familyOf(other)) return false;
  const [one, two] = [addressBytes(address), addressBytes(other)];
  for (let bit = 0; bit < prefixLength; bit++) {
    const mask = 0x80 >> (bit % 8);
    if ((one[bit >> 3]! & mask) !== (two[bit >> 3]! & mask)) return false;
  }
  return true;
}

export const isLoopback = ({ links }: Facts, name: string): boolean => links.get(name)?.type === 'loopback';
