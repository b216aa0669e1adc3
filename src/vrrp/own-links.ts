/** The interfaces of its own that a virtual router has: VMACs and ipvlans, and what they need of the interface below. Pure. */
import type { VrrpDefaults } from '../config/global-settings.js';
import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import { familyOf } from '../model/address.js';

export interface OwnLink {
  readonly name: string;
  readonly kind: 'macvlan' | 'ipvlan';
  readonly mode: 'private' | 'bridge' | 'vepa';
  /** Six bytes; of a macvlan. */
  readonly mac: Uint8Array | undefined;
  /** The interface below. */
  readonly parent: string;
  /** Adverts leave here, so that it needs a link-local address; of IPv6. */
  readonly speaksIp6: boolean;
  /** Some address here is IPv6; else it is switched off. */
  readonly hasIp6: boolean;
  /** One of its own, besides those of a master: `192.0.2.9/24`. */
  readonly address: string | undefined;
  readonly group: string | undefined;
}

/** Finds a name that nobody else has: the same for the same key. */
export class OwnNames {
  readonly #names = new Map<string, string>();

  /** `first`, or the first of `others(1)`, `others(2)`, … that is free. */
  of(key: string, first: string, others: (n: number) => string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const taken = new Set(this.#names.values());
    let name = first;
    for (let n = 1; taken.has(name); n++) name = others(n);
    this.#names.set(key, name);
    return name;
  }

  /** All of one router. */
  forget(router: string): void {
    for (const key of this.#names.keys()) if (key === router || key.startsWith(`${router}\n`)) this.#names.delete(key);
  }
}

/** RFC 3768, 7.3 and RFC 9568, 7.3. */
const virtualMac = ({ family, vrid }: VrrpInstance): Uint8Array =>
  Uint8Array.of(0x00, 0x00, 0x5e, 0x00, family === 'ip6' ? 0x02 : 0x01, vrid);

const macBytes = (text: string): Uint8Array =>
  Uint8Array.from(text.split(':').map((byte) => Number.parseInt(byte, 16)));

/** `vrrp.51`, of IPv6 `vrrp6.51`; where another has that name, `vrrp1.51`. */
const nameOf = (names: OwnNames, key: string, prefix: string, { family, vrid }: VrrpInstance): string =>
  names.of(key, `${prefix}${family === 'ip6' ? '6' : ''}.${vrid}`, (n) => `${prefix}${n < 6 ? n : n + 1}.${vrid}`);

/** Its own one, where its addresses are by default; undefined: it has none. */
export function ownName(instance: VrrpInstance, defaults: VrrpDefaults, names: OwnNames): string | undefined {
  const { virtualInterface, name } = instance;
  if (virtualInterface === undefined || instance.interface === undefined) return undefined;
  if (virtualInterface.name !== undefined) return names.of(name, virtualInterface.name, () => virtualInterface.name!);
  return nameOf(names, name, defaults.vmacPrefix, instance);
}

/** The VMAC for addresses on another interface; undefined: they are put on that interface itself. */
export function ownNameAbove(
  instance: VrrpInstance,
  defaults: VrrpDefaults,
  names: OwnNames,
  parent: string,
): string | undefined {
  const { addresses, excluded, virtualInterface, name } = instance;
  if (parent === instance.interface) return undefined;
  const asked = [...addresses, ...excluded].some((line) => line.interface === parent && line.ownVmac);
  if (!asked && virtualInterface?.forAddresses !== true) return undefined;
  return nameOf(names, `${name}\n${parent}`, defaults.vmacAddressPrefix, instance);
}

/** All of them, its own one first. */
export function ownLinksOf(instance: VrrpInstance, defaults: VrrpDefaults, names: OwnNames): readonly OwnLink[] {
  const { virtualInterface, family } = instance;
  const lines = [...instance.addresses, ...instance.excluded];
  const hasIp6 = (isHere: (name: string | undefined) => boolean): boolean =>
    lines.some((line) => familyOf(line.address) === 'ip6' && isHere(line.interface));
  const mac = virtualInterface?.mac === undefined ? virtualMac(instance) : macBytes(virtualInterface.mac);
  const links: OwnLink[] = [];
  const name = ownName(instance, defaults, names);
  if (virtualInterface !== undefined && name !== undefined) {
    const { kind, mode = 'private', address, group, sendFromBase } = virtualInterface;
    links.push({
      name,
      kind,
      mode: kind === 'ipvlan' ? (virtualInterface.mode ?? 'bridge') : mode,
      mac: kind === 'macvlan' ? mac : undefined,
      parent: instance.interface!,
      speaksIp6: family === 'ip6' && !sendFromBase,
      hasIp6: family === 'ip6' || hasIp6((said) => said === undefined || said === instance.interface),
      address,
      group,
    });
  }
  for (const parent of new Set(lines.flatMap((line) => line.interface ?? []))) {
    const above = ownNameAbove(instance, defaults, names, parent);
    if (above === undefined) continue;
    links.push({
      name: above,
      kind: 'macvlan',
      mode: 'private',
      mac,
      parent,
      speaksIp6: false,
      hasIp6: hasIp6((said) => said === parent),
      address: undefined,
      group: virtualInterface?.group,
    });
  }
  return links;
}

/** Sysctls, by their path below net/. */
export type Sysctls = readonly (readonly [name: string, value: string])[];

/** Of the interface itself, before it is up: it answers for its own addresses only, also to this machine, and asks no router. */
export const sysctlsOfOwn = ({ name, hasIp6 }: OwnLink): Sysctls => [
  [`net/ipv4/conf/${name}/arp_ignore`, '1'],
  [`net/ipv4/conf/${name}/accept_local`, '1'],
  [`net/ipv4/conf/${name}/rp_filter`, '0'],
  [`net/ipv4/conf/${name}/promote_secondaries`, '1'],
  ...(hasIp6
    ? ([[`net/ipv6/conf/${name}/accept_ra`, '0']] as const)
    : ([[`net/ipv6/conf/${name}/disable_ipv6`, '1']] as const)),
];

/**
 * Of the interface below: it does not answer with its own MAC for what is above it. Nor does it ask in the name of a virtual address when an
 * answer leaves by it (arp_announce; keepalived leaves that as it is): whoever is asked would note the wrong MAC.
 */
export const sysctlsBelow = ({ parent, kind }: OwnLink): Sysctls =>
  kind === 'ipvlan'
    ? []
    : [
        [`net/ipv4/conf/${parent}/arp_ignore`, '1'],
        [`net/ipv4/conf/${parent}/arp_filter`, '1'],
        [`net/ipv4/conf/${parent}/arp_announce`, '2'],
      ];

/** RFC 4291, appendix A: the link-local address that a MAC address makes. */
export function linkLocalOf(mac: Uint8Array): Uint8Array {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac;
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 0x02, b, c, 0xff, 0xfe, d, e, f);
}
