import { familyOf } from '../model/address.js';
import type { LocalAddress, Neighbour, Network, Port, Route } from '../dataplane/network.js';
import { isInside, parsePrefix, type Prefix } from '../lb/vpp/input.js';

/** A network being described, by T.json or by a VPP script. */
export interface NetworkDraft {
  readonly ports: readonly Port[];
  readonly addresses: readonly LocalAddress[];
  /** Without those that addresses bring along. */
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
}

export const emptyDraft: NetworkDraft = { ports: [], addresses: [], routes: [], neighbours: [] };

const prefixOf = ({ address, prefixLength }: LocalAddress): Prefix => parsePrefix(`${address}/${prefixLength}`)!;

/** Where a gateway is, by the addresses of interfaces. */
export const portTowards = (draft: NetworkDraft, gateway: string): string | undefined =>
  draft.addresses
    .filter((one) => isInside(gateway, prefixOf(one)))
    .toSorted((a, b) => b.prefixLength - a.prefixLength)[0]?.interface;

/** With the routes to the networks that interfaces are in. */
export function networkOf(draft: NetworkDraft): Network {
  const connected = draft.addresses
    .filter(({ address, prefixLength }) => prefixLength < (familyOf(address) === 'ip4' ? 32 : 128))
    .map((one): Route => {
      const { address, prefixLength } = prefixOf(one);
      return { prefix: address, prefixLength, nextHops: [{ port: one.interface, weight: 1, vlans: [] }] };
    });
  const written = new Set(draft.routes.map(({ prefix, prefixLength }) => `${prefix}/${prefixLength}`));
  const seen = new Set<string>();
  const fresh = connected.filter(({ prefix, prefixLength }) => {
    const name = `${prefix}/${prefixLength}`;
    if (written.has(name) || seen.has(name)) return false;
    seen.add(name);
    return true;
  });
  return { ...draft, routes: [...fresh, ...draft.routes] };
}
