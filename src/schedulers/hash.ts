import { addressBytes, type Family, familyOf } from '../model/address.js';

/**
 * An address as the one number that dh, sh and mh hash: IPv4 itself, IPv6 its four words xored. Unsigned, host order: the kernel
 * folds in network order and turns the result, which comes to the same. `family` is that of the service: of an IPv6 address behind an
 * IPv4 service the kernel reads the first word only.
 */
export function foldAddress(address: string, family: Family = familyOf(address)): number {
  const bytes = addressBytes(address);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let fold = 0;
  const end = family === 'ip4' ? 4 : bytes.length;
  for (let at = 0; at < end; at += 4) fold ^= view.getUint32(at);
  return fold >>> 0;
}

/** hash_32 of <linux/hash.h>: multiplication by GOLDEN_RATIO_32, of which the upper bits are kept. */
export const hash32 = (value: number, bits: number): number => Math.imul(value, 0x61c8_8647) >>> (32 - bits);

/** A key of siphash.h: two words of 64 bits. */
export type SipKey = readonly [first: bigint, second: bigint];

const WORD = (1n << 64n) - 1n;
const rotate = (word: bigint, bits: bigint): bigint => ((word << bits) | (word >> (64n - bits))) & WORD;

/** SipHash's state; one round as in the paper (Aumasson and Bernstein, 2012, figure 2.1). */
class SipState {
  #a: bigint;
  #b: bigint;
  #c: bigint;
  #d: bigint;

  constructor([first, second]: SipKey) {
    this.#a = 0x736f6d6570736575n ^ first;
    this.#b = 0x646f72616e646f6dn ^ second;
    this.#c = 0x6c7967656e657261n ^ first;
    this.#d = 0x7465646279746573n ^ second;
  }

  absorb(block: bigint): void {
    this.#d ^= block;
    this.#round();
    this.#a ^= block;
  }

  finish(rounds: number): bigint {
    this.#c ^= 0xffn;
    for (let i = 0; i < rounds; i++) this.#round();
    return this.#a ^ this.#b ^ this.#c ^ this.#d;
  }

  #round(): void {
    this.#a = (this.#a + this.#b) & WORD;
    this.#b = rotate(this.#b, 13n) ^ this.#a;
    this.#a = rotate(this.#a, 32n);
    this.#c = (this.#c + this.#d) & WORD;
    this.#d = rotate(this.#d, 16n) ^ this.#c;
    this.#a = (this.#a + this.#d) & WORD;
    this.#d = rotate(this.#d, 21n) ^ this.#a;
    this.#c = (this.#c + this.#b) & WORD;
    this.#b = rotate(this.#b, 17n) ^ this.#c;
    this.#c = rotate(this.#c, 32n);
  }
}

/** hsiphash of one 32-bit word on a 64-bit kernel (lib/siphash.c): SipHash-1-3, the lower half of its result. */
export function halfSipHash(word: number, key: SipKey): number {
  const state = new SipState(key);
  state.absorb((4n << 56n) | BigInt(word)); // the last block: length on top, what is left below
  return Number(state.finish(3) & 0xffff_ffffn);
}
