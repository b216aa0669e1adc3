/** What an operator asks of the fleet, and what he is answered. Plain data. */
import { FLEET_NAME } from '../config/fleet.js';
import type { DirectorReport } from './report.js';

export type FleetOrder =
  | { readonly what: 'status' }
  /** Reads it as it would be read, beside the other documents. */
  | { readonly what: 'check'; readonly name: string; readonly only: string | null; readonly text: string }
  | {
      readonly what: 'put';
      readonly name: string;
      readonly only: string | null;
      readonly text: string;
      /** Who wrote it and why, for the history. */
      readonly who: string;
      readonly comment: string;
    }
  | { readonly what: 'get'; readonly name: string; readonly only: string | null; readonly revision: number | null }
  | { readonly what: 'history'; readonly name: string; readonly only: string | null }
  | {
      readonly what: 'rollback';
      readonly name: string;
      readonly only: string | null;
      readonly revision: number;
      readonly who: string;
    }
  | { readonly what: 'remove'; readonly name: string; readonly only: string | null }
  /** What one director has tried becomes everybody's. */
  | { readonly what: 'promote'; readonly name: string; readonly only: string; readonly who: string };

export interface DocumentListed {
  readonly name: string;
  readonly only: string | null;
  readonly modRevision: number;
  readonly version: number;
  readonly bytes: number;
}

export interface FleetSeen {
  /** Who answers. */
  readonly here: string;
  readonly prefix: string;
  /** Why the rest is only what this director knows of itself; null: etcd answers. */
  readonly away: string | null;
  readonly revision: number;
  readonly documents: readonly DocumentListed[];
  readonly directors: readonly DirectorReport[];
  /** What is not as it should be, each as a sentence. */
  readonly differences: readonly string[];
}

export interface FleetChecked {
  readonly warnings: readonly string[];
  /** Of the virtual servers of all documents together. */
  readonly virtualServers: number;
}

export interface FleetWritten extends FleetChecked {
  readonly revision: number;
}

export interface FleetVersion {
  readonly revision: number;
  readonly version: number;
  /** ISO; empty: it was not written by lvsctl. */
  readonly at: string;
  readonly who: string;
  readonly comment: string;
  readonly bytes: number;
}

/** What a name may be said to be in a sentence. */
export const documentName = (name: string, only: string | null): string =>
  `document '${name}'${only === null ? '' : ` of ${only}`}`;

const LONGEST_TEXT = 1024 * 1024;
const LONGEST_COMMENT = 1000;

/** undefined: it is none. A daemon believes nobody. */
export function decodeFleetOrder(told: unknown): FleetOrder | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { what, name, only, text, revision, who, comment } = told as Readonly<Record<string, unknown>>;
  if (what === 'status') return { what };
  if (!isName(name) || !(only === null || isName(only))) return undefined;
  const isText = typeof text === 'string' && text.length <= LONGEST_TEXT;
  const isNumber = typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0;
  const isWho = typeof who === 'string' && who.length <= LONGEST_COMMENT;
  switch (what) {
    case 'check':
      return isText ? { what, name, only, text } : undefined;
    case 'put':
      return isText && isWho && typeof comment === 'string' && comment.length <= LONGEST_COMMENT
        ? { what, name, only, text, who, comment }
        : undefined;
    case 'get':
      return isNumber || revision === null ? { what, name, only, revision } : undefined;
    case 'rollback':
      return isNumber && isWho ? { what, name, only, revision, who } : undefined;
    case 'promote':
      return only !== null && isWho ? { what, name, only, who } : undefined;
    case 'history':
    case 'remove':
      return { what, name, only };
    default:
      return undefined;
  }
}

const isName = (told: unknown): told is string => typeof told === 'string' && FLEET_NAME.test(told);
