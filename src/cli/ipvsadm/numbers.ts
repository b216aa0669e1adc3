const DECIMAL = /^[ \t\n\v\f\r]*([+-]?[0-9]+)$/;
const LEADING = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/;

/** A whole decimal number within bounds as strtol(3) reads it, blanks and a sign before it; undefined if it is none. */
export function numberWithin(text: string, least: number, most: number): number | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]);
  return value >= least && value <= most ? value + 0 : undefined;
}

/** atoi(3): the number a text begins with, else 0. */
export const leadingNumber = (text: string): number => Number(LEADING.exec(text)?.[1] ?? 0);
