/** What the two directors ask each other to bring one configuration into force on both. Plain data; what comes is looked at. */
import { type Bundle, decodeBundle } from '../config/bundle.js';
import { LvsError } from '../errors.js';
import type { PeerAnswer, PeerQuestion } from './questions.js';

export type PushQuestion =
  /** How late it is: ms since 1970. */
  | { readonly do: 'push-clock' }
  | ({ readonly do: 'push-offer' } & PushOffer)
  /** Bring it into force, on trial. `atMs`: ms since 1970 by the clock of who is asked; null: now. */
  | { readonly do: 'push-commit'; readonly id: string; readonly atMs: number | null }
  /** It stays; or what was before comes back, however far it had come. */
  | { readonly do: 'push-settle'; readonly id: string; readonly keep: boolean; readonly why: string };

export interface PushOffer {
  readonly id: string;
  /** Who offers it, as its log calls itself. */
  readonly from: string;
  readonly files: Bundle;
  /** Fingerprints, one of which must be in force; null: whatever is. */
  readonly against: readonly string[] | null;
  /** How long the offer stands. */
  readonly holdMs: number;
}

/** What is answered to all but push-clock. */
export interface PushReply {
  /** A sentence; null: done. */
  readonly failed: string | null;
  /** What was said of the text, each with its place. */
  readonly complaints: readonly string[];
}

export const done: PushReply = { failed: null, complaints: [] };
export const failure = (failed: string, complaints: readonly string[] = []): PushReply => ({ failed, complaints });

/** undefined: it is none. */
export function decodePushQuestion(told: PeerQuestion): PushQuestion | undefined {
  const { id, atMs, keep, why } = told;
  switch (told.do) {
    case 'push-clock':
      return { do: 'push-clock' };
    case 'push-offer':
      return decodeOffer(told);
    case 'push-commit':
      return isId(id) && (atMs === null || typeof atMs === 'number') ? { do: 'push-commit', id, atMs } : undefined;
    case 'push-settle':
      return isId(id) && typeof keep === 'boolean' && typeof why === 'string'
        ? { do: 'push-settle', id, keep, why }
        : undefined;
    default:
      return undefined;
  }
}

function decodeOffer({ id, from, files, against, holdMs }: PeerQuestion): PushQuestion | undefined {
  const bundle = decodeBundle(files);
  const isAgainst = against === null || isListOfText(against);
  if (!isId(id) || typeof from !== 'string' || bundle === undefined || !isAgainst) return undefined;
  if (typeof holdMs !== 'number' || !(holdMs >= 0)) return undefined;
  return { do: 'push-offer', id, from, files: bundle, against, holdMs };
}

/** @throws LvsError PAIR_REFUSED: the other side speaks another language */
export function readPushReply(answer: PeerAnswer): PushReply {
  if (!answer.ok) throw refused(answer.error);
  const { failed, complaints } = (answer.result ?? {}) as Readonly<Record<string, unknown>>;
  if ((failed !== null && typeof failed !== 'string') || !isListOfText(complaints)) throw refused(STRANGE);
  return { failed, complaints };
}

/** ms since 1970. @throws LvsError PAIR_REFUSED */
export function readPushClock(answer: PeerAnswer): number {
  if (!answer.ok) throw refused(answer.error);
  if (typeof answer.result !== 'number') throw refused(STRANGE);
  return answer.result;
}

const STRANGE = 'the peer answers what this lvsd does not understand';

const refused = (why: string): LvsError => new LvsError('PAIR_REFUSED', [why]);

const isId = (told: unknown): told is string => typeof told === 'string' && /^[0-9a-f]{16}$/.test(told);
const isListOfText = (told: unknown): told is readonly string[] =>
  Array.isArray(told) && told.every((one) => typeof one === 'string');
