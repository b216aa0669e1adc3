import { addressBytes } from '../model/address.js';

/** Values by prefix of either family; asks for the longest that contains an address. One map per length in use. */
export class PrefixIndex<T> {
  readonly #ip4 = new Map<number, Map<string, T>>();
  readonly #ip6 = new Map<number, Map<string, T>>();

  set(prefix: string, length: number, value: T): void {
    const bytes = addressBytes(prefix);
    const family = this.#family(bytes);
    let same = family.get(length);
    if (same === undefined) {
      same = new Map();
      family.set(length, same);
    }
    same.set(baseKey(bytes, length), value);
  }

  /** Of exactly this prefix. */
  get(prefix: string, length: number): T | undefined {
    const bytes = addressBytes(prefix);
    return this.#family(bytes).get(length)?.get(baseKey(bytes, length));
  }

  /** Of the longest prefix that contains the address, or the whole of a prefix of `most` bits. */
  find(address: string, most = 128): T | undefined {
    const bytes = addressBytes(address);
    let best: T | undefined;
    let longest = -1;
    for (const [length, same] of this.#family(bytes)) {
      if (length <= longest || length > most) continue;
      const value = same.get(baseKey(bytes, length));
      if (value === undefined) continue;
      best = value;
      longest = length;
    }
    return best;
  }

  *values(): IterableIterator<T> {
    for (const family of [this.#ip4, this.#ip6]) for (const same of family.values()) yield* same.values();
  }

  #family(bytes: Uint8Array): Map<number, Map<string, T>> {
    return bytes.length === 4 ? this.#ip4 : this.#ip6;
  }
}

/** The bytes with all behind `length` bits cleared, as text that no two prefixes of a length share. */
function baseKey(bytes: Uint8Array, length: number): string {
  const whole = length >> 3;
  let key = '';
  for (let i = 0; i < whole; i++) key += String.fromCharCode(bytes[i]!);
  const bits = length & 7;
  return bits === 0 ? key : key + String.fromCharCode(bytes[whole]! & (0xff << (8 - bits)));
}
