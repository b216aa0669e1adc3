/** Whether what the kernel tells is what was asked for: it fills in much that was not said. Pure. */
import type { RouteMessage, Way, WrittenRoute } from './route-attrs.js';
import type { RuleMessage } from './rule-attrs.js';
import { AF_INET6, routeType } from './uapi.js';

/** IP6_RT_PRIO_USER: the metric of IPv6 routes that say none. */
const IP6_METRIC = 1024;

/** To the same destination in the same table, whichever way. */
export const isSameDestination = (wanted: WrittenRoute, seen: RouteMessage): boolean =>
  wanted.family === seen.family &&
  wanted.destinationLength === seen.destinationLength &&
  (wanted.attributes.table ?? wanted.table) === seen.table &&
  isSaid(wanted.attributes, seen.attributes, ['destination']);

export function isRoute(wanted: WrittenRoute, seen: RouteMessage): boolean {
  const metric = wanted.attributes.priority ?? 0;
  const { ways } = wanted.attributes;
  return (
    isSameDestination(wanted, seen) &&
    (wanted.sourceLength ?? 0) === seen.sourceLength &&
    (wanted.tos ?? 0) === seen.tos &&
    (wanted.type ?? routeType.unicast) === seen.type &&
    (wanted.family === AF_INET6 && metric === 0 ? IP6_METRIC : metric) === (seen.attributes.priority ?? 0) &&
    isSaid(wanted.attributes, seen.attributes, ['source', 'gateway', 'via', 'outInterface', 'preferredSource']) &&
    (ways === undefined || haveWays(ways, seen))
  );
}

function haveWays(wanted: readonly Way[], { attributes }: RouteMessage): boolean {
  const seen = attributes.ways ?? [{ flags: 0, hops: 0, index: attributes.outInterface ?? 0, attributes }];
  return wanted.every((way) =>
    seen.some(
      (one) =>
        (way.index === 0 || way.index === one.index) && isSaid(way.attributes, one.attributes, ['gateway', 'via']),
    ),
  );
}

export const isRule = (wanted: RuleMessage, seen: RuleMessage): boolean =>
  wanted.family === seen.family &&
  wanted.destinationLength === seen.destinationLength &&
  wanted.sourceLength === seen.sourceLength &&
  wanted.tos === seen.tos &&
  wanted.action === seen.action &&
  (wanted.flags & seen.flags) === wanted.flags &&
  isSaid(wanted.attributes, seen.attributes, Object.keys(wanted.attributes) as (keyof RuleMessage['attributes'])[]);

/** What `wanted` says of these is what is seen. */
const isSaid = <T extends object>(wanted: T, seen: T, names: readonly (keyof T)[]): boolean =>
  names.every((name) => wanted[name] === undefined || plain(wanted[name]) === plain(seen[name]));

const plain = (value: unknown): string =>
  JSON.stringify([value], (_, part: unknown) =>
    typeof part === 'bigint' ? `${part}n` : part instanceof Uint8Array ? [...part] : part,
  );
