/** What native/bench/vrrp_probe.cc says, and what follows from it. Milliseconds of CLOCK_MONOTONIC. */

export interface Echo {
  readonly sentMs: number;
  /** undefined: nobody answered. */
  readonly ttl: number | undefined;
}

export interface SeenAdvert {
  readonly atMs: number;
  readonly source: string;
  readonly vrid: number;
  readonly priority: number;
}

export interface Seen {
  readonly adverts: readonly SeenAdvert[];
  readonly echoes: readonly Echo[];
}

const NS_PER_MS = 1e6;

/** @throws on a line that the probe does not print */
export function seenOf(lines: readonly string[]): Seen {
  const adverts: SeenAdvert[] = [];
  const echoes: Echo[] = [];
  for (const line of lines) {
    const [what, at = '', second = '', third = '', fourth = ''] = line.split(' ');
    const atMs = Number(at) / NS_PER_MS;
    if (what === 'advert') adverts.push({ atMs, source: second, vrid: Number(third), priority: Number(fourth) });
    else if (what === 'echo') echoes.push({ sentMs: atMs, ttl: second === '0' ? undefined : Number(third) });
    else throw new Error(`the probe said: ${line}`);
  }
  return { adverts, echoes };
}

/** The longest time from a request that nobody answered to one that somebody did. @param fromMs of an event */
export function outageMs(echoes: readonly Echo[], fromMs: number): number {
  let longest = 0;
  let since: number | undefined;
  for (const { sentMs, ttl } of echoes) {
    if (sentMs < fromMs) continue;
    if (ttl === undefined) since ??= sentMs;
    else if (since !== undefined) {
      longest = Math.max(longest, sentMs - since);
      since = undefined;
    }
  }
  return since === undefined ? longest : Math.max(longest, echoes.at(-1)!.sentMs - since);
}

/** When the one who is known by this TTL first answered after an event; undefined: never. */
export const firstAnswerMs = (echoes: readonly Echo[], ttl: number, fromMs: number): number | undefined =>
  echoes.find((echo) => echo.sentMs >= fromMs && echo.ttl === ttl)?.sentMs;

/** The moment from which a backup hears nothing: of the last advert of a master before it fell silent. */
export const lastAdvertMs = (adverts: readonly SeenAdvert[], source: string, untilMs: number): number | undefined =>
  adverts.findLast((advert) => advert.source === source && advert.atMs <= untilMs)?.atMs;

const STEPS = 256;
/** Version 3: how long a backup of this priority waits after the last advert (RFC 9568 §6.1). */
export const skewMs = (priority: number, advertMs: number): number => ((STEPS - priority) * advertMs) / STEPS;
export const masterDownMs = (priority: number, advertMs: number): number => 3 * advertMs + skewMs(priority, advertMs);

/** How much later than one interval after the one before it each advert came. */
export function latenessMs(adverts: readonly SeenAdvert[], source: string, advertMs: number): readonly number[] {
  const last = new Map<number, number>();
  const late: number[] = [];
  for (const { atMs, vrid, source: from } of adverts) {
    if (from !== source) continue;
    const before = last.get(vrid);
    if (before !== undefined) late.push(Math.max(atMs - before - advertMs, 0));
    last.set(vrid, atMs);
  }
  return late;
}

/**
 * How often somebody began to speak as master. Who has gone back and takes over again was silent for three intervals at least;
 * who is quiet for less has not gone back.
 */
export function takeovers(adverts: readonly SeenAdvert[], source: string, advertMs: number): number {
  const last = new Map<number, number>();
  let count = 0;
  for (const { atMs, vrid, source: from, priority } of adverts) {
    if (from !== source || priority === 0) continue;
    const before = last.get(vrid);
    if (before === undefined || atMs - before > 2 * advertMs) count++;
    last.set(vrid, atMs);
  }
  return count;
}

/** What this share of the values does not exceed; NaN: there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN;
}
