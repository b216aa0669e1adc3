/** A vrrp_instance as it is written → what the machine, the receiver and the announcer go by, in ms. */
import type { VrrpDefaults } from '../config/global-settings.js';
import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import { type ChecksumForm, passwordBytes } from './advert.js';
import type { AnnounceSettings } from './garp.js';
import type { HmacSettings } from './hmac.js';
import type { MachineSettings } from './machine-types.js';
import type { ReceiveSettings, Senders, WireAuthentication } from './receive.js';
import { DOWN_ADVERTS, HOP_LIMIT, PRIORITY_OWNER } from './rfc.js';

/**
 * A master's interval counts up to so many times ours, and down to the same part: beyond it is a mistake or an attack. keepalived and FRR
 * take any, and one advert of 40.95 s keeps the addresses dark for 140 s.
 */
const LEARNED_FACTOR = 4;

const isOwner = ({ priority }: VrrpInstance): boolean => priority === PRIORITY_OWNER;

/** Seconds as written, without the dust of a product: 0.07 s are 70 ms. */
const ms = (seconds: number): number => Math.round(seconds * 1e6) / 1000;

/** @param grouped a member of a sync group */
export function machineSettingsOf(instance: VrrpInstance, grouped: boolean): MachineSettings {
  const { strict } = instance;
  const advertMs = ms(instance.advertSeconds);
  const preempt = instance.preempt || isOwner(instance);
  return {
    version: instance.version,
    owner: isOwner(instance),
    advertMs,
    downTimerAdverts: strict ? DOWN_ADVERTS : instance.downTimerAdverts,
    preempt,
    preemptDelayMs: preempt && !strict ? ms(instance.preemptDelaySeconds) : 0,
    grouped,
    startsEagerly: grouped && instance.state === 'master',
    answersLower: !strict && !instance.lowerPriorityNoAdvert,
    advertBeforeYielding: !strict && instance.higherPrioritySendAdvert,
    highestOtherPriority: instance.timerExpiredPriority,
    learnedLeastMs: advertMs / LEARNED_FACTOR,
    learnedMostMs: advertMs * LEARNED_FACTOR,
  };
}

/**
 * @param hmac its keys as they were read
 * @param ownSources addresses that our adverts come from
 */
export function receiveSettingsOf(
  instance: VrrpInstance,
  hmac: HmacSettings | undefined,
  ownSources: readonly string[],
): ReceiveSettings {
  const { strict, family, version, vrid } = instance;
  return {
    family,
    version,
    vrid,
    intervalMs: ms(instance.advertSeconds),
    addresses: instance.addresses.map(({ address }) => address),
    ownSources,
    senders: sendersOf(instance),
    authentication: authenticationOf(instance),
    hmac: hmac !== undefined && strict ? { ...hmac, mode: 'enforce' } : hmac,
    checksums: acceptedChecksums(instance),
    ignoresAll: isOwner(instance) && (strict || instance.ownerIgnoresAdverts),
  };
}

/** The form of the IPv4 checksum that we send in version 3; `follows`: unless others are heard with another one. */
export function sentChecksum({ transport, v3ChecksumAsV2 }: VrrpInstance): {
  readonly form: ChecksumForm;
  readonly follows: boolean;
} {
  if (v3ChecksumAsV2) return { form: 'plain', follows: false };
  if (transport.by === 'unicast' && transport.oldChecksum === 'always') return { form: 'old-unicast', follows: false };
  return { form: 'pseudo', follows: true };
}

/** With and without the pseudo header: RFC 9568 has none, keepalived and FRR have. */
const acceptedChecksums = ({ transport }: VrrpInstance): readonly ChecksumForm[] =>
  transport.by === 'unicast' && transport.oldChecksum !== 'never'
    ? ['pseudo', 'plain', 'old-unicast']
    : ['pseudo', 'plain'];

/**
 * What a peer's adverts have at least if nobody says it (min_ttl): nobody beyond a router may take over. keepalived checks neither this nor who
 * sends unless asked. Its IPv6 unicast leaves with the system's default of 64.
 */
const UNROUTED_TTL = { ip4: HOP_LIMIT, ip6: 64 } as const;

function sendersOf({ transport, family }: VrrpInstance): Senders {
  switch (transport.by) {
    case 'multicast':
      return { by: 'multicast', group: transport.group };
    case 'unicast':
      return {
        by: 'unicast',
        peers: transport.peers.map(({ address, minTtl, maxTtl }) => ({
          address,
          leastTtl: minTtl === 0 ? UNROUTED_TTL[family] : minTtl,
          mostTtl: maxTtl,
        })),
        peersOnly: true,
      };
    case 'nobody':
      return { by: 'unicast', peers: [], peersOnly: true };
  }
}

function authenticationOf({ authentication, strict, version }: VrrpInstance): WireAuthentication {
  if (authentication === undefined || strict || version === 3) return { by: 'none' };
  const bytes = passwordBytes(authentication.password);
  return authentication.type === 'pass' ? { by: 'password', password: bytes } : { by: 'header', key: bytes };
}

/** In strict mode an advert of a lower router is ignored, and nobody is told anything because of it. */
export function announceSettingsOf({ garp, strict }: VrrpInstance): AnnounceSettings {
  return {
    repeat: garp.masterRepeat,
    againMs: ms(garp.masterDelaySeconds),
    lowerRepeat: strict ? 0 : garp.lowerPriorityRepeat,
    lowerAgainMs: ms(garp.lowerPriorityDelaySeconds),
    refreshMs: ms(garp.refreshSeconds),
    refreshRepeat: garp.refreshRepeat,
    extraMs: ms(garp.extraInterfaceSeconds),
    extraAll: garp.extraInterfaceAll,
  };
}

/** How long nobody may become master: vrrp_startup_delay and vrrp_delay_after_boot, whichever ends later. */
export const startupHoldMs = (
  { startupDelaySeconds, delayAfterBootSeconds }: VrrpDefaults,
  machineUpMs: number,
): number => Math.max(ms(startupDelaySeconds), ms(delayAfterBootSeconds) - machineUpMs, 0);
