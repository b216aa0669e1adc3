import type { VrrpDefaults } from '../config/global-settings.js';
import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import { LvsError } from '../errors.js';
import { addressKey, type KnownLinks } from '../links/known-links.js';
import type { LinkNews } from '../links/link-watch.js';
import type { Link } from '../links/rows.js';
import { RTPROT_KEEPALIVED } from '../links/uapi.js';
import { familyOf, formatAddress } from '../model/address.js';
import { Mailbox } from '../system/mailbox.js';
import { type Holding, holdingsOf, textOf } from '../vrrp/holdings.js';
import type { HeldAddress, Possessions } from '../vrrp/network.js';
import { type OwnNames, ownLinksOf, ownName, ownNameAbove } from '../vrrp/own-links.js';
import type { SharedSysctls } from './shared-sysctls.js';
import type { Entry } from './vrrp-entries.js';
import { type HeldIn, HeldThings } from './vrrp-held.js';
import type { OwnLinks } from './vrrp-own-links.js';
import type { VrrpPacketRules } from './vrrp-packet-rules.js';

export interface PossessionsWorld extends HeldIn {
  readonly own: OwnLinks;
  readonly names: OwnNames;
  readonly sysctls: SharedSysctls;
  readonly rules: VrrpPacketRules;
  readonly lost: (router: string, what: string) => void;
}

type AddressHolding = Holding & { is: 'address' };

/** What one virtual router has in this kernel. */
export class RouterPossessions implements Possessions {
  readonly #world: PossessionsWorld;
  readonly #things: HeldThings;
  readonly #mailbox = new Mailbox();
  #config: { readonly instance: VrrpInstance; readonly defaults: VrrpDefaults };
  /** Interfaces that were made. */
  #made: readonly string[] = [];
  #holding = false;

  constructor(instance: VrrpInstance, defaults: VrrpDefaults, world: PossessionsWorld) {
    this.#config = { instance, defaults };
    this.#world = world;
    this.#things = new HeldThings(instance.name, world, (holding) => world.lost(instance.name, textOf(holding)));
  }

  configure(instance: VrrpInstance, defaults: VrrpDefaults): void {
    this.#config = { instance, defaults };
  }

  prepare(keep: boolean): Promise<void> {
    return this.#mailbox.post(async () => {
      const { instance } = this.#config;
      const { watch } = this.#world;
      watch.catchUp();
      if (instance.interface !== undefined && watch.known.named(instance.interface) === undefined)
        throw new LvsError('LINK_MISSING', [instance.interface]);
      await this.#makeLinks();
      await this.#settleSysctls();
      await this.#settleRules();
      const desired = this.#desired();
      if (keep) await this.#things.adopt(desired);
      else await this.#things.clear(desired, (entry) => this.#isRealAddress(entry));
    });
  }

  hold(): Promise<readonly HeldAddress[]> {
    return this.#mailbox.post(async () => {
      const desired = this.#desired();
      this.#holding = true;
      const refused = await this.#things.hold(desired);
      const addresses = desired.filter((one): one is AddressHolding => one.is === 'address');
      const [first] = addresses;
      if (first !== undefined && addresses.every((one) => refused.has(one))) throw refused.get(first);
      return this.#whereabouts(addresses.filter((one) => !refused.has(one)));
    });
  }

  places(): Promise<readonly HeldAddress[]> {
    return this.#whereabouts(this.#desired().filter((one): one is AddressHolding => one.is === 'address'));
  }

  get isWhole(): boolean {
    return !this.#things.hasRefused;
  }

  release(): Promise<void> {
    return this.#mailbox.post(() => {
      this.#holding = false;
      return this.#things.release();
    });
  }

  areHere(): boolean {
    const { known } = this.#world.watch;
    const addresses = this.#desired().filter((one): one is AddressHolding => one.is === 'address');
    return addresses.length > 0 && addresses.every((one) => isHere(known, one));
  }

  dismantle(): Promise<void> {
    return this.#mailbox.post(async () => {
      const { instance, defaults } = this.#config;
      const { own, names, rules, sysctls } = this.#world;
      this.#holding = false;
      await this.#things.release();
      await rules.wish(instance.name, undefined, defaults.nftables);
      for (const name of this.#made) await own.remove(name);
      this.#made = [];
      names.forget(instance.name);
      await own.letGo(instance.name);
      await sysctls.release(instance.name);
    });
  }

  /** The kernel's network is not what it was. */
  hear(news: LinkNews): void {
    this.#things.check(news);
    if (news.links && this.#holding && this.#things.hasRefused)
      void this.#mailbox.post(() => (this.#holding ? this.#things.retry() : undefined));
  }

  #desired(): readonly Holding[] {
    const { instance, defaults } = this.#config;
    const { names } = this.#world;
    return holdingsOf(instance, {
      base: instance.interface,
      own: ownName(instance, defaults, names),
      ownAbove: (name) => ownNameAbove(instance, defaults, names, name),
    });
  }

  /** Of an owner: the address is the interface's own, and was before any process of ours. */
  #isRealAddress(entry: Entry): boolean {
    if (this.#config.instance.priority !== 255 || entry.is !== 'address' || !this.#world.keepsMakers) return false;
    const { index, prefixLength, attributes } = entry.message;
    const there = this.#world.watch.known.address(
      addressKey(index, formatAddress(attributes.local!), prefixLength, formatAddress(attributes.address!)),
    );
    return there?.protocol !== RTPROT_KEEPALIVED;
  }

  async #makeLinks(): Promise<void> {
    const { instance, defaults } = this.#config;
    const { own, names } = this.#world;
    const wanted = ownLinksOf(instance, defaults, names);
    for (const name of this.#made) if (!wanted.some((one) => one.name === name)) await own.remove(name);
    this.#made = wanted.map(({ name }) => name);
    const linkLocal = instance.source?.startsWith('fe80:') === true ? instance.source : undefined;
    for (const one of wanted) await own.make(one, { router: instance.name, vrf: instance.vrf, linkLocal });
  }

  async #settleSysctls(): Promise<void> {
    const { instance, defaults } = this.#config;
    const { sysctls } = this.#world;
    if (defaults.disableLocalIgmp)
      await sysctls.claim(instance.name, [['net/ipv4/igmp_link_local_mcast_reports', '0']]);
    if (!instance.promoteSecondaries) return;
    const places = new Set(this.#desired().flatMap((one) => (one.is === 'address' ? [one.interface] : [])));
    const others = [...places].filter((name) => !this.#made.includes(name));
    await sysctls.claim(
      instance.name,
      others.map((name) => [`net/ipv4/conf/${name}/promote_secondaries`, '1'] as const),
    );
  }

  async #settleRules(): Promise<void> {
    const { instance, defaults } = this.#config;
    const { rules, names } = this.#world;
    const isRefusing = !instance.accept && instance.priority !== 255;
    const addresses = this.#desired().filter((one): one is AddressHolding => one.is === 'address');
    const refused = isRefusing ? addresses.map((one) => ({ address: one.line.address, interface: one.interface })) : [];
    const virtual = defaults.disableLocalIgmp
      ? []
      : ownLinksOf(instance, defaults, names)
          .filter(({ kind }) => kind === 'macvlan')
          .map(({ name, parent }) => ({ name, parent }));
    await rules.wish(instance.name, { refused, virtual }, defaults.nftables);
  }

  async #whereabouts(addresses: readonly AddressHolding[]): Promise<readonly HeldAddress[]> {
    const { known } = this.#world.watch;
    const links = new Map(addresses.map(({ interface: name }) => [name, known.named(name)]));
    const routers = new Map<string, boolean>();
    const speakers = new Set(
      addresses.filter(({ line }) => familyOf(line.address) === 'ip6').map(({ interface: name }) => name),
    );
    await Promise.all([...speakers].map(async (name) => routers.set(name, await this.#forwards(name))));
    const { instance, defaults } = this.#config;
    const home = ownName(instance, defaults, this.#world.names) ?? instance.interface;
    return addresses.flatMap(({ line, interface: name }): readonly HeldAddress[] => {
      const link = links.get(name);
      if (link === undefined) return [];
      return [
        {
          address: line.address,
          interface: name,
          index: link.index,
          mac: macBytes(link),
          router: routers.get(name) ?? false,
          ...(name === home
            ? {}
            : { elsewhere: this.#made.includes(name) ? ('virtual' as const) : ('other' as const) }),
        },
      ];
    });
  }

  async #forwards(name: string): Promise<boolean> {
    return (await this.#world.sysctls.read(`net/ipv6/conf/${name}/forwarding`)) === '1';
  }
}

const isHere = (known: KnownLinks, { interface: name, line }: AddressHolding): boolean => {
  const link = known.named(name);
  return link !== undefined && known.addresses(link.index).some(({ address }) => address === line.address);
};

/** Empty for what has none. */
export const macBytes = ({ macAddress }: Link): Uint8Array =>
  Uint8Array.from(macAddress === '' ? [] : macAddress.split(':').map((byte) => Number.parseInt(byte, 16)));
