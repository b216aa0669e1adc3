const SLOTS = 64;

/** What words mean, without making a string of each that is met again: a table of a million lines has a dozen words. */
export class WordMemory {
  readonly #meaning: (word: string) => number;
  readonly #words = new Array<Uint8Array | undefined>(SLOTS).fill(undefined);
  readonly #numbers = new Int32Array(SLOTS);

  /** @param meaning 31 bits, or below 0: none; it is asked again when another word took the place */
  constructor(meaning: (word: string) => number) {
    this.#meaning = meaning;
  }

  /** Of the word between these places of a line. */
  valueOf(line: Uint8Array, from: number, to: number): number {
    let slot = to - from;
    for (let at = from; at < to; at++) slot = Math.imul(slot, 31) + line[at]!;
    slot = (slot ^ (slot >>> 6)) & (SLOTS - 1);
    const known = this.#words[slot];
    if (known?.length === to - from && isAt(line, from, known)) return this.#numbers[slot]!;
    return this.#learn(slot, Uint8Array.from(line.subarray(from, to)));
  }

  #learn(slot: number, word: Uint8Array): number {
    const value = this.#meaning(Buffer.from(word).toString('latin1'));
    this.#words[slot] = word;
    this.#numbers[slot] = value;
    return value;
  }
}

function isAt(line: Uint8Array, from: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (line[from + i] !== word[i]) return false;
  return true;
}
