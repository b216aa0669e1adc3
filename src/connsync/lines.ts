import { BUCKETS, BucketSet } from './fingerprint.js';

/**
 * What two directors say to each other about a resync, as lines of JSON; bytes are base64, numbers in them little-endian.
 *
 *     newcomer                                running director
 *     ask ────────────────────────────────►
 *                          ◄─────────────── want-digests      ┐
 *     digests ────────────────────────────►                   │ until nothing is missing
 *                          ◄─────────────── want-keys         │ (not if all is as expected)
 *     keys, keys … ───────────────────────►                   │
 *                          ◄─────────────── messages …        │
 *     taken … ────────────────────────────►                   ┘
 *                          ◄─────────────── complete, or refused
 *
 * `working` may come at any time: the other one is busy, and alive.
 */
export const RESYNC_VERSION = 2;

export type Line =
  | {
      readonly kind: 'ask';
      readonly version: number;
      readonly syncId: number;
      readonly maxLength: number;
      readonly seed: number;
    }
  | { readonly kind: 'want-digests' }
  /** `count`: connections in all. */
  | { readonly kind: 'digests'; readonly count: number; readonly digests: Uint32Array }
  | { readonly kind: 'want-keys'; readonly buckets: BucketSet }
  /** Pairs of bucket and key, which is never 0. */
  | { readonly kind: 'keys'; readonly keys: Uint32Array; readonly last: boolean }
  /** Of the sync protocol, as its kernel takes them. Numbered from 1. */
  | { readonly kind: 'messages'; readonly number: number; readonly messages: readonly Uint8Array[] }
  /** Those up to this number are in the newcomer's kernel. */
  | { readonly kind: 'taken'; readonly number: number }
  | { readonly kind: 'complete'; readonly report: ReplayReport }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'working' };

/** What the running director says at the end. */
export interface ReplayReport {
  readonly rounds: number;
  /** In its table when it looked last. */
  readonly connections: number;
  /** Those that were sent, repetitions included; and in how many messages. */
  readonly sent: number;
  readonly messages: number;
  /** Sent more than once, because they were not in the newcomer's table. */
  readonly repeated: number;
  /** Sent, and not in the newcomer's table in the end. More than 0: the resync did not succeed. */
  readonly missing: number;
  /** Sent in the last round, and looked for no more: they began while it ran. */
  readonly unverified: number;
  /** That no message can tell: too long, or lines of the kernel that we do not understand. */
  readonly untold: number;
  /** Whose service is gone: how they are forwarded is a guess. */
  readonly guessed: number;
}

const reportWords = [
  'rounds',
  'connections',
  'sent',
  'messages',
  'repeated',
  'missing',
  'unverified',
  'untold',
  'guessed',
] as const satisfies readonly (keyof ReplayReport)[];

/** Longer is no line of ours. Characters. */
export const LONGEST_LINE = 256 * 1024;

/** Pairs in a line with keys. */
export const KEYS_PER_LINE = 8192;

export function encodeLine(line: Line): string {
  switch (line.kind) {
    case 'digests':
      return textOf({ ...line, digests: base64OfWords(line.digests) });
    case 'keys':
      return textOf({ ...line, keys: base64OfWords(line.keys) });
    case 'want-keys':
      return textOf({ ...line, buckets: base64(line.buckets.bits) });
    case 'messages':
      return textOf({ ...line, messages: line.messages.map(base64) });
    default:
      return textOf(line);
  }
}

const textOf = (value: object): string => `${JSON.stringify(value)}\n`;

/** undefined: none of ours. */
export function decodeLine(text: string): Line | undefined {
  const told = objectOf(text);
  if (told === undefined) return undefined;
  switch (told['kind']) {
    case 'ask': {
      const { version, syncId, maxLength, seed } = told;
      if (!isCount(version) || !isCount(syncId) || !isCount(maxLength) || !isCount(seed)) return undefined;
      return syncId > 255 || seed > 0xffff_ffff ? undefined : { kind: 'ask', version, syncId, maxLength, seed };
    }
    case 'want-digests':
    case 'working':
      return { kind: told['kind'] };
    case 'digests': {
      const digests = wordsOf(told['digests']);
      const { count } = told;
      return digests?.length === BUCKETS && isCount(count) ? { kind: 'digests', count, digests } : undefined;
    }
    case 'want-keys': {
      const bits = bytesOf(told['buckets']);
      return bits?.length === BUCKETS / 8 ? { kind: 'want-keys', buckets: new BucketSet(bits) } : undefined;
    }
    case 'keys':
      return keysOf(told);
    case 'messages':
      return messagesOf(told);
    case 'taken':
      return isCount(told['number']) ? { kind: 'taken', number: told['number'] } : undefined;
    case 'complete': {
      const report = reportOf(told['report']);
      return report === undefined ? undefined : { kind: 'complete', report };
    }
    case 'refused':
      return typeof told['why'] === 'string' ? { kind: 'refused', why: told['why'] } : undefined;
    default:
      return undefined;
  }
}

type Told = Readonly<Record<string, unknown>>;

function keysOf({ keys, last }: Told): Line | undefined {
  const words = wordsOf(keys);
  if (words === undefined || words.length % 2 !== 0 || typeof last !== 'boolean') return undefined;
  for (let i = 0; i < words.length; i += 2) if (words[i]! >= BUCKETS || words[i + 1] === 0) return undefined;
  return { kind: 'keys', keys: words, last };
}

function messagesOf({ number, messages }: Told): Line | undefined {
  if (!isCount(number) || !Array.isArray(messages)) return undefined;
  const all = messages.map(bytesOf);
  return all.includes(undefined) ? undefined : { kind: 'messages', number, messages: all as Uint8Array[] };
}

function reportOf(told: unknown): ReplayReport | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const values = told as Told;
  if (!reportWords.every((word) => isCount(values[word]))) return undefined;
  return Object.fromEntries(reportWords.map((word) => [word, values[word]])) as unknown as ReplayReport;
}

function objectOf(text: string): Told | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Told) : undefined;
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
const base64OfWords = (words: Uint32Array): string =>
  base64(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));

const bytesOf = (told: unknown): Uint8Array<ArrayBuffer> | undefined =>
  typeof told === 'string' ? new Uint8Array(Buffer.from(told, 'base64')) : undefined;

function wordsOf(told: unknown): Uint32Array | undefined {
  const bytes = bytesOf(told);
  return bytes === undefined || bytes.length % 4 !== 0 ? undefined : new Uint32Array(bytes.buffer);
}
