/**
 * Numbers and words of RFC 5880 (BFD), 5881 (one hop) and 5883 (several hops); nothing else lives here.
 * Times are in microseconds, the unit of the protocol, and their names end in Us.
 */
export const VERSION = 1; // §4.1
/** §4.1: the mandatory section; §6.8.6: with an authentication section two bytes more at least. */
export const MANDATORY_BYTES = 24;
export const LEAST_AUTHENTICATED_BYTES = 26;

export const SINGLE_HOP_PORT = 3784; // RFC 5881 §4
export const MULTIHOP_PORT = 4784; // RFC 5883 §5
/** RFC 5881 §4: one of these for all packets of a session, and for no other session. */
export const FIRST_SOURCE_PORT = 49_152;
export const LAST_SOURCE_PORT = 65_535;

/** §6.8.3: a session that is not Up must not ask to send faster. */
export const LEAST_IDLE_TRANSMIT_US = 1_000_000;
export const MOST_U32 = 0xffff_ffff;

/** §4.1, by their number. */
export const sessionStates = ['admin-down', 'down', 'init', 'up'] as const;
export type SessionState = (typeof sessionStates)[number];

/** §4.1: the codes that we give. */
export const diagnostic = { none: 0, silence: 1, neighborDown: 3, adminDown: 7 } as const;

/** §4.1: what the codes mean, by their number. */
const meanings = [
  'no diagnostic',
  'control detection time expired',
  'echo function failed',
  'neighbor signaled session down',
  'forwarding plane reset',
  'path down',
  'concatenated path down',
  'administratively down',
  'reverse concatenated path down',
] as const;

export const diagnosticText = (code: number): string => meanings[code] ?? `diagnostic ${code}`;
