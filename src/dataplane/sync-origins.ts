import { SESSION_RECORD_BYTES, viewOf } from './protocol.js';
import { ended, isGone } from './sync-codec.js';

/** Bytes of a record that say which flow it is: client and VIP, their ports, the protocol, affinity. */
const ADDRESS_WORDS = 8;
const PORTS_AT = 64;
const PROTOCOL_AT = 72;
const AFFINITY_AT = 74;
const LEAST_SLOTS = 1024;

const mix = (hash: number, word: number): number => {
  const mixed = Math.imul(hash ^ word, 0x9e37_79b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85eb_ca77) ^ (mixed >>> 13);
};

/**
 * Which sessions of our engine came from the other director, and with which of its tables: those that a later table does not name have ended.
 * Sessions of our own traffic are not here, so nobody's table ends them. Two 32-bit hashes and a table's number each: 12 bytes, at most
 * half full. Of sessions beyond `most` it knows nothing; they end by their time-outs.
 */
export class SessionOrigins {
  readonly #most: number;
  readonly #secret: readonly [number, number];
  #low = new Uint32Array(LEAST_SLOTS);
  #high = new Uint32Array(LEAST_SLOTS);
  /** 0: free. */
  #tables = new Uint32Array(LEAST_SLOTS);
  #count = 0;
  #table = 0;

  /** @param secret two random words: nobody shall choose flows that lie in one place */
  constructor(most: number, secret: readonly [number, number]) {
    this.#most = most;
    this.#secret = secret;
  }

  get size(): number {
    return this.#count;
  }

  get bytes(): number {
    return 12 * this.#low.length;
  }

  /** What is told from now on is of a new table. */
  begin(): void {
    this.#table++;
  }

  /** These were told. */
  note(records: Uint8Array): void {
    const view = viewOf(records);
    for (let at = 0; at < records.length; at += SESSION_RECORD_BYTES) {
      const [low, high] = this.#hash(records, view, at);
      const place = this.#find(low, high);
      if (isGone(records, at)) this.#remove(place);
      else this.#put(place, low, high);
    }
  }

  /** Whether the session at this byte was told. */
  knows(records: Uint8Array, at: number): boolean {
    const [low, high] = this.#hash(records, viewOf(records), at);
    return this.#tables[this.#find(low, high)] !== 0;
  }

  /** Of these sessions of ours those that an earlier table told and this one did not, as ended ones. */
  stale(records: Uint8Array): Uint8Array {
    const view = viewOf(records);
    const found: Uint8Array[] = [];
    for (let at = 0; at < records.length; at += SESSION_RECORD_BYTES) {
      const [low, high] = this.#hash(records, view, at);
      const table = this.#tables[this.#find(low, high)]!;
      if (table !== 0 && table !== this.#table) found.push(ended(records, at));
    }
    return Buffer.concat(found);
  }

  /** What earlier tables told is forgotten. */
  finish(): void {
    this.#rebuild(this.#low.length, (table) => table === this.#table);
  }

  #hash(records: Uint8Array, view: DataView, at: number): readonly [number, number] {
    let [low, high] = this.#secret;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      const word = view.getUint32(at + 4 * i, true);
      low = mix(low, word);
      high = mix(high, word ^ low);
    }
    const rest = (records[at + PROTOCOL_AT]! << 8) | records[at + AFFINITY_AT]!;
    low = mix(mix(low, view.getUint32(at + PORTS_AT, true)), rest);
    high = mix(mix(high, view.getUint32(at + PORTS_AT, true) ^ low), rest);
    return [low >>> 0, high >>> 0];
  }

  /** Where it is, or where it would be. */
  #find(low: number, high: number): number {
    const mask = this.#low.length - 1;
    let place = low & mask;
    while (this.#tables[place] !== 0 && (this.#low[place] !== low || this.#high[place] !== high))
      place = (place + 1) & mask;
    return place;
  }

  #put(place: number, low: number, high: number): void {
    if (this.#tables[place] !== 0) {
      this.#tables[place] = this.#table;
      return;
    }
    if (this.#count >= this.#most) return;
    this.#low[place] = low;
    this.#high[place] = high;
    this.#tables[place] = this.#table;
    if (++this.#count * 2 > this.#low.length) this.#rebuild(2 * this.#low.length, () => true);
  }

  /** Those behind it move up, so that there are no gaps on the way to them. */
  #remove(place: number): void {
    if (this.#tables[place] === 0) return;
    const mask = this.#low.length - 1;
    let hole = place;
    for (let next = (hole + 1) & mask; this.#tables[next] !== 0; next = (next + 1) & mask) {
      const home = this.#low[next]! & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      this.#low[hole] = this.#low[next]!;
      this.#high[hole] = this.#high[next]!;
      this.#tables[hole] = this.#tables[next]!;
      hole = next;
    }
    this.#tables[hole] = 0;
    this.#count--;
  }

  #rebuild(slots: number, keeps: (table: number) => boolean): void {
    const [low, high, tables] = [this.#low, this.#high, this.#tables];
    this.#low = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    this.#tables = new Uint32Array(slots);
    this.#count = 0;
    tables.forEach((table, i) => {
      if (table === 0 || !keeps(table)) return;
      const place = this.#find(low[i]!, high[i]!);
      this.#low[place] = low[i]!;
      this.#high[place] = high[i]!;
      this.#tables[place] = table;
      this.#count++;
    });
  }
}
