import { familyOf } from '../model/address.js';
import type { Json, JsonObject, TableName } from './ruleset.js';
import { objectsOf, sameRuleset } from './same.js';

/**
 * A real server of L3DSR: packets to an address of this machine with this DSCP are for the VIP.
 *
 *   client ──► VIP, director: destination = server, DSCP = 7 ──► server: destination = VIP again ──► its socket, which answers as VIP
 *
 * The rule rewrites the destination before connection tracking and routing look (priority raw) and remembers nothing: nftables puts the
 * header's checksum right and the pseudo header's part of those of TCP, UDP and ICMPv6. A DSCP is in every fragment, so each finds its way.
 */
export interface DscpMapping {
  /** 0 to 63. */
  readonly dscp: number;
  readonly vip: string;
}

export const l3dsrTable: TableName = { family: 'inet', name: 'lvsd-l3dsr' };

/** NF_IP_PRI_RAW. */
const PRIORITY = -300;
const CHAIN = 'prerouting';

/** What the table holds, in libnftables' JSON. */
export function l3dsrRuleset(mappings: readonly DscpMapping[], { family, name }: TableName): JsonObject[] {
  return [
    { table: { family, name } },
    {
      chain: { family, table: name, name: CHAIN, type: 'filter', hook: 'prerouting', prio: PRIORITY, policy: 'accept' },
    },
    ...mappings.map((mapping) => ({ rule: { family, table: name, chain: CHAIN, expr: expression(mapping) } })),
  ];
}

/** What this machine says to itself is not a director's, whatever its DSCP. */
function expression({ dscp, vip }: DscpMapping): Json[] {
  const protocol = familyOf(vip) === 'ip4' ? 'ip' : 'ip6';
  return [
    { match: { op: '!=', left: { meta: { key: 'iifname' } }, right: 'lo' } },
    { match: { op: '==', left: { payload: { protocol, field: 'dscp' } }, right: dscp } },
    { match: { op: '==', left: { fib: { result: 'type', flags: ['daddr'] } }, right: 'local' } },
    { mangle: { key: { payload: { protocol, field: 'daddr' } }, value: vip } },
  ];
}

/** What `nft -j list table` told, as mappings. `exact`: nothing else is in it, and nothing is otherwise than we put it there. */
export function readMappings(
  listed: Json,
  table: TableName,
): { readonly mappings: readonly DscpMapping[]; readonly exact: boolean } {
  const rules = objectsOf(listed).flatMap((object) => field(object, 'rule') ?? []);
  const mappings = rules.flatMap((rule) => mappingOf(field(rule, 'expr')) ?? []);
  const numbered = JSON.parse(JSON.stringify(listed), (_, value: Json) => withNumber(value)) as Json;
  return { mappings, exact: sameRuleset(l3dsrRuleset(mappings, table), numbered) };
}

function mappingOf(expr: Json | undefined): DscpMapping | undefined {
  if (!isList(expr)) return undefined;
  let [dscp, vip]: [number | undefined, Json | undefined] = [undefined, undefined];
  for (const part of expr) {
    const match = field(part, 'match');
    if (isDscp(field(match, 'left'))) dscp = numberOf(field(match, 'right'));
    vip = field(field(part, 'mangle'), 'value') ?? vip;
  }
  return dscp === undefined || typeof vip !== 'string' ? undefined : { dscp, vip };
}

const isDscp = (left: Json | undefined): boolean => field(field(left, 'payload'), 'field') === 'dscp';

/** A match of a DSCP with its number, where nft writes a name. */
function withNumber(value: Json): Json {
  if (!isDscp(field(value, 'left'))) return value;
  return { ...(value as JsonObject), right: numberOf(field(value, 'right')) ?? null };
}

/** Names that nft has for some of them (RFC 2474, 2597, 3246, 5865, 8622). */
const names: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: 8 }, (_, i): [string, number] => [`cs${i}`, 8 * i]),
  ...[1, 2, 3, 4].flatMap((c) => [1, 2, 3].map((drop): [string, number] => [`af${c}${drop}`, 8 * c + 2 * drop])),
  ['df', 0],
  ['be', 0],
  ['lephb', 1],
  ['va', 44],
  ['ef', 46],
]);

function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  return names.get(value) ?? (/^(0x[0-9a-f]{1,2}|\d{1,2})$/i.test(value) ? Number(value) : undefined);
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

const field = (value: Json | undefined, name: string): Json | undefined =>
  typeof value === 'object' && value !== null && !isList(value) ? value[name] : undefined;
