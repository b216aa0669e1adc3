/** The JSON of etcd's v3 gateway (grpc-gateway; api/etcdserverpb/rpc.proto): keys and values in base64, 64-bit numbers as text. Pure. */

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Of the store, when the key was made and when it was written last. */
  readonly createRevision: number;
  readonly modRevision: number;
  /** How often it was written since it was made, from 1. */
  readonly version: number;
}

/** One state of a range of keys. */
export interface Range {
  /** Of the store, when it was read. */
  readonly revision: number;
  readonly items: readonly KeyValue[];
}

/** Keys from `from` on, without `end`. */
export interface KeyRange {
  readonly from: string;
  readonly end: string;
}

/** A key and whether it must be as it was when it was read: its modRevision, 0: absent. */
export interface Expected {
  readonly key: string;
  readonly modRevision: number;
}

export type Write = { readonly put: string; readonly value: string } | { readonly delete: string };

export const encoded = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
const decoded = (text: unknown): string => Buffer.from(typeof text === 'string' ? text : '', 'base64').toString('utf8');

/** All keys that begin with it; it does not end with U+FFFF. */
export function keysBelow(prefix: string): KeyRange {
  const last = prefix.charCodeAt(prefix.length - 1);
  return { from: prefix, end: prefix.slice(0, -1) + String.fromCharCode(last + 1) };
}

type Json = Readonly<Record<string, unknown>>;
const json = (told: unknown): Json => (typeof told === 'object' && told !== null ? (told as Json) : {});
const list = (told: unknown): readonly unknown[] => (Array.isArray(told) ? (told as readonly unknown[]) : []);
/** proto3 leaves out what is 0. */
const number = (told: unknown): number => {
  const value = typeof told === 'string' || typeof told === 'number' ? Number(told) : 0;
  return Number.isSafeInteger(value) ? value : 0;
};

export const revisionOf = (told: unknown): number => number(json(json(told)['header'])['revision']);

export function readRange(told: unknown): Range {
  const items = list(json(told)['kvs']).map((one): KeyValue => {
    const kv = json(one);
    return {
      key: decoded(kv['key']),
      value: decoded(kv['value']),
      createRevision: number(kv['create_revision']),
      modRevision: number(kv['mod_revision']),
      version: number(kv['version']),
    };
  });
  return { revision: revisionOf(told), items };
}

export const rangeRequest = ({ from, end }: KeyRange): Json => ({ key: encoded(from), range_end: encoded(end) });

/** Everything written, if everything expected holds. */
export const txnRequest = (expected: readonly Expected[], writes: readonly Write[]): Json => ({
  compare: expected.map(({ key, modRevision }) => ({
    key: encoded(key),
    target: 'MOD',
    result: 'EQUAL',
    mod_revision: String(modRevision),
  })),
  success: writes.map((write) =>
    'put' in write
      ? { request_put: { key: encoded(write.put), value: encoded(write.value) } }
      : { request_delete_range: { key: encoded(write.delete) } },
  ),
});

/** undefined: something was not as expected, and nothing was written. */
export const readTxn = (told: unknown): { readonly revision: number } | undefined =>
  json(told)['succeeded'] === true ? { revision: revisionOf(told) } : undefined;

export interface Lease {
  readonly id: string;
  readonly seconds: number;
}

/** undefined: the answer has none. */
export function readLease(told: unknown): Lease | undefined {
  const { ID: id, TTL: ttl } = json(told);
  return typeof id === 'string' && id !== '0' ? { id, seconds: number(ttl) } : undefined;
}

/** Of a keep-alive; 0: the lease is gone. */
export const readKeptAlive = (told: unknown): number => number(json(json(told)['result'])['TTL']);

export const readToken = (told: unknown): string | undefined => {
  const { token } = json(told);
  return typeof token === 'string' && token !== '' ? token : undefined;
};

/** One line of a watch. */
export type Heard =
  | { readonly is: 'open' | 'changed' | 'nothing' }
  /** The revision to go on from is no longer kept. */
  | { readonly is: 'compacted' }
  | { readonly is: 'ended'; readonly why: string };

export function readHeard(told: unknown): Heard {
  const { result, error } = json(told);
  if (error !== undefined) return { is: 'ended', why: whyOf(error) ?? 'the watch ended' };
  const { created, canceled, compact_revision: compacted, cancel_reason: why, events } = json(result);
  if (number(compacted) > 0) return { is: 'compacted' };
  if (canceled === true)
    return { is: 'ended', why: typeof why === 'string' && why !== '' ? why : 'etcd ended the watch' };
  if (list(events).length > 0) return { is: 'changed' };
  return { is: created === true ? 'open' : 'nothing' };
}

/** etcd's sentence in an answer that is a failure; undefined: there is none. */
export function whyOf(told: unknown): string | undefined {
  const { message, error } = json(told);
  for (const text of [message, error]) if (typeof text === 'string' && text !== '') return text;
  return undefined;
}
