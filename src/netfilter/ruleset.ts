import {
  canonicalMac,
  disjointPorts,
  disjointPrefixes,
  type FwmarkRule,
  parsePrefix,
  type Prefix,
} from './fwmark-rule.js';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Where the table lives. `bridge` sees frames that come in over a bridge: for kernels whose nftables has no `inet`. */
export interface TableName {
  readonly family: 'inet' | 'bridge' | 'ip' | 'ip6';
  readonly name: string;
}

export const defaultTable: TableName = { family: 'inet', name: 'lvsd' };

/** Before routing and before IPVS: where iptables has its mangle table (NF_IP_PRI_MANGLE). */
const PRIORITY = -150;
const CHAIN = 'prerouting';
/** The longest comment of a rule is 127 bytes (NFTNL_UDATA_COMMENT_MAXLEN). */
const COMMENT = 100;

/** What our table holds, in libnftables' JSON and in the order in which `nft -j list table` tells it. Throws TypeError for a rule that is none. */
export function ruleset(rules: readonly FwmarkRule[], table: TableName): JsonObject[] {
  const within = { family: table.family, table: table.name };
  const parts = rules.flatMap((rule, index) => partsOf(rule, index));
  return [
    { table: { family: table.family, name: table.name } },
    ...parts.map(({ set, prefixes }) => ({ set: { ...within, name: set, ...setBody(prefixes) } })),
    {
      chain: { ...within, name: CHAIN, type: 'filter', hook: 'prerouting', prio: PRIORITY, policy: 'accept' },
    },
    ...parts.map(({ rule, set, prefixes }) => ({
      rule: { ...within, chain: CHAIN, comment: rule.name.slice(0, COMMENT), expr: expression(rule, set, prefixes) },
    })),
  ];
}

interface Part {
  readonly rule: FwmarkRule;
  readonly set: string;
  readonly prefixes: readonly Prefix[];
}

/** A rule is one nftables rule for each family it has VIPs of. */
function partsOf(rule: FwmarkRule, index: number): Part[] {
  if (!Number.isInteger(rule.mark) || rule.mark < 1 || rule.mark > 0xffff_ffff)
    throw new TypeError(`not a mark: ${rule.mark}`);
  const prefixes = disjointPrefixes(rule.vips.map((text) => parsePrefix(text) ?? mistake(text)));
  return (['ip4', 'ip6'] as const).flatMap((family): Part[] => {
    const own = prefixes.filter((prefix) => prefix.family === family);
    return own.length === 0 ? [] : [{ rule, set: `vips_${index}_${family}`, prefixes: own }];
  });
}

function mistake(text: string): never {
  throw new TypeError(`neither an address nor a prefix: ${text}`);
}

const bitsOf = ({ family }: Prefix): number => (family === 'ip4' ? 32 : 128);

const setBody = (prefixes: readonly Prefix[]): JsonObject => ({
  type: prefixes[0]?.family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr',
  flags: ['interval'],
  elem: prefixes.map(
    (prefix): Json =>
      prefix.length === bitsOf(prefix) ? prefix.address : { prefix: { addr: prefix.address, len: prefix.length } },
  ),
});

function expression(rule: FwmarkRule, set: string, prefixes: readonly Prefix[]): Json[] {
  const { protocols = [], ports = [], notFrom = [], interfaces = [] } = rule;
  const protocol = prefixes[0]?.family === 'ip6' ? 'ip6' : 'ip';
  const macs = notFrom.map((text) => canonicalMac(text) ?? mistake(text));
  return [
    ...oneOf('==', { meta: { key: 'iifname' } }, interfaces),
    ...(macs.length === 0 ? [] : oneOf('!=', { payload: { protocol: 'ether', field: 'saddr' } }, macs)),
    match('==', { payload: { protocol, field: 'daddr' } }, `@${set}`),
    ...oneOf(
      '==',
      { meta: { key: 'l4proto' } },
      ports.length > 0 && protocols.length === 0 ? ['tcp', 'udp', 'sctp'] : protocols,
    ),
    ...oneOf('==', { payload: { protocol: 'th', field: 'dport' } }, disjointPorts(ports).map(portJson)),
    { mangle: { key: { meta: { key: 'mark' } }, value: rule.mark } },
  ];
}

const portJson = ({ from, to }: { readonly from: number; readonly to: number }): Json =>
  from === to ? from : { range: [from, to] };

const match = (op: '==' | '!=', left: Json, right: Json): Json => ({ match: { op, left, right } });

/** Nothing for an empty list, a plain value for one, an anonymous set for more. */
function oneOf(op: '==' | '!=', left: Json, values: readonly Json[]): Json[] {
  const distinct = [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
  const [only] = distinct;
  if (only === undefined) return [];
  return [match(op, left, distinct.length === 1 ? only : { set: distinct })];
}

/** Our table goes and comes back in one transaction: no packet sees it missing. The first line makes the second succeed. */
export const replacement = (objects: readonly JsonObject[], table: TableName): JsonObject => ({
  nftables: [...removal(table), ...objects.map((object) => ({ add: object }))],
});

const removal = ({ family, name }: TableName): JsonObject[] => [
  { add: { table: { family, name } } },
  { delete: { table: { family, name } } },
];

export const removalOf = (table: TableName): JsonObject => ({ nftables: removal(table) });
