import { familyOf } from '../model/address.js';
import { type Json, type JsonObject, replacement, removalOf, type TableName } from './ruleset.js';

/** What virtual routers need of the packet filter. */
export interface VrrpRules {
  /** Addresses whose packets are not accepted (no_accept); a link-local one only on its interface. */
  readonly refused: readonly { readonly address: string; readonly interface: string }[];
  /** Virtual interfaces and those below them. */
  readonly virtual: readonly { readonly name: string; readonly parent: string }[];
}

export interface VrrpTableSettings {
  readonly table: string;
  readonly priority: number;
  readonly counters: boolean;
}

type Family = 'ip' | 'ip6';
const families: readonly Family[] = ['ip', 'ip6'];
const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);

/** One transaction: a table for each family that has something, none for the other; `before`: the families that have one now. */
export function vrrpTransaction(
  rules: VrrpRules,
  settings: VrrpTableSettings,
  before: ReadonlySet<Family>,
): JsonObject {
  const commands = families.flatMap((family): readonly Json[] => {
    const table: TableName = { family, name: settings.table };
    const objects = rulesetOf(family, rules, settings);
    if (objects.length > 0) return commandsOf(replacement(objects, table));
    return before.has(family) ? commandsOf(removalOf(table)) : [];
  });
  return { nftables: commands };
}

const commandsOf = (transaction: JsonObject): readonly Json[] => transaction['nftables'] as readonly Json[];

export const familiesOf = (rules: VrrpRules): ReadonlySet<Family> =>
  new Set(families.filter((family) => partsOf(family, rules).isNeeded));

function partsOf(family: Family, { refused, virtual }: VrrpRules) {
  const own = refused.filter(({ address }) => (familyOf(address) === 'ip6') === (family === 'ip6'));
  const addresses = [...new Set(own.filter(({ address }) => !isLinkLocal(address)).map(({ address }) => address))];
  const onLinks = own.filter(({ address }) => isLinkLocal(address));
  return { addresses, onLinks, virtual, isNeeded: own.length > 0 || virtual.length > 0 };
}

/** What the table of one family holds, in libnftables' JSON; empty: nothing. */
export function rulesetOf(family: Family, rules: VrrpRules, settings: VrrpTableSettings): readonly JsonObject[] {
  const { addresses, onLinks, virtual, isNeeded } = partsOf(family, rules);
  if (!isNeeded) return [];
  const within = { family, table: settings.table };
  const rule = (chain: string, ...expr: readonly Json[]): JsonObject => ({ rule: { ...within, chain, expr } });
  const chain = (name: string, hook: string): JsonObject => ({
    chain: { ...within, name, type: 'filter', hook, prio: settings.priority, policy: 'accept' },
  });
  const drop: readonly Json[] = [...(settings.counters ? [{ counter: null }] : []), { drop: null }];
  const refusing = (name: string, field: 'daddr' | 'saddr', key: 'iifname' | 'oifname'): readonly JsonObject[] => [
    // who asks for the MAC address of an IPv6 one gets his answer, as he does by ARP
    ...(family === 'ip6' ? [rule(name, isType(['nd-neighbor-solicit', 'nd-neighbor-advert']), { accept: null })] : []),
    ...(addresses.length > 0 ? [rule(name, match(payload(family, field), '@vips'), ...drop)] : []),
    ...(onLinks.length > 0
      ? [rule(name, match({ concat: [payload(family, field), { meta: { key } }] }, '@vips_on_links'), ...drop)]
      : []),
  ];
  const isRefusing = addresses.length > 0 || onLinks.length > 0;
  return [
    { table: { family, name: settings.table } },
    ...(addresses.length > 0
      ? [{ set: { ...within, name: 'vips', type: family === 'ip' ? 'ipv4_addr' : 'ipv6_addr', elem: addresses } }]
      : []),
    ...(onLinks.length > 0
      ? [
          {
            set: {
              ...within,
              name: 'vips_on_links',
              type: ['ipv6_addr', 'ifname'],
              elem: onLinks.map(({ address, interface: name }) => ({ concat: [address, name] })),
            },
          },
        ]
      : []),
    ...(virtual.length > 0 ? [{ map: mapOf(within, virtual) }] : []),
    ...(isRefusing
      ? [
          chain('in', 'input'),
          ...refusing('in', 'daddr', 'iifname'),
          chain('out', 'output'),
          ...refusing('out', 'saddr', 'oifname'),
        ]
      : []),
    ...(virtual.length > 0 ? [chain('groups', 'postrouting'), rule('groups', ...elsewhere(family))] : []),
  ];
}

const mapOf = (within: JsonObject, virtual: VrrpRules['virtual']): JsonObject => ({
  ...within,
  name: 'vmac_map',
  type: 'iface_index',
  map: 'iface_index',
  elem: virtual.map(({ name, parent }) => [name, parent]),
});

/** Memberships and router solicitations leave by the interface below: from a backup's they would teach switches where the virtual MAC is not. */
function elsewhere(family: Family): readonly Json[] {
  const groups =
    family === 'ip'
      ? match(payload('ip', 'protocol'), 'igmp')
      : isType(['mld-listener-report', 'mld-listener-done', 'mld2-listener-report', 'nd-router-solicit']);
  const below = { map: { key: { meta: { key: 'oif' } }, data: '@vmac_map' } };
  // what leaves elsewhere has no place in the map, and goes its way
  return [groups, { dup: { addr: payload(family, 'daddr'), dev: below } }, { drop: null }];
}

const payload = (protocol: string, field: string): JsonObject => ({ payload: { protocol, field } });
const match = (left: Json, right: Json): JsonObject => ({ match: { op: '==', left, right } });
const isType = (names: readonly string[]): JsonObject => match(payload('icmpv6', 'type'), { set: names });
