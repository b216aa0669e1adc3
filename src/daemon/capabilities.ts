import { readFileSync } from 'node:fs';

/** What the process of the virtual addresses cannot do its work without, by number (linux/capability.h), as all numbers here. */
const NEEDED = [
  { bit: 12n, name: 'CAP_NET_ADMIN', for: 'to hold addresses' },
  { bit: 13n, name: 'CAP_NET_RAW', for: 'to send and hear adverts' },
] as const;

const SETGID = 6n;
const SETUID = 7n;

/** The capabilities in force, a bit for each, of a /proc/PID/status; undefined: nobody knows. */
function effectiveOf(status: string): bigint | undefined {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective === undefined ? undefined : BigInt(`0x${effective}`);
}

const ownStatus = (): string => readFileSync('/proc/self/status', 'latin1');

/** Whether a process may run scripts as any other user, by its /proc/PID/status. */
export function mayBecomeOthers(status: string = ownStatus()): boolean {
  const needed = (1n << SETUID) | (1n << SETGID);
  return ((effectiveOf(status) ?? 0n) & needed) === needed;
}

/** Sentences for those that a process lacks, by its /proc/PID/status. Empty: it has all, or nobody knows. */
export function lackedCapabilities(status: string = ownStatus()): readonly string[] {
  const have = effectiveOf(status);
  if (have === undefined) return [];
  return NEEDED.filter(({ bit }) => (have & (1n << bit)) === 0n).map(
    ({ name, for: what }) =>
      `lvsd lacks ${name}, which it needs ${what}: give it that (systemd: AmbientCapabilities=), or run it as root`,
  );
}
