import type { Json, JsonObject } from './ruleset.js';

/** True if what `nft -j list table` told is exactly what is wanted. */
export const sameRuleset = (wanted: readonly JsonObject[], listed: Json): boolean =>
  JSON.stringify(normal(wanted)) === JSON.stringify(normal(objectsOf(listed)));

/** The objects of a listing, but for the one that tells nft's version. */
export function objectsOf(listed: Json): readonly Json[] {
  const objects = isObject(listed) ? listed['nftables'] : undefined;
  return isList(objects) ? objects.filter((object) => !isObject(object) || !('metainfo' in object)) : [];
}

/**
 * Versions of nft differ in what they write for the same: lists of one may be plain, sets come in any order, and handles are the
 * kernel's. Objects are sorted by kind, since sets may be listed before or after chains; rules keep their order.
 */
function normal(objects: readonly Json[]): Json[] {
  const kinds = ['table', 'set', 'chain', 'rule'];
  const rank = (object: Json): number => (isObject(object) ? kinds.indexOf(Object.keys(object)[0] ?? '') : -1);
  return [...objects]
    .sort((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)))
    .map((object) => plain(object, ''));
}

function nameOf(object: Json): string {
  if (!isObject(object)) return '';
  const set = object['set'];
  return set !== undefined && isObject(set) && typeof set['name'] === 'string' ? set['name'] : '';
}

function plain(value: Json, key: string): Json {
  if (isList(value)) {
    const items = value.map((item) => plain(item, ''));
    if (items.length === 1) return items[0]!;
    return key === 'set' || key === 'elem' || key === 'flags' ? items.sort(byText) : items;
  }
  if (typeof value === 'string') return protocols.get(value) ?? value;
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([name]) => name !== 'handle');
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, inner]) => [name, plain(inner, name)]),
  );
}

/** Where /etc/protocols is missing nft writes numbers. */
const protocols: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
]);

const byText = (a: Json, b: Json): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

const isObject = (value: Json): value is JsonObject => typeof value === 'object' && value !== null && !isList(value);
