/** A candidate of a Maglev table: its own order of preference over all slots, and how many slots it takes in a turn. */
export interface Preference {
  /** The slot it likes best. */
  readonly offset: number;
  /** From one to the next it likes; 1 to size - 1. With a prime size it visits every slot. */
  readonly skip: number;
  /** Slots in a row when it is its turn; 0: none. */
  readonly turns: number;
}

/**
 * A Maglev lookup table (Eisenbud and others, NSDI 2016, pseudocode 1; weights as in ip_vs_mh.c): the candidates take turns, and each
 * takes the free slots it likes best. Slot → place in `preferences`; empty if nobody takes any. `size` must be prime.
 */
export function populate(preferences: readonly Preference[], size: number): Int32Array {
  return preferences.some(({ turns }) => turns > 0) ? take(preferences, size, rounds(preferences)) : new Int32Array(0);
}

function* rounds(preferences: readonly Preference[]): Iterable<number> {
  for (;;) {
    for (const [index, { turns }] of preferences.entries()) {
      for (let turn = 0; turn < turns; turn++) yield index;
    }
  }
}

/** Whose turn it is says `order`, by place in `walks`, without end; each takes the next free slot that it likes. */
export function take(
  walks: readonly Pick<Preference, 'offset' | 'skip'>[],
  size: number,
  order: Iterable<number>,
): Int32Array {
  const table = new Int32Array(size).fill(-1);
  const next = walks.map(({ offset }) => offset);
  let taken = 0;
  for (const index of order) {
    let slot = next[index]!;
    while (table[slot] !== -1) slot = (slot + walks[index]!.skip) % size;
    table[slot] = index;
    next[index] = slot;
    if (++taken === size) break;
  }
  return table;
}
