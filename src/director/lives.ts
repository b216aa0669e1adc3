import type { RealServer, SlowStart, VirtualServer } from '../config/configuration.js';

/** What is remembered of one real server, to know what its verdict means for the table. */
export interface Life {
  readonly up: boolean;
  /** Since when, in the clock's milliseconds; -Infinity: since before we looked. */
  readonly sinceMs: number;
  /** Packets went to it: it may have connections, and the pool guard may keep it in. */
  readonly served: boolean;
  /** It came up while its service ran, so its weight climbs (slow_start). */
  readonly climbs: boolean;
}

/** One look at a server. `isNew`: its virtual server is looked at for the first time. Pure. */
export function follow(before: Life | undefined, isUp: boolean, isNew: boolean, server: RealServer, now: number): Life {
  if (before !== undefined && before.up === isUp) return before;
  if (before !== undefined) return { up: isUp, sinceMs: now, served: before.served || isUp, climbs: isUp };
  const alpha = server.checks.some(({ pace }) => pace.alpha);
  return {
    up: isUp,
    sinceMs: isNew ? Number.NEGATIVE_INFINITY : now,
    served: isUp || (isNew && !alpha),
    climbs: isUp && !isNew,
  };
}

/** Something that holds until a moment, when it must be looked at again; Infinity: for good. */
export interface Until<T> {
  readonly value: T;
  readonly untilMs: number;
}

const forGood = <T>(value: T): Until<T> => ({ value, untilMs: Number.POSITIVE_INFINITY });

/** A climb has no more steps than this, so that a thousand servers that climb do not keep the kernel busy. */
const MOST_STEPS = 20;

/** The weight of a server that is up, now: a part of `full` while it climbs, never 0. Pure. */
export function climbingWeight(my: SlowStart | undefined, life: Life, full: number, now: number): Until<number> {
  if (my === undefined || !life.climbs || full <= 1) return forGood(full);
  const steps = Math.min(MOST_STEPS, full - 1);
  const stepMs = (1000 * my.seconds) / steps;
  const done = Math.floor((now - life.sinceMs) / stepMs + 1e-9);
  if (done >= steps) return forGood(full);
  const share = my.fromPercent / 100 + (1 - my.fromPercent / 100) * (done / steps);
  return { value: Math.max(1, Math.floor(full * share)), untilMs: life.sinceMs + (done + 1) * stepMs };
}

/**
 * Where a server that is out of service belongs: in the table with weight 0, or nowhere. One that is up, for which a sorry server stands
 * in, drains for as long as that does. Pure.
 */
export function placeOfIdle(
  virtual: VirtualServer,
  server: RealServer,
  life: Life,
  now: number,
): Until<'idle' | 'out'> {
  const { deadFlows } = virtual;
  if (server.inhibitOnFailure || deadFlows.do === 'keep') return forGood('idle');
  if (deadFlows.do !== 'drain' || !life.served) return forGood('out');
  if (life.up) return forGood('idle');
  const untilMs = life.sinceMs + 1000 * deadFlows.seconds;
  return now < untilMs ? { value: 'idle', untilMs } : forGood('out');
}

/**
 * Which servers that are down stay in service all the same (pool_guard): checks may take out a share of the servers, rounded down,
 * and those that failed first are taken. Servers that never served are out and count as such. By index. Pure.
 */
export function guarded(percent: number | undefined, lives: readonly Life[]): ReadonlySet<number> {
  if (percent === undefined) return new Set();
  const allowed = Math.floor((lives.length * percent) / 100);
  const never = lives.filter(({ up, served }) => !up && !served).length;
  const failed = [...lives.keys()].filter((i) => !lives[i]!.up && lives[i]!.served);
  failed.sort((a, b) => (lives[a]!.sinceMs === lives[b]!.sinceMs ? a - b : lives[a]!.sinceMs - lives[b]!.sinceMs));
  return new Set(failed.slice(Math.max(0, allowed - never)));
}
