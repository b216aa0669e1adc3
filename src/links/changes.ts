/**
 * One change of the kernel's network as one message of rtnetlink: what is asked for, in numbers. Changes asked for together travel in one
 * datagram and are done in their order. Pure; links.ts sends them.
 */
import type { Values } from '../netlink/attributes.js';
import type { Growing } from '../netlink/bytes.js';
import { messageFlag } from '../netlink/message.js';
import { type AddressMessage, writeAddress } from './address-attrs.js';
import { type linkAttrs, writeLink } from './link-attrs.js';
import { type WrittenRoute, writeRoute } from './route-attrs.js';
import { type RuleMessage, writeRule } from './rule-attrs.js';
import { command, linkFlag } from './uapi.js';
import { type VirtualLink, virtualLinkData } from './virtual-links.js';

export interface Change {
  /** For errors: `add address`. */
  readonly operation: string;
  /** For errors: `192.0.2.1/24 on eth0`. */
  readonly object: string;
  /** RTM_*. */
  readonly type: number;
  /** NLM_F_* beside request and ack. */
  readonly flags: number;
  readonly write: (to: Growing) => void;
}

/** NLM_F_APPEND. */
const APPEND = 0x800;
const { create, exclusive } = messageFlag;

/** Refused with EEXIST if the interface has it. */
export const addAddress = (object: string, address: AddressMessage): Change => ({
  operation: 'add address',
  object,
  type: command.newAddress,
  flags: create | exclusive,
  write: (to) => writeAddress(to, address),
});

/** The kernel looks at the address, the peer and the length alone, but compares a label that is there. */
export function deleteAddress(object: string, address: AddressMessage): Change {
  const { local, address: peer } = address.attributes;
  const attributes = { ...(local === undefined ? {} : { local }), ...(peer === undefined ? {} : { address: peer }) };
  return {
    operation: 'delete address',
    object,
    type: command.deleteAddress,
    flags: 0,
    write: (to) => writeAddress(to, { ...address, flags: 0, scope: 0, attributes }),
  };
}

/** `add`: no other one to the same destination; `append`, `prepend`: behind or before those. */
export type RoutePlace = 'add' | 'append' | 'prepend';

const placeFlags: Readonly<Record<RoutePlace, number>> = {
  add: create | exclusive,
  append: create | APPEND,
  prepend: create,
};

export const addRoute = (object: string, route: WrittenRoute, place: RoutePlace): Change => ({
  operation: 'add route',
  object,
  type: command.newRoute,
  flags: placeFlags[place],
  write: (to) => writeRoute(to, route),
});

export const deleteRoute = (object: string, route: WrittenRoute): Change => ({
  operation: 'delete route',
  object,
  type: command.deleteRoute,
  flags: 0,
  write: (to) => writeRoute(to, route),
});

export const addRule = (object: string, rule: RuleMessage): Change => ({
  operation: 'add rule',
  object,
  type: command.newRule,
  flags: create | exclusive,
  write: (to) => writeRule(to, rule),
});

export const deleteRule = (object: string, rule: RuleMessage): Change => ({
  operation: 'delete rule',
  object,
  type: command.deleteRule,
  flags: 0,
  write: (to) => writeRule(to, rule),
});

/** It is down afterwards. */
export const addVirtualLink = (link: VirtualLink): Change => ({
  operation: `add ${link.kind}`,
  object: link.name,
  type: command.newLink,
  flags: create | exclusive,
  write: (to) =>
    writeLink(
      to,
      {},
      {
        ...(link.mac === undefined ? {} : { address: link.mac }),
        name: link.name,
        ...(link.mtu === undefined ? {} : { mtu: link.mtu }),
        parent: link.parent,
        ...(link.master === undefined ? {} : { master: link.master }),
        info: { kind: link.kind, data: virtualLinkData(link) },
        ...(link.group === undefined ? {} : { group: link.group }),
      },
    ),
});

const setLink = (
  operation: string,
  name: string,
  header: Parameters<typeof writeLink>[1],
  attributes: Values<typeof linkAttrs> = {},
): Change => ({
  operation,
  object: name,
  type: command.newLink,
  flags: 0,
  write: (to) => writeLink(to, header, attributes),
});

export const setLinkUp = (name: string, index: number, up: boolean): Change =>
  setLink(up ? 'set up' : 'set down', name, { index, flags: up ? linkFlag.up : 0, change: linkFlag.up });

export const setLinkMtu = (name: string, index: number, mtu: number): Change =>
  setLink('set MTU of', name, { index }, { mtu });

/** IN6_ADDR_GEN_MODE_NONE: the kernel makes no link-local address of it. */
const NO_GENERATION = 1;

export const withoutLinkLocal = (name: string, index: number): Change =>
  setLink('set IPv6 of', name, { index }, { families: { ip6: { generation: NO_GENERATION } } });

export const deleteLink = (name: string, index: number): Change => ({
  operation: 'delete interface',
  object: name,
  type: command.deleteLink,
  flags: 0,
  write: (to) => writeLink(to, { index }),
});
