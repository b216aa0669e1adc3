import type { DynamicWeight } from '../health/check.js';
import type { Verdict } from '../health/judge.js';

/** What is kept of health over a reload, a restart and kill -9. Plain data; times are milliseconds since 1970. */
export interface HealthState {
  /** By serverName. */
  readonly servers: ReadonlyMap<string, KeptServer>;
  /** What was told last (scripts, mail) of servers and of the quorums of virtual servers, by name. */
  readonly told: ReadonlyMap<string, boolean>;
}

export interface KeptServer {
  readonly up: boolean;
  /** By checkId. Of a server that is up only those of which there is more to say than that they are. */
  readonly checks: ReadonlyMap<string, KeptCheck>;
  /** It is not in the file any more, since then. */
  readonly goneMs?: number;
}

export interface KeptCheck {
  /** The kind of check. */
  readonly is: string;
  readonly verdict: Verdict;
  readonly sinceMs?: number;
  readonly weight?: DynamicWeight;
  /** For flap damping: the falls that still count. */
  readonly fellAtMs?: readonly number[];
  readonly damped?: true;
}

const VERSION = 1;
/** What is longer is not read: a million servers need less. */
const LONGEST = 128 * 1024 * 1024;
const MOST_FALLS = 100;

export function encodeHealth({ servers, told }: HealthState): string {
  const entries = [...servers].map(([name, { checks, ...rest }]): [string, unknown] => [
    name,
    checks.size === 0 ? rest : { ...rest, checks: Object.fromEntries(checks) },
  ]);
  return `${JSON.stringify({ version: VERSION, servers: Object.fromEntries(entries), told: Object.fromEntries(told) })}\n`;
}

/** undefined: this is no such file, or one of another version. */
export function decodeHealth(text: string): HealthState | undefined {
  if (text.length > LONGEST) return undefined;
  try {
    const said: unknown = JSON.parse(text);
    const { version, servers, told } = record(said);
    if (version !== VERSION) return undefined;
    return {
      servers: new Map(Object.entries(record(servers)).map(([name, server]) => [name, decodeServer(server)])),
      told: new Map(Object.entries(record(told)).map(([name, isUp]) => [name, boolean(isUp)])),
    };
  } catch {
    return undefined;
  }
}

function decodeServer(said: unknown): KeptServer {
  const { up, checks = {}, goneMs } = record(said);
  return {
    up: boolean(up),
    checks: new Map(Object.entries(record(checks)).map(([id, check]) => [id, decodeCheck(check)])),
    ...(goneMs === undefined ? {} : { goneMs: number(goneMs) }),
  };
}

function decodeCheck(said: unknown): KeptCheck {
  const { is, verdict, sinceMs, weight, fellAtMs, damped } = record(said);
  if (typeof is !== 'string' || (verdict !== 'up' && verdict !== 'down')) throw new TypeError('not a check');
  return {
    is,
    verdict,
    ...(sinceMs === undefined ? {} : { sinceMs: number(sinceMs) }),
    ...(weight === undefined ? {} : { weight: decodeWeight(weight) }),
    ...(fellAtMs === undefined ? {} : { fellAtMs: numbers(fellAtMs) }),
    ...(damped === undefined ? {} : { damped: yes(damped) }),
  };
}

function decodeWeight(said: unknown): DynamicWeight {
  const { set, add } = record(said);
  return set === undefined ? { add: number(add) } : { set: number(set) };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('not an object');
  return value as Record<string, unknown>;
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('not a number');
  return value;
}

function numbers(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length > MOST_FALLS) throw new TypeError('not a list');
  return value.map(number);
}

function boolean(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError('not a boolean');
  return value;
}

function yes(value: unknown): true {
  if (value !== true) throw new TypeError('not true');
  return value;
}
