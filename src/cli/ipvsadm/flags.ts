import { wrong } from './refusal.js';

interface Flag {
  readonly name: string;
  readonly bit: 1 | 2 | 4;
  /** undefined: any. */
  readonly scheduler?: string;
}

const flags: readonly Flag[] = [
  { name: 'sh-fallback', bit: 1, scheduler: 'sh' },
  { name: 'sh-port', bit: 2, scheduler: 'sh' },
  { name: 'mh-fallback', bit: 1, scheduler: 'mh' },
  { name: 'mh-port', bit: 2, scheduler: 'mh' },
  { name: 'flag-1', bit: 1 },
  { name: 'flag-2', bit: 2 },
  { name: 'flag-3', bit: 4 },
];

/** Bits of a list of names for a scheduler; empty items are nothing. Throws a refusal at the first name that does not fit. */
export function parseFlags(names: string, scheduler: string): number {
  let bits = 0;
  for (const name of names.split(',')) {
    if (name === '') continue;
    const flag = flags.find((candidate) => candidate.name === name);
    if (flag === undefined) throw wrong(`invalid scheduler flag \`${name}'`);
    if (flag.scheduler !== undefined && flag.scheduler !== scheduler)
      throw wrong(`incompatible scheduler flag \`${name}'`);
    bits |= flag.bit;
  }
  return bits;
}

/** Names of set bits: sh and mh know two by their own, and no third; the others have numbers. */
export function flagNames(bits: number, scheduler: string): string {
  const own = scheduler === 'sh' || scheduler === 'mh' ? scheduler : undefined;
  return flags
    .filter((flag) => flag.scheduler === own && (bits & flag.bit) !== 0)
    .map(({ name }) => name)
    .join(',');
}

/** Names that any scheduler takes. */
export const plainFlagNames = (bits: number): string => flagNames(bits, '');
