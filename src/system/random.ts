/** The only door to chance. */
export interface Random {
  /** From 0 (may be) to 1 (is never). */
  next(): number;
}

export const systemRandom: Random = { next: () => Math.random() };
