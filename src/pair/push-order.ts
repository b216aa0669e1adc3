/** What lvsctl asks of the director that leads a push, and what it is told. Plain data. */
import type { PushEnd, RoundsState, Side } from './push-rounds.js';

export interface PushOrder {
  /** An absolute path; null: the file of the director. */
  readonly file: string | null;
  /** When both bring it into force: at a moment (ms since 1970), after a while, or at once. */
  readonly when: { readonly atMs: number } | { readonly inMs: number } | null;
  /** Only ask whether the peer would take it. */
  readonly checkOnly: boolean;
  /** Overwrite whatever the peer has. */
  readonly force: boolean;
}

export interface PushResult {
  readonly id: string;
  /** scheduled: both would take it, and the moment is far away: the log will say how it ends. */
  readonly end: PushEnd | { readonly is: 'scheduled' };
  /** What was said of the text, each with its place. */
  readonly complaints: Readonly<Record<Side, readonly string[]>>;
  /** Of the text. */
  readonly fingerprint: string;
  /** The moment, ms since 1970. */
  readonly atMs: number | null;
}

/** What `lvsctl push --status` shows. */
export interface PushStatus {
  /** Of what is in force here; null: it does not come from files. */
  readonly fingerprint: string | null;
  /** Whether a push of the peer would be looked at. */
  readonly accepts: boolean;
  /** One that is led from here and has not ended. */
  readonly running: { readonly id: string; readonly state: RoundsState['is']; readonly atMs: number | null } | null;
  /** The last one that was led from here. */
  readonly last: PushResult | null;
  /** This side of one, whoever leads it. */
  readonly here: string;
}

const isCount = (told: unknown): told is number => typeof told === 'number' && Number.isFinite(told) && told >= 0;

/** undefined: it is none. */
export function decodePushOrder(told: unknown): PushOrder | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { file, when, checkOnly, force } = told as Readonly<Record<string, unknown>>;
  if (file !== null && (typeof file !== 'string' || !file.startsWith('/'))) return undefined;
  if (typeof checkOnly !== 'boolean' || typeof force !== 'boolean') return undefined;
  const moment = decodeMoment(when);
  return moment === undefined ? undefined : { file, when: moment, checkOnly, force };
}

function decodeMoment(told: unknown): PushOrder['when'] | undefined {
  if (told === null) return null;
  if (typeof told !== 'object') return undefined;
  const { atMs, inMs } = told as Readonly<Record<string, unknown>>;
  if (isCount(atMs)) return { atMs };
  return isCount(inMs) ? { inMs } : undefined;
}
