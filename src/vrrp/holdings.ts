/** What a master has on this machine, and what has to be done so that it has just that. Pure. */
import type { IpRoute, IpRule, LocalAddress } from '../config/static/statics.js';
import type { VrrpInstance } from '../config/vrrp/vrrp.js';

/** One thing to have in the kernel. `watched`: its loss matters. */
export type Holding =
  | { readonly is: 'address'; readonly line: LocalAddress; readonly interface: string; readonly watched: boolean }
  | {
      readonly is: 'route';
      readonly line: IpRoute;
      /** Where it leaves if nothing in the line says that. */
      readonly interface: string | undefined;
      readonly watched: boolean;
    }
  | { readonly is: 'rule'; readonly line: IpRule; readonly watched: boolean };

/** Where addresses of one router go. */
export interface Places {
  /** Interface of the instance. */
  readonly base: string | undefined;
  /** The VMAC or ipvlan above it. */
  readonly own: string | undefined;
  /** The VMAC above another interface, for its addresses there; undefined: there is none. */
  readonly ownAbove: (name: string) => string | undefined;
}

/** In the order in which they are taken; what goes, goes the other way round. */
export function holdingsOf(instance: VrrpInstance, places: Places): readonly Holding[] {
  const { addresses, excluded, routes, rules } = instance;
  return [
    ...[...addresses, ...excluded].flatMap((line) => addressHolding(line, placeOf(line, places))),
    ...routes.map((line) => routeHolding(line, places.own ?? places.base)),
    ...rules.map(ruleHolding),
  ];
}

/** Nothing where no interface is known: unicast without one, and no `dev`. */
export const addressHolding = (line: LocalAddress, name: string | undefined): readonly Holding[] =>
  name === undefined ? [] : [{ is: 'address', line, interface: name, watched: line.tracked }];

export const routeHolding = (line: IpRoute, fallback: string | undefined): Holding => ({
  is: 'route',
  line,
  interface: line.interface ?? (leadsSomewhere(line) ? undefined : fallback),
  watched: line.tracked,
});

export const ruleHolding = (line: IpRule): Holding => ({ is: 'rule', line, watched: line.tracked });

/** The kernel finds the interface by the gateway; a route that leads nowhere has none. */
const leadsSomewhere = ({ kind, via, nextHops }: IpRoute): boolean =>
  (kind !== 'unicast' && kind !== 'local') || via !== undefined || nextHops.length > 0;

function placeOf({ interface: said, ownVmac }: LocalAddress, { base, own, ownAbove }: Places): string | undefined {
  if (said === undefined) return own ?? base;
  if (said === base) return ownVmac ? (own ?? base) : said;
  return ownAbove(said) ?? said;
}

/** What the kernel tells two things apart by. */
export function keyOf(holding: Holding): string {
  switch (holding.is) {
    case 'address': {
      const { address, length, peer } = holding.line;
      return `address ${holding.interface} ${address}/${peer ?? length}`;
    }
    case 'route':
    case 'rule':
      return detailsOf(holding);
  }
}

/** Everything that matters to the kernel. */
function detailsOf(holding: Holding): string {
  const { position: _position, tracked: _tracked, trackGroup: _group, ...line } = holding.line;
  return JSON.stringify([holding.is, 'interface' in holding ? holding.interface : undefined, sorted(line)]);
}

const sorted = (value: object): readonly unknown[] =>
  Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));

export interface HoldingPlan {
  readonly remove: readonly Holding[];
  /** What is there already is among them: the kernel says so. */
  readonly add: readonly Holding[];
}

/** From what is held to what is to be held. What only its words differ in goes and comes back. */
export function planOf(desired: readonly Holding[], held: readonly Holding[]): HoldingPlan {
  const wanted = new Map(desired.map((holding) => [keyOf(holding), holding]));
  const stays = (holding: Holding): boolean => {
    const same = wanted.get(keyOf(holding));
    return same !== undefined && detailsOf(same) === detailsOf(holding);
  };
  return { remove: held.filter((holding) => !stays(holding)).reverse(), add: [...wanted.values()] };
}

/** For logs: `192.0.2.1/24 on eth0`. */
export function textOf(holding: Holding): string {
  switch (holding.is) {
    case 'address':
      return `${holding.line.address}/${holding.line.length} on ${holding.interface}`;
    case 'route': {
      const { destination, table, via } = holding.line;
      const way = via ?? holding.interface;
      return `route ${destination}${way === undefined ? '' : ` by ${way}`}${table === undefined ? '' : ` in table ${table}`}`;
    }
    case 'rule': {
      const { preference, from = 'all', to } = holding.line;
      return `rule ${preference ?? ''} from ${from}${to === undefined ? '' : ` to ${to}`}`.replace('  ', ' ');
    }
  }
}
