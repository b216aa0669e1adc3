import type { ConnectionRow } from './table-reader.js';

/**
 * A table as numbers: each connection falls into one of 4096 buckets and has a key of 32 bits there; a bucket's digest is the sum of its keys.
 * Two tables whose digests agree are the same, but for one chance in 2^32 per bucket. The seed is new each time: no client can prepare
 * two connections that look alike.
 */
export const BUCKETS = 4096;

export type Mark = readonly [bucket: number, key: number];

/** Neither time nor flags count: time passes, and flags cannot be read. */
export function markOf({ identity, persistence }: ConnectionRow, seed: number): Mark {
  let a = seed;
  let b = ~seed;
  const stir = (bytes: Uint8Array): void => {
    for (let i = 0; i < bytes.length; i++) {
      a = Math.imul(a ^ bytes[i]!, 0x0100_0193);
      b = Math.imul(b + bytes[i]!, 0x85eb_ca6b) ^ (b >>> 13);
    }
  };
  stir(identity);
  if (persistence !== undefined) stir(persistence.data);
  return [mix(a) % BUCKETS, mix(b ^ (a >>> 16))];
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
  readonly #sets: KeySet[] = Array.from({ length: SETS }, () => new KeySet());
  count = 0;

  /** One that is there already is not added again: the kernel may tell a connection twice while its table grows. */
  add([bucket, key]: Mark): void {
    if (!this.#setOf(bucket).add(bucket, key)) return;
    this.digests[bucket] = (this.digests[bucket]! + key) >>> 0;
    this.count++;
  }

  has([bucket, key]: Mark): boolean {
    return this.#setOf(bucket).has(bucket, key);
  }

  /** Marks, one after the other, of all in these buckets, in parts of not much more than `most` pairs. */
  *keysIn(buckets: BucketSet, most: number): Generator<Uint32Array> {
    let part: number[] = [];
    for (const set of this.#sets) {
      set.forEach((bucket, key) => {
        if (buckets.has(bucket)) part.push(bucket, key);
      });
      if (part.length < 2 * most) continue;
      yield Uint32Array.from(part);
      part = [];
    }
    if (part.length > 0) yield Uint32Array.from(part);
  }

  #setOf(bucket: number): KeySet {
    return this.#sets[bucket % SETS]!;
  }
}

/** So many small tables of keys: one that grows holds nobody up. */
const SETS = 256;

const SMALLEST = 64;

/** Pairs of bucket and key by open addressing. */
class KeySet {
  #keys = new Uint32Array(SMALLEST);
  /** One more than the bucket; 0: the slot is free. */
  #buckets = new Uint16Array(SMALLEST);
  #size = 0;

  /** false: it was there. */
  add(bucket: number, key: number): boolean {
    if (4 * this.#size >= 3 * this.#keys.length) this.#grow();
    const slot = this.#find(bucket, key);
    if (this.#buckets[slot] !== 0) return false;
    this.#keys[slot] = key;
    this.#buckets[slot] = bucket + 1;
    this.#size++;
    return true;
  }

  has(bucket: number, key: number): boolean {
    return this.#buckets[this.#find(bucket, key)] !== 0;
  }

  forEach(each: (bucket: number, key: number) => void): void {
    this.#buckets.forEach((bucket, slot) => {
      if (bucket !== 0) each(bucket - 1, this.#keys[slot]!);
    });
  }

  /** Its slot, or the free one where it would be. */
  #find(bucket: number, key: number): number {
    const mask = this.#keys.length - 1;
    let slot = (key ^ Math.imul(bucket, 0x9e37_79b1)) & mask;
    while (this.#buckets[slot] !== 0 && (this.#keys[slot] !== key || this.#buckets[slot] !== bucket + 1))
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, buckets] = [this.#keys, this.#buckets];
    this.#keys = new Uint32Array(2 * keys.length);
    this.#buckets = new Uint16Array(2 * keys.length);
    buckets.forEach((bucket, from) => {
      if (bucket === 0) return;
      const slot = this.#find(bucket - 1, keys[from]!);
      this.#keys[slot] = keys[from]!;
      this.#buckets[slot] = bucket;
    });
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
