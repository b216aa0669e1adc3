/** What a Maglev table of the engine may be (native/engine/maglev.h is_table_size). */

export const MOST_SLOTS = 1 << 24;

/** A prime or a power of two up to 16,777,216: sizes whose every permitted skip visits all slots. */
export function isTableSize(size: number): boolean {
  if (!Number.isInteger(size) || size < 1 || size > MOST_SLOTS) return false;
  if ((size & (size - 1)) === 0) return true;
  if (size % 2 === 0) return false;
  for (let divisor = 3; divisor * divisor <= size; divisor += 2) {
    if (size % divisor === 0) return false;
  }
  return true;
}

/** Why a table of that size cannot serve that many servers, as the end of a sentence; undefined: it can. */
export function tableSizeComplaint(size: number, servers: number): string | undefined {
  if (!isTableSize(size)) return `table size ${size} is neither a prime nor a power of two up to ${MOST_SLOTS}`;
  if (size < servers) return `a table of ${size} slots is too small for ${servers} servers`;
  return undefined;
}
