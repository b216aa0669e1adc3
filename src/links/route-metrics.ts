import { text, u32, type Values } from '../netlink/attributes.js';

/** RTAX_* of <linux/rtnetlink.h>, by their names of ip-route(8). Times of the kernel: rtt in 1/8 ms, rttvar in 1/4 ms, rto_min in ms. */
export const metricAttrs = {
  lock: [1, u32],
  mtu: [2, u32],
  window: [3, u32],
  rtt: [4, u32],
  rttvar: [5, u32],
  ssthresh: [6, u32],
  cwnd: [7, u32],
  advmss: [8, u32],
  reordering: [9, u32],
  hoplimit: [10, u32],
  initcwnd: [11, u32],
  features: [12, u32],
  rto_min: [13, u32],
  initrwnd: [14, u32],
  quickack: [15, u32],
  congctl: [16, text],
  fastopen_no_cookie: [17, u32],
} as const;

export type Metrics = Values<typeof metricAttrs>;

const scales: ReadonlyMap<string, number> = new Map([
  ['rtt', 8],
  ['rttvar', 4],
]);
/** RTAX_FEATURE_*. */
const features: ReadonlyMap<string, number> = new Map([['ecn', 1]]);

/** undefined: there are none. Times are in milliseconds. @throws TypeError for a word that is no metric */
export function metricsOf(
  words: Readonly<Record<string, { readonly value: number | string; readonly locked: boolean }>>,
): Metrics | undefined {
  const metrics: Metrics = {};
  let lock = 0;
  for (const [word, { value, locked }] of Object.entries(words)) {
    const name = Object.keys(metricAttrs).find((known): known is keyof Metrics => known === word && known !== 'lock');
    if (name === undefined) throw new TypeError(`no metric of routes: ${word}`);
    if (locked || word === 'rto_min') lock |= 1 << metricAttrs[name][0]; // ip(8) locks this one always
    if (name === 'congctl') metrics.congctl = String(value);
    else metrics[name] = typeof value === 'number' ? value * (scales.get(word) ?? 1) : (features.get(value) ?? 0);
  }
  if (Object.keys(metrics).length === 0) return undefined;
  return lock === 0 ? metrics : { ...metrics, lock: lock >>> 0 };
}
