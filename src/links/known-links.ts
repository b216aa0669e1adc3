import type { InterfaceAddress, Link } from './rows.js';
import { type Scope, scopes } from './uapi.js';

/** An address of one interface; the kernel has no two that are the same in this. */
export const addressKey = (index: number, address: string, prefixLength: number, peer: string = address): string =>
  `${index} ${address}/${prefixLength} ${peer}`;

const keyOf = ({ index, address, prefixLength, peer }: InterfaceAddress): string =>
  addressKey(index, address, prefixLength, peer);

/** Interfaces and their addresses as they are after all that was told. Addresses are in the order in which the kernel has them. Pure. */
export class KnownLinks {
  readonly #links = new Map<number, Link>();
  readonly #byName = new Map<string, Link>();
  /** By index of the interface. */
  readonly #addresses = new Map<number, readonly InterfaceAddress[]>();
  readonly #keys = new Map<string, InterfaceAddress>();

  get links(): Iterable<Link> {
    return this.#links.values();
  }

  link(index: number): Link | undefined {
    return this.#links.get(index);
  }

  named(name: string): Link | undefined {
    return this.#byName.get(name);
  }

  addresses(index: number): readonly InterfaceAddress[] {
    return this.#addresses.get(index) ?? [];
  }

  /** By what addressKey says. */
  address(key: string): InterfaceAddress | undefined {
    return this.#keys.get(key);
  }

  /** The interface that has an address. */
  linkWith(address: string): Link | undefined {
    for (const [index, list] of this.#addresses)
      if (list.some((one) => one.address === address)) return this.#links.get(index);
    return undefined;
  }

  /** Everything was asked for anew. */
  reset(links: readonly Link[], addresses: readonly InterfaceAddress[]): void {
    this.#links.clear();
    this.#byName.clear();
    this.#addresses.clear();
    this.#keys.clear();
    for (const link of links) this.setLink(link);
    for (const one of addresses) this.#put(one, [...this.addresses(one.index), one]);
  }

  setLink(link: Link): void {
    const before = this.#links.get(link.index);
    if (before !== undefined && before.name !== link.name) this.#forgetName(before);
    this.#links.set(link.index, link);
    this.#byName.set(link.name, link);
  }

  deleteLink(index: number): void {
    const link = this.#links.get(index);
    if (link !== undefined) this.#forgetName(link);
    this.#links.delete(index);
    for (const one of this.addresses(index)) this.#keys.delete(keyOf(one));
    this.#addresses.delete(index);
  }

  setAddress(one: InterfaceAddress): void {
    const list = this.addresses(one.index);
    const at = list.findIndex((other) => keyOf(other) === keyOf(one));
    if (at >= 0 && list[at]!.secondary === one.secondary) this.#put(one, list.with(at, one));
    else this.#put(one, inserted(at < 0 ? list : list.toSpliced(at, 1), one));
  }

  deleteAddress(one: InterfaceAddress): void {
    const key = keyOf(one);
    this.#keys.delete(key);
    this.#addresses.set(
      one.index,
      this.addresses(one.index).filter((other) => keyOf(other) !== key),
    );
  }

  #put(one: InterfaceAddress, list: readonly InterfaceAddress[]): void {
    this.#keys.set(keyOf(one), one);
    this.#addresses.set(one.index, list);
  }

  /** Unless another one has it by now. */
  #forgetName({ name, index }: Link): void {
    if (this.#byName.get(name)?.index === index) this.#byName.delete(name);
  }
}

const scopeNumber = (scope: Scope | number): number => (typeof scope === 'number' ? scope : scopes[scope]);
const isIp6 = ({ address }: InterfaceAddress): boolean => address.includes(':');

/**
 * Where the kernel puts a new address. IPv4 (__inet_insert_ifa): behind the last primary one of its scope or a wider one, secondaries at the
 * end. IPv6 (ipv6_link_dev_addr): in front of the first one of its scope or a narrower one.
 */
function inserted(list: readonly InterfaceAddress[], one: InterfaceAddress): readonly InterfaceAddress[] {
  const scope = scopeNumber(one.scope);
  if (isIp6(one)) {
    const at = list.findIndex((other) => isIp6(other) && scope <= scopeNumber(other.scope));
    return at < 0 ? [...list, one] : list.toSpliced(at, 0, one);
  }
  const firstIp6 = list.findIndex(isIp6);
  const end = firstIp6 < 0 ? list.length : firstIp6;
  if (one.secondary) return list.toSpliced(end, 0, one);
  const at = list.findLastIndex((other) => !isIp6(other) && !other.secondary && scopeNumber(other.scope) <= scope);
  return list.toSpliced(at + 1, 0, one);
}
