import { LvsError, isLvsError } from '../errors.js';
import { addAddress, addVirtualLink, type Change, deleteLink, setLinkUp, withoutLinkLocal } from '../links/changes.js';
import type { Link } from '../links/rows.js';
import { AF_INET, AF_INET6, addressFlag, FOREVER, RTPROT_KEEPALIVED, scopes } from '../links/uapi.js';
import { addressBytes, familyOf } from '../model/address.js';
import { linkLocalOf, type OwnLink, sysctlsBelow, sysctlsOfOwn } from '../vrrp/own-links.js';
import type { SharedSysctls } from './shared-sysctls.js';
import type { HeldIn } from './vrrp-held.js';

/** Holder of what all VMACs need. */
const EVERYBODY = '*';
const FILTER_OF_ALL = 'net/ipv4/conf/all/rp_filter';
const LINK_LOCAL_BITS = 64;

export interface OwnLinkSettings {
  /** Of the instance, for the sysctls below. */
  readonly router: string;
  readonly vrf: string | undefined;
  /** Written as the instance's source; of IPv6. */
  readonly linkLocal: string | undefined;
}

/** Makes and removes interfaces of virtual routers, with the sysctls they need. */
export class OwnLinks {
  readonly #in: HeldIn;
  readonly #sysctls: SharedSysctls;
  /** Whose VMACs there are. */
  readonly #routers = new Set<string>();
  readonly #names = new Set<string>();

  constructor(within: HeldIn, sysctls: SharedSysctls) {
    this.#in = within;
    this.#sysctls = sysctls;
  }

  /** It is there, up, and as it has to be; one that is so already stays. @throws LvsError LINK_MISSING, LINK_EXISTS, LINK_REFUSED, … */
  async make(own: OwnLink, settings: OwnLinkSettings): Promise<void> {
    const { watch } = this.#in;
    const parent = watch.known.named(own.parent);
    if (parent === undefined) throw new LvsError('LINK_MISSING', [own.parent]);
    this.#names.add(own.name);
    let index = await this.#reuse(own, parent);
    if (index === undefined) {
      await this.#change(addVirtualLink(this.#order(own, parent, settings)));
      index = this.#index(own.name);
    }
    await this.#change(withoutLinkLocal(own.name, index)).catch(() => undefined); // a kernel without IPv6
    await this.#sysctls.set(sysctlsOfOwn(own));
    if (own.kind === 'macvlan') await this.#below(own, settings.router);
    await this.#change(setLinkUp(own.name, index, true));
    for (const change of this.#addresses(own, parent, index, settings))
      await this.#change(change).catch((error: unknown) => {
        if (!isLvsError(error, 'LINK_EXISTS')) throw error;
      });
  }

  /** No error if it is not there. */
  async remove(name: string): Promise<void> {
    this.#names.delete(name);
    const link = this.#in.watch.known.named(name);
    if (link === undefined || (link.kind !== 'macvlan' && link.kind !== 'ipvlan')) return;
    await this.#change(deleteLink(name, link.index)).catch((error: unknown) => {
      if (!isLvsError(error, 'LINK_MISSING')) throw error;
    });
  }

  /** Sysctls are what they were. */
  async letGo(router: string): Promise<void> {
    await this.#sysctls.release(router);
    if (this.#routers.delete(router) && this.#routers.size === 0) await this.#sysctls.release(EVERYBODY);
  }

  /** One with that name that differs is made anew if it is one of ours; what is no virtual interface is somebody's. */
  async #reuse({ name, kind, mac }: OwnLink, parent: Link): Promise<number | undefined> {
    const there = this.#in.watch.known.named(name);
    if (there === undefined) return undefined;
    const isSame = there.kind === kind && there.parent === parent.index;
    if (isSame && (mac === undefined || there.macAddress === macText(mac))) return there.index;
    if (there.kind !== 'macvlan' && there.kind !== 'ipvlan') throw new LvsError('LINK_EXISTS', [`add ${kind}`, name]);
    await this.#change(deleteLink(name, there.index));
    return undefined;
  }

  #order({ name, kind, mode, mac, group }: OwnLink, parent: Link, { vrf }: OwnLinkSettings) {
    const { watch, meanings } = this.#in;
    const number = group === undefined ? undefined : meanings().names.number('group', group);
    if (group !== undefined && number === undefined)
      throw new LvsError('LINK_REFUSED', ['add', name, `no group is named ${group} (see /etc/iproute2/group)`]);
    const master = vrf === undefined ? watch.known.link(parent.master ?? 0) : watch.known.named(vrf);
    if (vrf !== undefined && master === undefined) throw new LvsError('LINK_MISSING', [vrf]);
    return {
      name,
      parent: parent.index,
      kind,
      mode,
      ...(mac === undefined ? {} : { mac }),
      ...(number === undefined ? {} : { group: number }),
      ...(master?.kind === 'vrf' ? { master: master.index } : {}),
    };
  }

  /** The greater one of an interface's own rp_filter and that of all counts: what all have is given to each, so that a VMAC can be without. */
  async #below(own: OwnLink, router: string): Promise<void> {
    const isFirst = this.#routers.size === 0;
    this.#routers.add(router);
    if (isFirst) await this.#shareFilter();
    await this.#sysctls.claim(router, sysctlsBelow(own));
  }

  async #shareFilter(): Promise<void> {
    const sysctls = this.#sysctls;
    await sysctls.reclaim(EVERYBODY, (name) => name.endsWith('/rp_filter'));
    const all = (await sysctls.read(FILTER_OF_ALL)) ?? '0';
    if (all === '0') return;
    const others = [...this.#in.watch.known.links].map(({ name }) => name).filter((name) => !this.#names.has(name));
    for (const name of ['default', ...others]) {
      const path = `net/ipv4/conf/${name}/rp_filter`;
      if (Number((await sysctls.read(path)) ?? 0) < Number(all)) await sysctls.claim(EVERYBODY, [[path, all]]);
    }
    await sysctls.claim(EVERYBODY, [[FILTER_OF_ALL, '0']]);
  }

  /** What it has whether or not its router is master. */
  #addresses(own: OwnLink, parent: Link, index: number, { linkLocal }: OwnLinkSettings): readonly Change[] {
    const changes: Change[] = [];
    if (own.speaksIp6) {
      const below = this.#in.watch.known.addresses(parent.index);
      const found = linkLocal ?? below.find(({ address, scope }) => scope === 'link' && address.includes(':'))?.address;
      const bytes = found === undefined ? linkLocalOf(macBytes(parent.macAddress)) : addressBytes(found);
      changes.push(fixedAddress(own.name, index, bytes, LINK_LOCAL_BITS));
    }
    if (own.address !== undefined) {
      const [address = '', length] = own.address.split('/');
      const bits = familyOf(address) === 'ip4' ? 32 : 128;
      changes.push(fixedAddress(own.name, index, addressBytes(address), Number(length ?? bits)));
    }
    return changes;
  }

  #index(name: string): number {
    const link = this.#in.watch.known.named(name);
    if (link === undefined) throw new LvsError('LINK_MISSING', [name]);
    return link.index;
  }

  async #change(change: Change): Promise<void> {
    try {
      await this.#in.links.change(change);
    } finally {
      this.#in.watch.catchUp();
    }
  }
}

/** An IPv6 one is used by who asks for it, and by nobody else. */
function fixedAddress(name: string, index: number, bytes: Uint8Array, prefixLength: number): Change {
  const isIp6 = bytes.length === 16;
  return addAddress(name, {
    family: isIp6 ? AF_INET6 : AF_INET,
    prefixLength,
    flags: isIp6 ? addressFlag.nodad : 0,
    scope: scopes.global,
    index,
    attributes: {
      local: bytes,
      address: bytes,
      ...(isIp6 ? { lifetimes: { preferred: 0, valid: FOREVER } } : {}),
      protocol: RTPROT_KEEPALIVED,
    },
  });
}

const macText = (mac: Uint8Array): string => [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
const macBytes = (text: string): Uint8Array =>
  Uint8Array.from(text.split(':').map((byte) => Number.parseInt(byte, 16)));
