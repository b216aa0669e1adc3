import { BucketSet, Fingerprint, mark, type Mark } from './fingerprint.js';

/** What the newcomer's kernel has, as far as this side knows: what was told of it, and what was sent since. */
export class OtherTable {
  #known = new Fingerprint();
  /** What was in buckets that have changed. */
  #before = new Fingerprint();

  /** Buckets that are not as we think. */
  differing(digests: Uint32Array): BucketSet {
    return BucketSet.differing(this.#known.digests, digests);
  }

  /** What is in them is told anew. */
  forget(buckets: BucketSet): void {
    this.#before = this.#known.take(buckets);
  }

  /** @param keys pairs of bucket and key */
  learn(keys: Uint32Array): void {
    for (let i = 0; i < keys.length; i += 2) this.#known.add(mark(keys[i]!, keys[i + 1]!));
  }

  add(one: Mark): void {
    this.#known.add(one);
  }

  has(one: Mark): boolean {
    return this.#known.has(one);
  }

  /** It should be there, and is not: lost on its way, or over. */
  isMissing(one: Mark): boolean {
    return !this.#known.has(one) && this.#before.has(one);
  }
}
