import { canonicalAddress, familyOf, formatAddress, parseAddress } from '../../model/address.js';

/** A command line being read from left to right, as VPP's unformat does: what does not fit stays for the complaint. */
export class Input {
  #rest: string;

  constructor(text: string) {
    this.#rest = text.trim();
  }

  /** What was not read yet. */
  get rest(): string {
    return this.#rest;
  }

  get isEmpty(): boolean {
    return this.#rest === '';
  }

  /** The next word, unread. */
  get next(): string {
    return /^\S*/.exec(this.#rest)![0];
  }

  /** Reads the next word, or ''. */
  word(): string {
    const word = this.next;
    this.#rest = this.#rest.slice(word.length).trimStart();
    return word;
  }

  /** Reads what `words` says: a key word, or a key word and what its value must look like. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = new RegExp(`^(?:${pattern.source})(?=\\s|$)`).exec(this.#rest);
    if (match === null) return undefined;
    this.#rest = this.#rest.slice(match[0].length).trimStart();
    return match;
  }
}

/** One clause of a command: what it looks like, and what it makes of the draft, or the sentence that refuses it. */
export interface Clause<Draft> {
  readonly pattern: RegExp;
  readonly read: (draft: Draft, value: string) => Draft | Refused;
}

export interface Refused {
  readonly refused: string;
}

export const isRefused = (value: object): value is Refused => 'refused' in value;

/** Reads clauses in any order until the line ends. The last group of a pattern is the clause's value. */
export function readClauses<Draft extends object>(
  input: Input,
  clauses: readonly Clause<Draft>[],
  start: Draft,
): Draft | Refused {
  let draft = start;
  while (!input.isEmpty) {
    const next = readClause(input, clauses, draft);
    if (next === undefined) return { refused: `parse error: '${input.rest}'` };
    if (isRefused(next)) return next;
    draft = next;
  }
  return draft;
}

function readClause<Draft extends object>(
  input: Input,
  clauses: readonly Clause<Draft>[],
  draft: Draft,
): Draft | Refused | undefined {
  for (const { pattern, read } of clauses) {
    const match = input.take(pattern);
    if (match !== undefined) return read(draft, match.at(-1)!);
  }
  return undefined;
}

export interface Prefix {
  readonly address: string;
  readonly prefixLength: number;
}

/** `90.1.2.3/8` is 90.0.0.0/8. Reads nothing if the next word is no prefix. */
export function takePrefix(input: Input): Prefix | undefined {
  const prefix = parsePrefix(input.next);
  if (prefix !== undefined) input.word();
  return prefix;
}

export function parsePrefix(text: string): Prefix | undefined {
  const [, base = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const bytes = parseAddress(base);
  const prefixLength = Number(length);
  if (bytes === undefined || prefixLength > 8 * bytes.length) return undefined;
  return { address: formatAddress(masked(bytes, prefixLength)), prefixLength };
}

const masked = (bytes: Uint8Array, length: number): Uint8Array =>
  bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))));

/** Whether an address lies in a prefix. */
export function isInside(address: string, { address: base, prefixLength }: Prefix): boolean {
  if (familyOf(address) !== familyOf(base)) return false;
  return parsePrefix(`${address}/${prefixLength}`)?.address === base;
}

/** Canonical text of an address of that family, or undefined. */
export function addressOf(text: string, family: 'ip4' | 'ip6'): string | undefined {
  const address = canonicalAddress(text);
  return address !== undefined && familyOf(address) === family ? address : undefined;
}

/** What %d of unformat takes. Larger than any limit is as good as huge. */
export const NUMBER = '-?\\d+';
/** What %u of unformat takes. */
export const UNSIGNED = '\\d+';
