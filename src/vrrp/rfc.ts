/**
 * The numbers of VRRP in the words of its standards; nothing else lives here. Version 2 is RFC 3768 (its authentication: RFC 2338), version 3
 * is RFC 9568, which replaced RFC 5798. Times are milliseconds with a fraction, intervals on the wire have the unit in their name.
 */
import type { Family } from '../model/address.js';

/** IP protocol; RFC 3768 §5.2.4, RFC 9568 §5.1.1.4 and §5.1.2.4. */
export const PROTOCOL = 112;
/** IP protocol of the authentication header in front of an advert (version 2 only); RFC 2338 §5.3.6, RFC 2402 §2. */
export const HEADER_PROTOCOL = 51;
/** RFC 3768 §5.2.2, RFC 9568 §5.1.1.2. */
export const GROUP4 = '224.0.0.18';
/** RFC 9568 §5.1.2.2. */
export const GROUP6 = 'ff02::12';
/** TTL or hop limit sent, and the only one that is good; RFC 3768 §5.2.3, RFC 9568 §5.1.1.3 and §5.1.2.3. */
export const HOP_LIMIT = 255;

/** The only packet type; RFC 3768 §5.3.2, RFC 9568 §5.2.2. */
export const TYPE_ADVERTISEMENT = 1;
export const MOST_VRID = 255;
/** Who owns the addresses; RFC 3768 §5.3.4, RFC 9568 §5.2.4. */
export const PRIORITY_OWNER = 255;
/** The master lets go: nobody needs to wait for its timer; same clauses. */
export const PRIORITY_RELEASE = 0;
export const PRIORITY_DEFAULT = 100;
/** Count IPvX Addr is one byte; RFC 9568 §5.2.5 asks for at least one, RFC 3768 §5.3.5 says nothing. */
export const MOST_ADDRESSES = 255;

/** Everything in front of the addresses; RFC 3768 §5.1, RFC 9568 §5.2. */
export const FIXED_BYTES = 8;
/** Behind the addresses of version 2, zero when unused; RFC 3768 §5.3.10. */
export const AUTHENTICATION_BYTES = 8;
export const AUTHENTICATION_NONE = 0;
/** RFC 2338 §5.3.6; RFC 3768 §5.3.6 reserves both for old routers. */
export const AUTHENTICATION_PASSWORD = 1;
export const AUTHENTICATION_HEADER = 2;

/** Version 2: whole seconds in one byte; RFC 3768 §5.3.7. */
export const MOST_INTERVAL_SECONDS = 255;
/** Version 3: centiseconds in 12 bits; RFC 9568 §5.2.7. 0 has no meaning in either version. */
export const MOST_INTERVAL_CENTISECONDS = 0x0fff;
/** RFC 3768 §6.1, RFC 9568 §6.1. */
export const INTERVAL_DEFAULT_MS = 1000;
/** Master_Down_Interval in adverts; RFC 3768 §6.1, RFC 9568 §6.1 (Active_Down_Interval). */
export const DOWN_ADVERTS = 3;

export type Version = 2 | 3;

/**
 * Skew_Time: the lower the priority, the longer the wait. Version 2 counts in 256ths of a second whatever the interval (RFC 3768 §6.1), version 3
 * in 256ths of the master's interval (RFC 5798 §6.1, RFC 9568 §6.1). Multiplied first: at priority 254 and 10 ms it is 78 µs.
 */
export const skewMs = (version: Version, priority: number, masterAdvertMs: number): number =>
  ((256 - priority) * (version === 2 ? 1000 : masterAdvertMs)) / 256;

/** Master_Down_Interval (RFC 3768 §6.1) or Active_Down_Interval (RFC 9568 §6.1); `adverts` is 3 but for keepalived's down_timer_adverts. */
export const masterDownMs = (
  version: Version,
  priority: number,
  masterAdvertMs: number,
  adverts: number = DOWN_ADVERTS,
): number => adverts * masterAdvertMs + skewMs(version, priority, masterAdvertMs);

/** Virtual Router MAC Address; RFC 3768 §7.3, RFC 9568 §7.3. Six bytes. */
export const virtualMac = (family: Family, vrid: number): Uint8Array =>
  Uint8Array.of(0x00, 0x00, 0x5e, 0x00, family === 'ip4' ? 0x01 : 0x02, vrid);
