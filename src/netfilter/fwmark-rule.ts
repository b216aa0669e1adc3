/**
 * netfilter/ — which packets get a firewall mark, and what a DSCP means to a real server of L3DSR: nftables tables of our own that touch
 * nobody else's.
 * rules: fwmark-rule.ts, ruleset.ts, l3dsr.ts, same.ts · owners: fwmark-table.ts and l3dsr-table.ts, over own-table.ts, through nft.ts
 */
import type { FwmarkRule as ConfiguredRule } from '../config/configuration.js';
import { formatAddress, parseAddress } from '../model/address.js';

/**
 * What fwmark_rules of the file say, or anybody else: a packet gets the mark if it fits every part that is given; an absent part is an empty
 * one, which is any. `notFrom` are the Ethernet addresses of other directors, who have balanced their packets already: two directors that
 * are real servers of each other would otherwise throw a packet back and forth.
 */
export type FwmarkRule = Pick<ConfiguredRule, 'name' | 'mark' | 'vips'> & Partial<Omit<ConfiguredRule, 'position'>>;

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** An address (whose length is that of its family) or a prefix with its host bits cleared. */
export interface Prefix {
  readonly family: 'ip4' | 'ip6';
  readonly address: string;
  readonly length: number;
}

/** `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`; undefined: neither. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', lengthText, ...rest] = text.split('/');
  const bytes = parseAddress(address);
  if (bytes === undefined || rest.length > 0) return undefined;
  const bits = bytes.length * 8;
  const length = lengthText === undefined ? bits : /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : bits + 1;
  if (length > bits) return undefined;
  return { family: bits === 32 ? 'ip4' : 'ip6', address: formatAddress(cleared(bytes, length)), length };
}

/** The first `length` bits; the others are zero. */
const cleared = (bytes: Uint8Array, length: number): Uint8Array =>
  bytes.map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - length))));

/** Without repetition, and without what lies in another: nftables refuses sets that overlap. */
export function disjointPrefixes(list: readonly Prefix[]): Prefix[] {
  const kept = new Map<string, Prefix>();
  const lengths = new Set<number>();
  for (const next of [...list].sort((a, b) => a.length - b.length)) {
    const isWithin = (length: number): boolean => kept.has(networkOf(next, length));
    if ([...lengths].some(isWithin)) continue;
    kept.set(networkOf(next, next.length), next);
    lengths.add(next.length);
  }
  return [...kept.values()];
}

/** Where a prefix lies among those that are as short. */
function networkOf({ family, address, length }: Prefix, shorter: number): string {
  const network = shorter === length ? address : (parsePrefix(`${address}/${shorter}`)?.address ?? address);
  return `${family} ${network}/${shorter}`;
}

/** Sorted, and joined where they touch or overlap. */
export function disjointPorts(list: readonly PortRange[]): PortRange[] {
  const joined: PortRange[] = [];
  for (const next of [...list].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && next.from <= last.to + 1)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, next.to) };
    else joined.push(next);
  }
  return joined;
}

/** `02:00:00:00:00:01`, in lower case as nft writes it; undefined: it is none. */
export const canonicalMac = (text: string): string | undefined =>
  /^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/.test(text) ? text.toLowerCase().replaceAll('-', ':') : undefined;
