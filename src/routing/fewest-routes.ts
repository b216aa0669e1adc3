import { addressBytes } from '../model/address.js';

interface Prefixed {
  readonly prefix: string;
  readonly prefixLength: number;
}

/**
 * Those routes without which packets would go another way: one that leads where the next prefix around it leads anyway is left out. Of a
 * full BGP table behind a few gateways few are left. `leadsTo`: equal text for equal ways; undefined: its own, whatever is around it. Pure.
 */
export function fewestRoutes<T extends Prefixed>(
  routes: Iterable<T>,
  leadsTo: (route: T) => string | undefined,
): readonly T[] {
  const rows = [...routes].map((route) => {
    const bytes = addressBytes(route.prefix);
    // a prefix comes before what is in it; families do not mix
    const base = String.fromCharCode(bytes.length, ...bytes);
    return { route, base, key: base + String.fromCharCode(route.prefixLength), way: leadsTo(route) };
  });
  rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const around: (typeof rows)[number][] = [];
  const kept: T[] = [];
  for (const row of rows) {
    while (around.length > 0 && !contains(around.at(-1)!, row)) around.pop();
    const outer = around.at(-1);
    if (row.way === undefined || outer === undefined || outer.way !== row.way) kept.push(row.route);
    around.push(row);
  }
  return kept;
}

function contains(
  { base, route: { prefixLength } }: { readonly base: string; readonly route: Prefixed },
  inner: { readonly base: string; readonly route: Prefixed },
): boolean {
  if (base.length !== inner.base.length || prefixLength > inner.route.prefixLength) return false;
  const whole = 1 + (prefixLength >> 3);
  for (let i = 1; i < whole; i++) if (base.charCodeAt(i) !== inner.base.charCodeAt(i)) return false;
  const bits = prefixLength & 7;
  return bits === 0 || ((base.charCodeAt(whole) ^ inner.base.charCodeAt(whole)) & (0xff << (8 - bits)) & 0xff) === 0;
}
