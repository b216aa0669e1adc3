import { Links } from '../links/links.js';
import { command, routeGroup } from '../links/uapi.js';
import { Malformed } from '../netlink/attributes.js';
import { memory } from '../netlink/bytes.js';
import { type DatagramSocket, Exchange } from '../netlink/exchange.js';
import { MAX_DATAGRAM } from '../netlink/inbox.js';
import { splitMessages } from '../netlink/message.js';
import type { Clock } from '../system/clock.js';
import type { NetworkFacts } from './facts.js';

export type FactKind = keyof NetworkFacts;
export const factKinds: readonly FactKind[] = ['links', 'addresses', 'routes', 'neighbours'];

/** The port: what the kernel says when asked, and that something changed. */
export interface NetworkSource {
  read<K extends FactKind>(kind: K): Promise<NetworkFacts[K]>;
  /** As if a packet had been sent to it. */
  useNeighbour(index: number, address: string): Promise<void>;
  watch(onChange: (kinds: ReadonlySet<FactKind>) => void): void;
  close(): void;
}

/** The groups that `events` must be a member of. */
export const networkGroups: readonly number[] = Object.values(routeGroup);

/** RTM_NEWNEXTHOP and RTM_DELNEXTHOP. */
const nexthopCommands: readonly number[] = [104, 105];

/** Two sockets of NETLINK_ROUTE: one to ask, one that hears of changes. What it hears is only taken as a hint, so that none can be missed. */
export class KernelNetwork implements NetworkSource {
  readonly #links: Links;
  readonly #events: DatagramSocket;
  readonly #room = memory(new Uint8Array(MAX_DATAGRAM));

  constructor(questions: DatagramSocket, events: DatagramSocket, clock: Clock) {
    this.#links = new Links(new Exchange(questions, clock));
    this.#events = events;
  }

  read<K extends FactKind>(kind: K): Promise<NetworkFacts[K]> {
    const readers: { readonly [Kind in FactKind]: () => Promise<NetworkFacts[Kind]> } = {
      links: () => this.#links.list(),
      addresses: () => this.#links.addresses(),
      routes: () => this.#links.routedPrefixes(),
      neighbours: () => this.#links.neighbours(),
    };
    return readers[kind]();
  }

  useNeighbour(index: number, address: string): Promise<void> {
    return this.#links.useNeighbour(index, address);
  }

  watch(onChange: (kinds: ReadonlySet<FactKind>) => void): void {
    this.#events.watch(() => {
      const kinds = new Set<FactKind>();
      while (this.#receive(kinds));
      if (kinds.size > 0) onChange(kinds);
    });
  }

  close(): void {
    this.#events.close();
    this.#links.close();
  }

  /** False: nothing waits. ENOBUFS: more happened than there was room for; a message that cannot be read may have been any. */
  #receive(kinds: Set<FactKind>): boolean {
    try {
      const ends = this.#events.receive(this.#room.bytes, 0);
      let at = 0;
      for (const end of ends ?? []) {
        splitMessages(this.#room, at, end, ({ type }) => {
          for (const kind of kindsOf(type)) kinds.add(kind);
        });
        at = (end + 3) & ~3;
      }
      return ends !== undefined;
    } catch (error) {
      if (!(error instanceof Malformed) && (error as NodeJS.ErrnoException).code !== 'ENOBUFS') throw error;
      for (const kind of factKinds) kinds.add(kind);
      return true;
    }
  }
}

/** The kernel takes routes away without a word when their link goes down or their address goes. */
function kindsOf(type: number): readonly FactKind[] {
  switch (type) {
    case command.newLink:
    case command.deleteLink:
      return factKinds;
    case command.newAddress:
    case command.deleteAddress:
      return ['addresses', 'routes'];
    case command.newRoute:
    case command.deleteRoute:
      return ['routes'];
    case command.newNeighbour:
    case command.deleteNeighbour:
      return ['neighbours'];
    default:
      return nexthopCommands.includes(type) ? ['routes'] : [];
  }
}
