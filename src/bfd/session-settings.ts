import type { BfdSessionSettings } from '../config/check.js';
import type { MachineSettings } from './machine.js';
import { MOST_U32, MULTIHOP_PORT, SINGLE_HOP_PORT } from './rfc5880.js';

const microseconds = (ms: number): number => Math.min(Math.max(1, Math.round(1000 * ms)), MOST_U32);

export const machineSettings = (settings: BfdSessionSettings): MachineSettings => ({
  minReceiveUs: microseconds(settings.minReceiveMs),
  minTransmitUs: microseconds(settings.minTransmitMs),
  idleTransmitUs: microseconds(settings.idleTransmitMs),
  multiplier: settings.multiplier,
  passive: settings.passive,
});

export const familyOf = (address: string): 'ip4' | 'ip6' => (address.includes(':') ? 'ip6' : 'ip4');

export const portOf = ({ multihop }: BfdSessionSettings): number => (multihop ? MULTIHOP_PORT : SINGLE_HOP_PORT);

/**
 * RFC 5881 §5: a packet of this link has the TTL that it was sent with, and nobody further away can forge that. As keepalived: of what
 * we send ourselves, less the hops that are allowed.
 */
export const leastTtl = ({ ttl, maxHops }: BfdSessionSettings): number =>
  maxHops < 0 ? 0 : Math.max(0, ttl - maxHops);

/** The neighbor sees the same session: what else may differ is changed while it lives. */
export const isSameSession = (one: BfdSessionSettings, other: BfdSessionSettings): boolean =>
  one.neighbor === other.neighbor && one.source === other.source && one.multihop === other.multihop;
