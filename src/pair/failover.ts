/** `lvsctl failover`: who gives what to whom. Pure. */
import { counterpart, type RouterState } from './facts.js';

export interface FailoverOrder {
  /** Names of virtual routers here; none: all. */
  readonly routers: readonly string[];
  /** `here`, `peer`, or a name or address of one of them; undefined: away from whoever is master. */
  readonly to: string | undefined;
}

export interface Failover {
  /** Where they go. */
  readonly to: 'here' | 'peer';
  readonly routers: readonly string[];
}

export interface FailoverSides {
  readonly ours: readonly RouterState[];
  readonly theirs: readonly RouterState[];
  /** What both sides are called. */
  readonly here: readonly string[];
  readonly peer: readonly string[];
  /** All of a sync group. */
  readonly together: (names: readonly string[]) => readonly string[];
}

/** A string is why not. */
export function planFailover(order: FailoverOrder, sides: FailoverSides): Failover | string {
  const { ours, theirs, together } = sides;
  const unknown = order.routers.find((name) => !ours.some((router) => router.name === name));
  if (unknown !== undefined) return `there is no vrrp_instance '${unknown}' here`;
  const named = ours.filter(({ name }) => order.routers.length === 0 || order.routers.includes(name));
  const to = order.to === undefined ? directionOf(named) : sideOf(order.to, sides);
  if (to === undefined) return `'${order.to ?? ''}' is neither here nor the peer`;
  const isGiver = (router: RouterState): boolean =>
    to === 'peer' ? router.role === 'master' : counterpart(router, theirs)?.role === 'master';
  const giver = to === 'peer' ? 'here' : 'on the peer';
  const givable = named.filter(isGiver);
  const other = order.routers.length === 0 ? undefined : named.find((router) => !isGiver(router));
  if (other !== undefined) return `${other.name} is not master ${giver}`;
  if (givable.length === 0) return `nothing is master ${giver}`;
  const all = together(givable.map(({ name }) => name));
  const stray = ours.find((router) => all.includes(router.name) && !isGiver(router));
  if (stray !== undefined) return `${stray.name} is of the same sync group and is not master ${giver}`;
  return { to, routers: all };
}

const directionOf = (named: readonly RouterState[]): 'here' | 'peer' =>
  named.some(({ role }) => role === 'master') ? 'peer' : 'here';

function sideOf(to: string, { here, peer }: FailoverSides): 'here' | 'peer' | undefined {
  if (to === 'peer' || peer.includes(to)) return 'peer';
  return to === 'here' || here.includes(to) ? 'here' : undefined;
}
