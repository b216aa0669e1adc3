import { release } from 'node:os';
import { openNetlink } from '../addon/netlink.js';
import type { VrrpDefaults } from '../config/global-settings.js';
import type { LinkDelay } from '../config/static/statics.js';
import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import { type LinkNews, LinkWatch, watchGroups } from '../links/link-watch.js';
import { Links } from '../links/links.js';
import type { InterfaceAddress, Link } from '../links/rows.js';
import { NETLINK_ROUTE } from '../links/uapi.js';
import { type Nft, systemNft } from '../netfilter/nft.js';
import { Exchange } from '../netlink/exchange.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import type { StateFile } from '../system/state-file.js';
import { systemSysctl } from '../system/sysctl.js';
import type { AddressView, LinkView, Network, Possessions } from '../vrrp/network.js';
import { OwnNames, ownName } from '../vrrp/own-links.js';
import { iprouteNames } from './iproute-names.js';
import { LinkDelays } from './link-delays.js';
import { SharedSysctls } from './shared-sysctls.js';
import type { HeldIn } from './vrrp-held.js';
import { OwnLinks } from './vrrp-own-links.js';
import { VrrpPacketRules } from './vrrp-packet-rules.js';
import { macBytes, type PossessionsWorld, RouterPossessions } from './vrrp-possessions.js';

export interface VrrpNetworkOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Remembers what sysctls were, for the process after a crash. */
  readonly memory?: StateFile;
  readonly nft?: Nft;
}

interface Events {
  changed(): void;
  lost(router: string, what: string): void;
}

/** The network of the namespace we are in, known when it resolves. @throws LvsError NETLINK_SOCKET, LINK_REFUSED */
export async function openVrrpNetwork(options: VrrpNetworkOptions): Promise<VrrpNetwork> {
  const network = new VrrpNetwork(options);
  await network.open();
  return network;
}

/** Owner of the two sockets: one that asks and changes, one that hears. */
export class VrrpNetwork implements Network {
  readonly #links: Links;
  readonly #watch: LinkWatch;
  readonly #delays: LinkDelays;
  readonly #names = new OwnNames();
  readonly #world: PossessionsWorld;
  readonly #possessions = new Map<string, RouterPossessions>();
  readonly #listeners = new Set<(news: LinkNews) => void>();
  readonly #followers: Events[] = [];
  #meanings: ReturnType<HeldIn['meanings']> | undefined;

  constructor({ log, clock, memory, nft = systemNft() }: VrrpNetworkOptions) {
    this.#links = new Links(new Exchange(openNetlink(NETLINK_ROUTE), clock));
    this.#watch = new LinkWatch(this.#links, openNetlink(NETLINK_ROUTE, { groups: watchGroups }), (news) =>
      this.#hear(news),
    );
    this.#delays = new LinkDelays(clock, () => this.#changed());
    const within: HeldIn = {
      links: this.#links,
      watch: this.#watch,
      meanings: () => this.#meaningsNow(),
      keepsMakers: isAtLeast(release(), 5, 18),
      log,
    };
    const sysctls = new SharedSysctls(systemSysctl(), log, memory);
    this.#world = {
      ...within,
      own: new OwnLinks(within, sysctls),
      names: this.#names,
      sysctls,
      rules: new VrrpPacketRules(nft, log),
      lost: (router, what) => this.#lost(router, what),
    };
  }

  /** For those beside the virtual routers who hold something in this kernel. */
  get within(): HeldIn {
    return this.#world;
  }

  open(): Promise<void> {
    return this.#watch.open();
  }

  link(name: string): LinkView | undefined {
    const link = this.#watch.known.named(name);
    return link && this.#view(link);
  }

  linkWith(address: string): LinkView | undefined {
    const link = this.#watch.known.linkWith(address);
    return link && this.#view(link);
  }

  follow(events: Events): void {
    this.#followers.push(events);
  }

  /** Hears what the kernel says, after everybody who holds something. */
  listen(listener: (news: LinkNews) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** interface_up_down_delays. */
  delay(delays: readonly LinkDelay[]): void {
    this.#delays.follow(delays);
    this.#changed();
  }

  /** The file's names are read again with each configuration. */
  possessionsOf(instance: VrrpInstance, defaults: VrrpDefaults): Possessions {
    this.#meanings = undefined;
    const known = this.#possessions.get(instance.name);
    if (known !== undefined) {
      known.configure(instance, defaults);
      return known;
    }
    const made = new RouterPossessions(instance, defaults, this.#world);
    this.#possessions.set(instance.name, made);
    return made;
  }

  interfacesOf(
    instance: VrrpInstance,
    defaults: VrrpDefaults,
  ): { readonly base: string | undefined; readonly own: string | undefined } {
    return { base: instance.interface, own: ownName(instance, defaults, this.#names) };
  }

  close(): Promise<void> {
    this.#delays.close();
    this.#watch.close();
    this.#links.close();
    return Promise.resolve();
  }

  #hear(news: LinkNews): void {
    if (news.links) this.#changed();
    for (const possessions of this.#possessions.values()) possessions.hear(news);
    for (const listener of this.#listeners) listener(news);
  }

  #changed(): void {
    for (const follower of this.#followers) follower.changed();
  }

  #lost(router: string, what: string): void {
    for (const follower of this.#followers) follower.lost(router, what);
  }

  #meaningsNow(): ReturnType<HeldIn['meanings']> {
    const { known } = this.#watch;
    this.#meanings ??= {
      indexOf: (name) => known.named(name)?.index,
      vrfTableOf: (name) => known.named(name)?.vrfTable,
      names: iprouteNames(),
    };
    return this.#meanings;
  }

  #view(link: Link): LinkView {
    return {
      name: link.name,
      index: link.index,
      running: this.#delays.running(link.name, this.#isRunning(link)),
      mac: macBytes(link),
      mtu: link.mtu,
      addresses: this.#watch.known.addresses(link.index).map(addressView),
    };
  }

  /** What is below a veth is its other end. */
  #isRunning(link: Link, depth = 0): boolean {
    if (!link.up || !link.running) return false;
    const below = link.parent === undefined || link.kind === 'veth' ? undefined : this.#watch.known.link(link.parent);
    return below === undefined || depth > MOST_LAYERS || this.#isRunning(below, depth + 1);
  }
}

const MOST_LAYERS = 8;

const addressView = ({ address, prefixLength, scope, tentative, dadFailed }: InterfaceAddress): AddressView => ({
  address,
  prefixLength,
  scope: typeof scope === 'number' ? 'global' : scope,
  usable: !tentative && !dadFailed,
});

/** `5.18.0-1-amd64`. */
function isAtLeast(text: string, major: number, minor: number): boolean {
  const [one = 0, two = 0] = text.split('.').map((part) => Number.parseInt(part, 10));
  return one > major || (one === major && two >= minor);
}
