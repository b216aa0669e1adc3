import { Malformed } from '../netlink/attributes.js';
import { memory } from '../netlink/bytes.js';
import type { DatagramSocket } from '../netlink/exchange.js';
import { MAX_DATAGRAM } from '../netlink/inbox.js';
import { type Message, splitMessages } from '../netlink/message.js';
import { readAddress } from './address-attrs.js';
import { KnownLinks } from './known-links.js';
import { readLink } from './link-attrs.js';
import type { Links } from './links.js';
import { type RouteMessage, readRoute } from './route-attrs.js';
import { addressOf, linkOf } from './rows.js';
import { AF_INET, AF_INET6, AF_UNSPEC, command, routeGroup, ruleGroup } from './uapi.js';

/** The groups that the watching socket must be a member of. */
export const watchGroups: readonly number[] = [
  routeGroup.link,
  routeGroup.ip4Address,
  routeGroup.ip6Address,
  routeGroup.ip4Route,
  routeGroup.ip6Route,
  ruleGroup.ip4,
  ruleGroup.ip6,
];

/** What a batch of news was about. */
export interface LinkNews {
  /** Interfaces or addresses are not what they were. */
  readonly links: boolean;
  /** Addresses went, or interfaces. */
  readonly addressesGone: boolean;
  /** Routes that were told to be gone. */
  readonly routesGone: readonly RouteMessage[];
  /** Rules went, perhaps. */
  readonly rulesGone: boolean;
  /** Routes went, perhaps, that nobody told: with an interface that is down, or an address. Or news were lost. */
  readonly routesInDoubt: boolean;
}

/** AF_BRIDGE tells of ports of bridges, and not of interfaces. */
const isOfInterface = (family: number): boolean => family === AF_UNSPEC;

class Gathered implements LinkNews {
  links = false;
  addressesGone = false;
  routesGone: RouteMessage[] = [];
  rulesGone = false;
  routesInDoubt = false;

  get isEmpty(): boolean {
    return !this.links && !this.rulesGone && !this.routesInDoubt && this.routesGone.length === 0;
  }
}

/**
 * Interfaces and addresses kept as the kernel has them, by its news on a socket of its own. After news were lost (ENOBUFS) everything is
 * asked for anew; what is told then is that anything may have happened.
 */
export class LinkWatch {
  readonly known = new KnownLinks();
  readonly #links: Links;
  readonly #events: DatagramSocket;
  readonly #told: (news: LinkNews) => void;
  readonly #room = memory(new Uint8Array(MAX_DATAGRAM));
  #gathered = new Gathered();
  #overrun = false;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(links: Links, events: DatagramSocket, told: (news: LinkNews) => void) {
    this.#links = links;
    this.#events = events;
    this.#told = told;
  }

  /** Knows everything when it resolves. @throws LvsError as Links.list */
  async open(): Promise<void> {
    await this.#readAnew();
    this.#events.watch(() => this.catchUp());
  }

  /** Takes what the kernel has said until now: what we changed ourselves is known when this returns. */
  catchUp(): void {
    while (!this.#closed && this.#receive());
    if (this.#overrun) {
      this.#overrun = false;
      void this.#afterOverrun();
    }
    if (this.#gathered.isEmpty || this.#reading !== undefined) return;
    const news = this.#gathered;
    this.#gathered = new Gathered();
    this.#told(news);
  }

  close(): void {
    this.#closed = true;
    this.#events.close();
  }

  /** What changes while the answers come is told again by the news, which are taken only afterwards. */
  #readAnew(): Promise<void> {
    this.#reading ??= Promise.all([this.#links.list(), this.#links.addresses()])
      .then(([links, addresses]) => this.known.reset(links, addresses))
      .finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #afterOverrun(): Promise<void> {
    await this.#readAnew().catch(() => (this.#overrun = true));
    if (this.#closed) return;
    Object.assign(this.#gathered, { links: true, addressesGone: true, rulesGone: true, routesInDoubt: true });
    this.catchUp();
  }

  /** False: nothing waits, or a reading is under way that would overwrite what is said. */
  #receive(): boolean {
    if (this.#reading !== undefined) return false;
    try {
      const ends = this.#events.receive(this.#room.bytes, 0);
      let at = 0;
      for (const end of ends ?? []) {
        splitMessages(this.#room, at, end, (message) => this.#hear(message));
        at = (end + 3) & ~3;
      }
      return ends !== undefined;
    } catch (error) {
      if (!(error instanceof Malformed) && (error as NodeJS.ErrnoException).code !== 'ENOBUFS') throw error;
      this.#overrun = true;
      return true;
    }
  }

  #hear({ type, from, at, end }: Message): void {
    const gathered = this.#gathered;
    switch (type) {
      case command.newLink:
      case command.deleteLink: {
        if (!isOfInterface(from.view.getUint8(at))) return;
        const link = linkOf(readLink(from, at, end));
        gathered.links = true;
        if (type === command.newLink) this.known.setLink(link);
        else this.known.deleteLink(link.index);
        if (type === command.deleteLink) gathered.addressesGone = true;
        if (type === command.deleteLink || !link.up) gathered.routesInDoubt = true;
        return;
      }
      case command.newAddress:
      case command.deleteAddress: {
        const address = addressOf(readAddress(from, at, end));
        if (address === undefined) return;
        gathered.links = true;
        if (type === command.newAddress) return this.known.setAddress(address);
        gathered.addressesGone = true;
        gathered.routesInDoubt = true;
        return this.known.deleteAddress(address);
      }
      case command.deleteRoute: {
        const route = readRoute(from, at, end);
        if (route.family === AF_INET || route.family === AF_INET6) gathered.routesGone.push(route);
        return;
      }
      case command.deleteRule:
        gathered.rulesGone = true;
        return;
      default:
        return;
    }
  }
}
