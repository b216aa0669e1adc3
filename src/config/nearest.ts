/** The known word that was probably meant: the same in other case, else one within a third of its length of mistakes. */
export function nearest(text: string, known: Iterable<string>): string | undefined {
  if (text.length > LONGEST) return undefined;
  const lower = text.toLowerCase();
  const allowed = Math.max(1, Math.floor(text.length / 3));
  let best: string | undefined;
  let least = allowed + 1;
  for (const word of known) {
    if (word === text || Math.abs(word.length - text.length) >= least) continue;
    const candidate = word.toLowerCase();
    const mistakes = candidate === lower ? 0 : distance(lower, candidate, least);
    if (mistakes < least) [best, least] = [word, mistakes];
  }
  return best;
}

const LONGEST = 40;

/** Letters changed, added, left out, or two neighbours exchanged (optimal string alignment); `limit` if it is not less. */
function distance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : limit;
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1, exchanged));
    }
    if (Math.min(...next) >= limit) return limit;
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
