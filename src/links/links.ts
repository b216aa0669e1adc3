/**
 * links/ — network devices, their addresses and routes, through rtnetlink.
 * codec: link-attrs.ts, address-attrs.ts, route-attrs.ts, rule-attrs.ts, neighbour-attrs.ts, tunnels.ts, rows.ts, changes.ts
 * rules: known-links.ts, names.ts · owners: links.ts (asks and changes), link-watch.ts (hears)
 */
import { LvsError } from '../errors.js';
import { addressBytes, familyOf } from '../model/address.js';
import type { Growing, Memory } from '../netlink/bytes.js';
import { KernelRefusal } from '../netlink/errno.js';
import type { Exchange } from '../netlink/exchange.js';
import { messageFlag } from '../netlink/message.js';
import { readAddress, writeAddress } from './address-attrs.js';
import type { Change } from './changes.js';
import { readLink, writeLink } from './link-attrs.js';
import { readNeighbour, writeNeighbour } from './neighbour-attrs.js';
import { type RouteMessage, readRoute, writeRoute, writeRouteQuestion, writeTableQuestion } from './route-attrs.js';
import {
  addressOf,
  type InterfaceAddress,
  type Link,
  linkOf,
  type NeighbourEntry,
  neighbourOf,
  type Route,
  type RoutedPrefix,
  routedPrefixOf,
  routeOf,
} from './rows.js';
import { type RuleMessage, readRule } from './rule-attrs.js';
import { endsFit, type Tunnel, tunnelData } from './tunnels.js';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  addressFlag,
  command,
  FOREVER,
  linkFlag,
  NTF_USE,
  type Scope,
  scopes,
} from './uapi.js';

/** An address to add, or to delete; deleting asks only for the first three. */
export interface AddressOrder {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly scope?: Scope;
  /** No duplicate address detection: usable at once, and though another machine has it, too. IPv6. */
  readonly nodad?: boolean;
  /** No route to the prefix. */
  readonly noPrefixRoute?: boolean;
  /** 0: never chosen as a source by itself. IPv6 and IPv4. */
  readonly preferredSeconds?: number;
}

export interface RouteOrder {
  readonly destination: string;
  readonly prefixLength: number;
  readonly gateway?: string;
  readonly interface?: string;
}

const exclusive = messageFlag.create | messageFlag.exclusive;

/** The interfaces of one network namespace: that of the socket below `exchange`. */
export class Links {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  async list(): Promise<Link[]> {
    const read = (from: Memory, at: number, end: number): Link => linkOf(readLink(from, at, end));
    return this.#read('list interfaces', command.getLink, (to) => writeLink(to, {}), read);
  }

  /** undefined: there is none of that name. */
  async find(name: string): Promise<Link | undefined> {
    return (await this.list()).find((link) => link.name === name);
  }

  async addresses(): Promise<InterfaceAddress[]> {
    const all = { family: AF_UNSPEC, prefixLength: 0, flags: 0, scope: 0, index: 0, attributes: {} };
    const read = (from: Memory, at: number, end: number) => addressOf(readAddress(from, at, end));
    return this.#read('list addresses', command.getAddress, (to) => writeAddress(to, all), read);
  }

  async routes(): Promise<Route[]> {
    const read = (from: Memory, at: number, end: number) => routeOf(readRoute(from, at, end));
    const both = await Promise.all([AF_INET, AF_INET6].map((family) => this.#readRoutes(family, read)));
    return both.flat();
  }

  /** Both families' routes with all their ways. */
  async routedPrefixes(): Promise<RoutedPrefix[]> {
    const read = (from: Memory, at: number, end: number) => routedPrefixOf(readRoute(from, at, end));
    const both = await Promise.all([AF_INET, AF_INET6].map((family) => this.#readRoutes(family, read)));
    return both.flat();
  }

  /** Of both families, on all interfaces. */
  async neighbours(): Promise<NeighbourEntry[]> {
    const all = { family: AF_UNSPEC, index: 0, state: 0, flags: 0, attributes: {} };
    const read = (from: Memory, at: number, end: number) => neighbourOf(readNeighbour(from, at, end));
    return this.#read('list neighbours', command.getNeighbour, (to) => writeNeighbour(to, all), read);
  }

  /** As if a packet had been sent to a neighbour: the kernel asks for it, or asks again where it is no longer sure. */
  async useNeighbour(index: number, address: string): Promise<void> {
    const bytes = addressBytes(address);
    const family = bytes.length === 4 ? AF_INET : AF_INET6;
    const message = { family, index, state: 0, flags: NTF_USE, attributes: { address: bytes } };
    await this.#write('ask for neighbour', address, command.newNeighbour, messageFlag.create, (to) =>
      writeNeighbour(to, message),
    );
  }

  /** How this machine would send to an address now: the interface's index and our address on that way. */
  async routeTo(address: string): Promise<Route> {
    const destination = addressBytes(address);
    const family = destination.length === 4 ? AF_INET : AF_INET6;
    const [route] = await this.#read(
      'find the route to',
      command.getRoute,
      (to) => writeRouteQuestion(to, family, destination),
      (from, at, end) => routeOf(readRoute(from, at, end)),
      { object: address, flags: 0 },
    );
    if (route === undefined) throw new LvsError('LINK_REFUSED', ['find the route to', address, 'no answer']);
    return route;
  }

  /** @throws LvsError LINK_MISSING, LINK_EXISTS, LINK_NO_PERMISSION, LINK_REFUSED; so do all that follow */
  async addAddress(order: AddressOrder): Promise<void> {
    const index = await this.#index(order.interface);
    await this.#write('add address', described(order), command.newAddress, exclusive, (to) =>
      writeAddress(to, addressMessage(order, index)),
    );
  }

  async deleteAddress(order: AddressOrder): Promise<void> {
    const index = await this.#index(order.interface);
    await this.#write('delete address', described(order), command.deleteAddress, 0, (to) =>
      writeAddress(to, addressMessage(order, index)),
    );
  }

  async setUp(name: string, up: boolean): Promise<void> {
    const index = await this.#index(name);
    const flags = up ? linkFlag.up : 0;
    await this.#write(up ? 'set up' : 'set down', name, command.newLink, 0, (to) =>
      writeLink(to, { index, flags, change: linkFlag.up }),
    );
  }

  /** The kernel loads the module of the kind by itself if it can; with it come its own tunl0, gre0, ip6tnl0. */
  async addTunnel(tunnel: Tunnel): Promise<void> {
    if (!endsFit(tunnel))
      throw new LvsError('LINK_REFUSED', ['add tunnel', tunnel.name, 'its ends are of the wrong family']);
    const info = { kind: tunnel.kind, data: tunnelData(tunnel) };
    await this.#write('add tunnel', tunnel.name, command.newLink, exclusive, (to) =>
      writeLink(to, {}, { name: tunnel.name, info }),
    );
  }

  /** A device that the kernel keeps for itself (tunl0 and its like) stays, and no error says so. */
  async deleteLink(name: string): Promise<void> {
    const index = await this.#index(name);
    await this.#write('delete interface', name, command.deleteLink, 0, (to) => writeLink(to, { index }));
  }

  async addRoute(order: RouteOrder): Promise<void> {
    const outInterface = order.interface === undefined ? {} : { outInterface: await this.#index(order.interface) };
    const family = familyOf(order.destination) === 'ip4' ? AF_INET : AF_INET6;
    const gateway = order.gateway === undefined ? {} : { gateway: addressBytes(order.gateway) };
    const destination = order.prefixLength === 0 ? {} : { destination: addressBytes(order.destination) };
    const scope = order.gateway === undefined && family === AF_INET ? scopes.link : scopes.global;
    const attributes = { ...destination, ...gateway, ...outInterface, table: 254 };
    await this.#write('add route', `${order.destination}/${order.prefixLength}`, command.newRoute, exclusive, (to) =>
      writeRoute(to, { family, destinationLength: order.prefixLength, scope, attributes }),
    );
  }

  /** The routes of one table and family as the kernel tells them; none where there is no such table. */
  async routesOf(family: number, table: number): Promise<RouteMessage[]> {
    try {
      return await this.#exchange.ask({
        operation: 'list routes',
        type: command.getRoute,
        flags: messageFlag.dump,
        repeatable: true,
        write: (to) => writeTableQuestion(to, family, table),
        read: readRoute,
      });
    } catch (cause) {
      if (cause instanceof KernelRefusal && cause.errno === 'ENOENT') return [];
      throw explain(cause, 'list routes of table', String(table));
    }
  }

  /** The rules of one family that choose a routing table. */
  rules(family: number): Promise<RuleMessage[]> {
    return this.#read('list rules', command.getRule, (to) => to.memory.view.setUint8(to.extend(12), family), readRule);
  }

  /** Those asked for in one turn of the event loop go in one datagram. @throws LvsError as addAddress */
  change({ operation, object, type, flags, write }: Change): Promise<void> {
    return this.#write(operation, object, type, flags, write);
  }

  close(): void {
    this.#exchange.close();
  }

  async #index(name: string): Promise<number> {
    const link = await this.find(name);
    if (link === undefined) throw new LvsError('LINK_MISSING', [name]);
    return link.index;
  }

  /** Strict dumps want header and attributes empty but for the family. */
  #readRoutes<T>(family: number, read: (from: Memory, at: number, end: number) => T | undefined): Promise<T[]> {
    return this.#read('list routes', command.getRoute, (to) => to.memory.view.setUint8(to.extend(12), family), read);
  }

  async #read<T>(
    operation: string,
    type: number,
    write: (to: Growing) => void,
    read: (from: Memory, at: number, end: number) => T | undefined,
    { object, flags }: { readonly object: string; readonly flags: number } = { object: '', flags: messageFlag.dump },
  ): Promise<T[]> {
    try {
      return await this.#exchange.ask({ operation, type, flags, repeatable: true, write, read });
    } catch (cause) {
      throw explain(cause, operation, object);
    }
  }

  async #write(
    operation: string,
    object: string,
    type: number,
    flags: number,
    write: (to: Growing) => void,
  ): Promise<void> {
    try {
      await this.#exchange.ask({ operation, type, flags, repeatable: false, write, read: () => undefined });
    } catch (cause) {
      throw explain(cause, operation, object);
    }
  }
}

const described = ({ address, prefixLength, interface: name }: AddressOrder): string =>
  `${address}/${prefixLength} on ${name}`;

function addressMessage(order: AddressOrder, index: number) {
  const address = addressBytes(order.address);
  const flags =
    (order.nodad === true ? addressFlag.nodad : 0) | (order.noPrefixRoute === true ? addressFlag.noPrefixRoute : 0);
  const preferred = order.preferredSeconds;
  return {
    family: address.length === 4 ? AF_INET : AF_INET6,
    prefixLength: order.prefixLength,
    flags,
    scope: scopes[order.scope ?? 'global'],
    index,
    attributes: {
      address,
      local: address,
      ...(preferred === undefined ? {} : { lifetimes: { preferred, valid: FOREVER } }),
    },
  };
}

/** The catalogue's error for a kernel's no. Transport failures pass as they are. */
function explain(cause: unknown, operation: string, object: string): unknown {
  if (!(cause instanceof KernelRefusal)) return cause;
  if (cause.errno === 'EPERM') return new LvsError('LINK_NO_PERMISSION', [operation], { cause });
  if (cause.errno === 'EEXIST') return new LvsError('LINK_EXISTS', [operation, object], { cause });
  if (cause.errno === 'ENODEV') return new LvsError('LINK_MISSING', [object], { cause });
  if (cause.errno === 'EADDRNOTAVAIL') return new LvsError('LINK_NO_SUCH_ADDRESS', [operation, object], { cause });
  return new LvsError('LINK_REFUSED', [operation, object, reasons[cause.errno] ?? cause.words ?? cause.errno], {
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENETDOWN: 'its interface is down',
  EOPNOTSUPP: 'the kernel has no such kind of device (is its module installed?)',
  EACCES: 'IPv6 is switched off on that interface',
};
