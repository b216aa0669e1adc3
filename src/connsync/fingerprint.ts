import type { ConnectionRow } from './table-row.js';

/**
 * A table as numbers: each connection falls into one of 4096 buckets and has a key of 32 bits there; a bucket's digest is the sum of its keys.
 * Two tables whose digests agree are the same, but for one chance in 2^32 per bucket. The seed is new each time: no client can prepare
 * two connections that look alike.
 */
export const BUCKETS = 4096;

/** Bucket and key in one number, exact below 2^53, for there are millions of them. A key is 1 to 2^32 - 1. */
export type Mark = number;

const KEYS = 2 ** 32;
export const mark = (bucket: number, key: number): Mark => bucket * KEYS + key;
const bucketOf = (of: Mark): number => Math.floor(of / KEYS);
const keyOf = (of: Mark): number => of >>> 0;

/** Neither time nor flags count: time passes, and flags cannot be read. */
export function markOf({ bytes: { words }, persistence }: ConnectionRow, seed: number): Mark {
  let a = seed | 0;
  let b = ~seed;
  for (let i = 0; i < words.length; i++) {
    const word = Math.imul(words[i]!, 0xcc9e_2d51);
    a = Math.imul(a ^ word ^ (word >>> 15), 0x1b87_3593);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b + word, 0x85eb_ca6b) ^ (b >>> 13);
  }
  if (persistence !== undefined)
    for (const byte of persistence.data) {
      a = Math.imul(a ^ byte, 0x0100_0193);
      b = Math.imul(b + byte, 0x85eb_ca6b) ^ (b >>> 13);
    }
  return mark(mix(a) & (BUCKETS - 1), mix(b ^ (a >>> 16)) || 1);
}

/** The last step of MurmurHash3. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

export class Fingerprint {
  /** By bucket. */
  readonly digests = new Uint32Array(BUCKETS);
  readonly #sets = new Array<KeySet | undefined>(BUCKETS).fill(undefined);
  count = 0;

  /** One that is there already is not added again: the kernel may tell a connection twice while its table grows. */
  add(one: Mark): void {
    const bucket = bucketOf(one);
    const key = keyOf(one);
    const set = (this.#sets[bucket] ??= new KeySet());
    if (!set.add(key)) return;
    this.digests[bucket] = (this.digests[bucket]! + key) >>> 0;
    this.count++;
  }

  has(one: Mark): boolean {
    return this.#sets[bucketOf(one)]?.has(keyOf(one)) === true;
  }

  /** Pairs of bucket and key, one after the other, of all in these buckets, in parts of not much more than `most` pairs. */
  *keysIn(buckets: BucketSet, most: number): Generator<Uint32Array> {
    let part: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      if (!buckets.has(bucket)) continue;
      this.#sets[bucket]?.forEach((key) => part.push(bucket, key));
      if (part.length < 2 * most) continue;
      yield Uint32Array.from(part);
      part = [];
    }
    if (part.length > 0) yield Uint32Array.from(part);
  }

  /** Takes what is in these buckets out. */
  take(buckets: BucketSet): Fingerprint {
    const taken = new Fingerprint();
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const set = this.#sets[bucket];
      if (set === undefined || !buckets.has(bucket)) continue;
      taken.#sets[bucket] = set;
      taken.digests[bucket] = this.digests[bucket]!;
      taken.count += set.size;
      this.#sets[bucket] = undefined;
      this.digests[bucket] = 0;
      this.count -= set.size;
    }
    return taken;
  }
}

const SMALLEST = 8;

/** Keys by open addressing; 0: the slot is free. A set for each bucket: one that grows holds nobody up. */
class KeySet {
  #keys = new Uint32Array(SMALLEST);
  size = 0;

  /** false: it was there. */
  add(key: number): boolean {
    if (4 * this.size >= 3 * this.#keys.length) this.#grow();
    const slot = this.#find(key);
    if (this.#keys[slot] === key) return false;
    this.#keys[slot] = key;
    this.size++;
    return true;
  }

  has(key: number): boolean {
    return this.#keys[this.#find(key)] === key;
  }

  forEach(each: (key: number) => void): void {
    for (const key of this.#keys) if (key !== 0) each(key);
  }

  /** Its slot, or the free one where it would be. */
  #find(key: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let slot = key & mask;
    while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const keys = this.#keys;
    this.#keys = new Uint32Array(2 * keys.length);
    for (const key of keys) if (key !== 0) this.#keys[this.#find(key)] = key;
  }
}

/** Some of the buckets, as a bit for each. */
export class BucketSet {
  readonly bits: Uint8Array;

  /** @param bits BUCKETS / 8 bytes */
  constructor(bits = new Uint8Array(BUCKETS / 8)) {
    this.bits = bits;
  }

  /** Those whose digests differ. */
  static differing(ours: Uint32Array, theirs: Uint32Array): BucketSet {
    const set = new BucketSet();
    ours.forEach((digest, bucket) => {
      if (digest !== theirs[bucket]) set.add(bucket);
    });
    return set;
  }

  add(bucket: number): void {
    this.bits[bucket >>> 3]! |= 1 << (bucket & 7);
  }

  has(bucket: number): boolean {
    return (this.bits[bucket >>> 3]! & (1 << (bucket & 7))) !== 0;
  }

  get isEmpty(): boolean {
    return this.bits.every((byte) => byte === 0);
  }
}
