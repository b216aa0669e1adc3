/** The lines of a file of /proc; blank ones are layout. */
export const lines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

export const words = (line: string): string[] => line.split(/[ \t]+/).filter((word) => word !== '');

/** Digits and nothing else, as far as a number holds them exactly. */
export function decimal(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The kernel prints counters of ip_vs_stats as up to sixteen hexadecimal digits. */
export const hexadecimal = (text: string): bigint | undefined =>
  /^[0-9A-Fa-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
