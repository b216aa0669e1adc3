import { readFileSync } from 'node:fs';

/** What the process of the virtual addresses cannot do its work without, by number (linux/capability.h). */
const NEEDED = [
  { bit: 12n, name: 'CAP_NET_ADMIN', for: 'to hold addresses' },
  { bit: 13n, name: 'CAP_NET_RAW', for: 'to send and hear adverts' },
] as const;

/** Sentences for those that a process lacks, by its /proc/PID/status. Empty: it has all, or nobody knows. */
export function lackedCapabilities(status: string = readFileSync('/proc/self/status', 'latin1')): readonly string[] {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (effective === undefined) return [];
  const have = BigInt(`0x${effective}`);
  return NEEDED.filter(({ bit }) => (have & (1n << bit)) === 0n).map(
    ({ name, for: what }) =>
      `lvsd lacks ${name}, which it needs ${what}: give it that (systemd: AmbientCapabilities=), or run it as root`,
  );
}
