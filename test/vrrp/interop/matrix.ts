import type { Authentication, Speech } from './settings.js';

export type Kind = 'lvsd' | 'keepalived' | 'frr';

/** Who has the higher priority, and who the lower. */
export interface Pair {
  readonly a: Kind;
  readonly b: Kind;
}

type Wire = Pick<Speech, 'version' | 'family'>;
const wires: readonly Wire[] = [
  { version: 2, family: 'ip4' },
  { version: 3, family: 'ip4' },
  { version: 3, family: 'ip6' },
];

/**
 * Version 2 counts in seconds. A takeover by mistake, on a machine that has no time, heals where somebody preempts: there it may be quick. But
 * FRR does not announce itself again when it does, and with nopreempt who took over by mistake remains.
 */
function advertSeconds({ a, b }: Pair, { version }: Wire, preempt: boolean): number {
  if (version === 2 || a === 'frr' || b === 'frr') return 1;
  return preempt ? 0.25 : 1;
}

/** FRR knows neither unicast nor passwords; the keepalived of Debian 12 no signatures, which are of 2.4. */
function authentications({ a, b }: Pair, { version }: Wire): readonly Authentication[] {
  const kinds = [a, b];
  if (kinds.includes('frr')) return ['none'];
  const passwords: readonly Authentication[] = version === 2 ? ['pass', 'ah'] : [];
  return ['none', ...passwords, ...(kinds.includes('keepalived') ? [] : (['hmac'] as const))];
}

const both = [false, true] as const;

/** Every way in which this pair can speak. */
export const speechesOf = (pair: Pair): readonly Speech[] =>
  wires.flatMap((wire) =>
    (pair.a === 'frr' || pair.b === 'frr' ? [false] : both).flatMap((unicast) =>
      authentications(pair, wire).flatMap((authentication) =>
        both.flatMap((vmac) =>
          both.map((noPreempt) => ({
            ...wire,
            unicast,
            authentication,
            vmac,
            preempt: !noPreempt,
            advertSeconds: advertSeconds(pair, wire, !noPreempt),
          })),
        ),
      ),
    ),
  );

/** `v2 IPv4 unicast, AH, VMAC, nopreempt`. */
export function titleOf({ version, family, unicast, authentication, vmac, preempt }: Speech): string {
  const words = [`v${version} ${family === 'ip4' ? 'IPv4' : 'IPv6'} ${unicast ? 'unicast' : 'multicast'}`];
  if (authentication !== 'none') words.push(authentication.toUpperCase());
  if (vmac) words.push('VMAC');
  if (!preempt) words.push('nopreempt');
  return words.join(', ');
}
