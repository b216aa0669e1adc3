import { readFileSync } from 'node:fs';

/** How many file descriptors this process may have; Node raises the soft limit to the hard one when it starts. */
export function descriptorLimit(read: () => string = readLimits): number | undefined {
  try {
    return softLimit(read());
  } catch {
    return undefined;
  }
}

const readLimits = (): string => readFileSync('/proc/self/limits', 'latin1');

/** `Max open files   1024   524288   files` of /proc/PID/limits (proc(5)); undefined: it is not there. */
export function softLimit(limits: string): number | undefined {
  const [, soft] = /^Max open files\s+(\d{1,15}|unlimited)\s/m.exec(limits) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}

/** What sockets of control, kernel and files need beside. */
const RESERVED = 256;
/** What every Linux gives. */
const USUAL = 1024;

/** How many of `limit` something may take that comes by the thousand: all but a reserve, or half where there are few. */
export const descriptorsToSpare = (limit: number | undefined): number =>
  Math.max(1, Math.floor((limit ?? USUAL) / 2), (limit ?? USUAL) - RESERVED);
