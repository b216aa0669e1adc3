import type { Encapsulation, IpRoute, IpRule, LocalAddress, NextHop } from '../config/static/statics.js';
import { LvsError } from '../errors.js';
import type { AddressMessage } from '../links/address-attrs.js';
import {
  addAddress,
  addRoute,
  addRule,
  type Change,
  deleteAddress,
  deleteRoute,
  deleteRule,
} from '../links/changes.js';
import { ipProtocols, type NameKind, nameFiles, type Names } from '../links/names.js';
import type { Via, Way, WrittenRoute } from '../links/route-attrs.js';
import { encapsulationOf, labelStack } from '../links/route-encapsulation.js';
import { metricsOf } from '../links/route-metrics.js';
import type { RuleMessage } from '../links/rule-attrs.js';
import {
  AF_INET,
  AF_INET6,
  addressFlag,
  FOREVER,
  RTPROT_KEEPALIVED,
  RULE_INVERT,
  routeTable,
  routeType,
  ruleAction,
  scopes,
  wayFlag,
} from '../links/uapi.js';
import { addressBytes, type Family, familyOf } from '../model/address.js';
import { type Holding, textOf } from '../vrrp/holdings.js';

/** What names in a line mean on this machine now. */
export interface Meanings {
  /** Of an interface; undefined: there is none of that name. */
  readonly indexOf: (name: string) => number | undefined;
  /** Of a VRF. */
  readonly vrfTableOf: (name: string) => number | undefined;
  readonly names: Names;
}

/** A thing to hold as the kernel wants it. */
export type Entry = { readonly object: string } & (
  | { readonly is: 'address'; readonly message: AddressMessage }
  | { readonly is: 'route'; readonly message: WrittenRoute; readonly place: IpRoute['place']; readonly table: number }
  | { readonly is: 'rule'; readonly message: RuleMessage }
);

/** @throws LvsError LINK_MISSING, LINK_REFUSED (a name that means nothing here) */
export function entryOf(holding: Holding, meanings: Meanings): Entry {
  const object = textOf(holding);
  const within = new Within(object, meanings);
  switch (holding.is) {
    case 'address':
      return { is: 'address', object, message: addressMessage(holding.line, holding.interface, within) };
    case 'route': {
      const message = routeMessage(holding.line, holding.interface, within);
      return { is: 'route', object, message, place: holding.line.place, table: message.attributes.table! };
    }
    case 'rule':
      return { is: 'rule', object, message: ruleMessage(holding.line, within) };
  }
}

export function addOf(entry: Entry): Change {
  switch (entry.is) {
    case 'address':
      return addAddress(entry.object, entry.message);
    case 'route':
      return addRoute(entry.object, entry.message, entry.place);
    case 'rule':
      return addRule(entry.object, entry.message);
  }
}

export function removeOf(entry: Entry): Change {
  switch (entry.is) {
    case 'address':
      return deleteAddress(entry.object, entry.message);
    case 'route':
      return deleteRoute(entry.object, entry.message);
    case 'rule':
      return deleteRule(entry.object, entry.message);
  }
}

/** Names of one line. @throws LvsError as entryOf */
class Within {
  readonly #object: string;
  readonly #meanings: Meanings;

  constructor(object: string, meanings: Meanings) {
    this.#object = object;
    this.#meanings = meanings;
  }

  index(name: string): number {
    const index = this.#meanings.indexOf(name);
    if (index === undefined) throw new LvsError('LINK_MISSING', [name]);
    return index;
  }

  vrfTable(name: string): number {
    const table = this.#meanings.vrfTableOf(name);
    if (table === undefined) throw this.#refused(`${name} is no VRF`);
    return table;
  }

  number(kind: NameKind, text: string): number {
    const number = this.#meanings.names.number(kind, text);
    if (number === undefined) throw this.#refused(`no ${kind} is named ${text} (see /etc/iproute2/${nameFiles[kind]})`);
    return number;
  }

  /** `2/3`, or the destination's alone. */
  realms(text: string): number {
    const [one = '', other] = text.split('/');
    return other === undefined
      ? this.number('realm', one)
      : ((this.number('realm', one) << 16) | this.number('realm', other)) >>> 0;
  }

  ipProtocol(text: string): number {
    const number = /^\d+$/.test(text) ? Number(text) : ipProtocols.get(text.toLowerCase());
    if (number === undefined || number > 255) throw this.#refused(`no IP protocol is named ${text}`);
    return number;
  }

  #refused(why: string): LvsError<'LINK_REFUSED'> {
    return new LvsError('LINK_REFUSED', ['use', this.#object, why]);
  }
}

const familyNumber = (family: Family): number => (family === 'ip4' ? AF_INET : AF_INET6);
const bitsOf = (family: Family): number => (family === 'ip4' ? 32 : 128);

/** IFA_F_* by the words of a line. */
const addressFlags: Readonly<Record<string, number>> = {
  home: addressFlag.home,
  mngtmpaddr: addressFlag.manageTemporary,
  noprefixroute: addressFlag.noPrefixRoute,
  autojoin: addressFlag.autojoin,
};

/** As keepalived: IPv6 without duplicate detection unless `-nodad`; a whole IPv6 address is no source unless it says so. */
function addressMessage(line: LocalAddress, name: string, within: Within): AddressMessage {
  const family = familyOf(line.address);
  const local = addressBytes(line.address);
  const [peer, peerLength] = line.peer?.split('/') ?? [];
  const prefixLength = peer === undefined ? line.length : Number(peerLength ?? bitsOf(family));
  const nodad = family === 'ip6' && !line.flags.includes('-nodad') ? addressFlag.nodad : 0;
  const preferred = line.preferredSeconds ?? (family === 'ip6' && prefixLength === 128 ? 0 : 'forever');
  const broadcast = line.broadcast === undefined ? undefined : broadcastOf(line.broadcast, local, prefixLength);
  return {
    family: familyNumber(family),
    prefixLength,
    flags: line.flags.reduce((flags, word) => flags | (addressFlags[word] ?? 0), nodad),
    scope: line.scope === undefined ? scopes.global : within.number('scope', line.scope),
    index: within.index(name),
    attributes: {
      local,
      address: peer === undefined ? local : addressBytes(peer),
      ...(line.label === undefined ? {} : { label: line.label }),
      ...(broadcast === undefined ? {} : { broadcast }),
      ...(preferred === 'forever' ? {} : { lifetimes: { preferred, valid: FOREVER } }),
      protocol: RTPROT_KEEPALIVED,
    },
  };
}

/** `+` and `-`: the host's bits all set or cleared. */
function broadcastOf(text: string, local: Uint8Array, prefixLength: number): Uint8Array {
  if (text !== '+' && text !== '-') return addressBytes(text);
  return local.map((byte, i) => {
    const network = networkBits(prefixLength, i);
    return (byte & network) | (text === '+' ? ~network & 0xff : 0);
  });
}

/** Those bits of byte `i` that belong to the network. */
const networkBits = (prefixLength: number, i: number): number =>
  (0xff00 >> Math.min(8, Math.max(0, prefixLength - 8 * i))) & 0xff;

interface PrefixBytes {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Without what is not of the network; undefined: everything. */
function prefixOf(text: string | undefined): PrefixBytes | undefined {
  if (text === undefined || text === 'default') return undefined;
  const [address = '', length] = text.split('/');
  const bytes = addressBytes(address);
  const prefixLength = length === undefined ? 8 * bytes.length : Number(length);
  return { bytes: bytes.map((byte, i) => byte & networkBits(prefixLength, i)), length: prefixLength };
}

/** ICMPV6_ROUTER_PREF_*. */
const preferences = { low: 3, medium: 0, high: 1 } as const;

function routeMessage(line: IpRoute, name: string | undefined, within: Within): WrittenRoute {
  const destination = prefixOf(line.destination);
  const source = prefixOf(line.from);
  const ways = line.nextHops.map((hop) => wayOf(hop, line.family, within));
  const metrics = metricsOf(line.metrics);
  return {
    family: familyNumber(line.family),
    destinationLength: destination?.length ?? 0,
    sourceLength: source?.length ?? 0,
    tos: line.tos ?? 0,
    protocol: line.protocol === undefined ? RTPROT_KEEPALIVED : within.number('protocol', line.protocol),
    scope: line.scope === undefined ? defaultScope(line) : within.number('scope', line.scope),
    type: routeType[line.kind],
    flags: line.onlink ? wayFlag.onlink : 0,
    attributes: {
      table: tableOf(line, within),
      ...(destination === undefined ? {} : { destination: destination.bytes }),
      ...(source === undefined ? {} : { source: source.bytes }),
      ...(name === undefined ? {} : { outInterface: within.index(name) }),
      ...gatewayOf(line.via, line.family),
      ...(line.source === undefined ? {} : { preferredSource: addressBytes(line.source) }),
      ...(line.metric === undefined ? {} : { priority: line.metric }),
      ...(metrics === undefined ? {} : { metrics }),
      ...(ways.length === 0 ? {} : { ways }),
      ...(line.realms === undefined ? {} : { flow: within.realms(line.realms) }),
      ...(line.as === undefined ? {} : { newDestination: targetOf(line.as) }),
      ...(line.preference === undefined ? {} : { preference: preferences[line.preference] }),
      ...encapsulated(line.encap),
      ...(line.expiresSeconds === undefined ? {} : { expires: line.expiresSeconds }),
      ...(line.ttlPropagate === undefined ? {} : { ttlPropagate: line.ttlPropagate ? 1 : 0 }),
    },
  };
}

function tableOf({ table, vrf, kind }: IpRoute, within: Within): number {
  if (table !== undefined) return within.number('table', table);
  if (vrf !== undefined) return within.vrfTable(vrf);
  return kind === 'local' ? routeTable.local : routeTable.main;
}

/** As ip(8): what is on the link has no gateway. */
function defaultScope({ family, kind, via, nextHops }: IpRoute): number {
  if (family === 'ip6') return scopes.global;
  if (kind === 'local') return scopes.host;
  return kind === 'unicast' && via === undefined && nextHops.length === 0 ? scopes.link : scopes.global;
}

const targetOf = (text: string): Uint8Array => (/^[\d/]+$/.test(text) ? labelStack(text) : addressBytes(text));

/** A gateway of the other family has an attribute of its own. */
function gatewayOf(via: string | undefined, family: Family): { gateway?: Uint8Array; via?: Via } {
  if (via === undefined) return {};
  const address = addressBytes(via);
  const own = familyOf(via);
  return own === family ? { gateway: address } : { via: { family: familyNumber(own), address } };
}

function encapsulated(encap: Encapsulation | undefined): { encapsulation?: number; encapsulationData?: Uint8Array } {
  if (encap === undefined) return {};
  const { type, data } = encapsulationOf(encap);
  return { encapsulation: type, encapsulationData: data };
}

const wayOf = (hop: NextHop, family: Family, within: Within): Way => ({
  flags: hop.onlink ? wayFlag.onlink : 0,
  hops: (hop.weight ?? 1) - 1,
  index: hop.interface === undefined ? 0 : within.index(hop.interface),
  attributes: {
    ...gatewayOf(hop.via, family),
    ...(hop.realms === undefined ? {} : { flow: within.realms(hop.realms) }),
    ...encapsulated(hop.encap),
  },
});

function ruleMessage(line: IpRule, within: Within): RuleMessage {
  const { action, fwmark } = line;
  const from = prefixOf(line.from);
  const to = prefixOf(line.to);
  const [mark, mask] = fwmark?.split('/').map(Number) ?? [];
  return {
    family: familyNumber(line.family),
    destinationLength: to?.length ?? 0,
    sourceLength: from?.length ?? 0,
    tos: line.tos ?? 0,
    action: action.do === 'l3mdev' ? ruleAction.lookup : ruleAction[action.do],
    flags: line.not ? RULE_INVERT : 0,
    attributes: {
      ...(to === undefined ? {} : { destination: to.bytes }),
      ...(from === undefined ? {} : { source: from.bytes }),
      ...(line.inInterface === undefined ? {} : { inInterface: line.inInterface }),
      ...(line.outInterface === undefined ? {} : { outInterface: line.outInterface }),
      ...(action.do === 'goto' ? { goto: action.preference } : {}),
      ...(action.do === 'l3mdev' ? { l3mdev: 1 } : {}),
      ...(action.do === 'lookup' ? { table: within.number('table', action.table) } : {}),
      ...(line.preference === undefined ? {} : { priority: line.preference }),
      ...(mark === undefined ? {} : { mark }),
      ...(mask === undefined ? {} : { markMask: mask }),
      ...(line.realms === undefined ? {} : { flow: within.realms(line.realms) }),
      ...(line.tunnelId === undefined ? {} : { tunnelId: BigInt(line.tunnelId) }),
      ...(line.suppressGroup === undefined ? {} : { suppressGroup: within.number('group', line.suppressGroup) }),
      ...(line.suppressPrefixLength === undefined ? {} : { suppressPrefixLength: line.suppressPrefixLength }),
      ...(line.uids === undefined ? {} : { uids: line.uids }),
      protocol: line.protocol === undefined ? RTPROT_KEEPALIVED : within.number('protocol', line.protocol),
      ...(line.ipProtocol === undefined ? {} : { ipProtocol: within.ipProtocol(line.ipProtocol) }),
      ...(line.sourcePorts === undefined ? {} : { sourcePorts: line.sourcePorts }),
      ...(line.destinationPorts === undefined ? {} : { destinationPorts: line.destinationPorts }),
    },
  };
}
