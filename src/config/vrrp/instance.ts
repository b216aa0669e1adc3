import type { VrrpDefaults } from '../global-settings.js';
import { garpOf, versionOf } from '../globals/vrrp-defaults.js';
import type { Diagnostics } from '../diagnostics.js';
import { type Named, namedBlocks } from '../named.js';
import { type Statement, placeOfWord, positionOfWord } from '../tree.js';
import { type Block, isMissing, placeIn } from '../vocabulary.js';
import { checkAddresses, familyOfInstance } from './addresses.js';
import { hmacOf } from './authentication.js';
import { instanceWords } from './instance-words.js';
import { notificationsOf } from './notifications.js';
import { masterSessionsOf, type Trackable, tracksOf } from './tracking.js';
import { transportOf } from './transport.js';
import type { VirtualInterface, VrrpAuthentication, VrrpInstance } from './vrrp.js';

/** A block that was read; what it means depends on global_defs and on what it tracks. */
export type InstanceDraft = Block<typeof instanceWords>;

export const instanceBlocks = namedBlocks('vrrp_instance', instanceWords, (_name, block): InstanceDraft => block);

const PRIORITY = 100;
const OWNER = 255;
const ADVERT_SECONDS = 1;
const LONGEST_V3_ADVERT = 40.95;

/** undefined: something that every instance needs is wrong or missing. */
export function buildInstance(
  { name, statement, value: block }: Named<InstanceDraft>,
  defaults: VrrpDefaults,
  trackable: Trackable,
  diagnostics: Diagnostics,
): VrrpInstance | undefined {
  if (block === undefined) return undefined;
  const { values } = block;
  const say = new Sayer(block, statement, diagnostics);
  const family = familyOfInstance(block);
  const version =
    values.version === undefined ? (family === 'ip6' ? 3 : (defaults.version ?? 2)) : versionOf(values.version);
  const strict = values.strict_mode ?? defaults.strict;
  const advertSeconds = advertOf(block, version, say);
  const { transport, source, trackSource } = transportOf(block, family, defaults, statement, diagnostics);
  checkAddresses(block, { family, version, name }, statement, diagnostics);
  const virtualInterface = virtualInterfaceOf(block, say);
  const priority = values.priority ?? PRIORITY;
  const authentication = authenticationOf(block, { version, strict, family }, say);
  const tracks = tracksOf(values, trackable, diagnostics);
  if (values.interface === undefined && isMissing(block, 'interface')) {
    const wanted = transport.by === 'multicast' || source === undefined;
    if (wanted) say.atHeader(`vrrp_instance '${name}' has no interface`, "'interface IFNAME'");
  }
  if (isMissing(block, 'virtual_router_id'))
    say.atHeader(`vrrp_instance '${name}' has no virtual_router_id`, "'virtual_router_id N', 1 to 255");
  const state = stateOf(block, authentication, { strict, priority }, say);
  const preempt = preemptOf(block, state, say);
  for (const track of tracks.interfaces)
    if (track.name === values.interface)
      diagnostics.warning(
        { ...track.position, length: track.name.length },
        `${track.name} is the instance's own interface, which is watched anyway`,
        { kind: 'repair', expected: "no such line, or 'dont_track_primary'" },
      );
  if (values.virtual_router_id === undefined) return undefined;
  return {
    position: positionOfWord(statement, 0),
    name,
    interface: values.interface,
    vrf: values.vrf,
    family,
    version,
    vrid: values.virtual_router_id,
    state,
    priority,
    advertSeconds,
    downTimerAdverts: values.down_timer_adverts ?? defaults.downTimerAdverts,
    addresses: values.virtual_ipaddress ?? [],
    excluded: values.virtual_ipaddress_excluded ?? [],
    routes: values.virtual_routes ?? [],
    rules: values.virtual_rules ?? [],
    transport,
    source,
    trackSource,
    authentication,
    hmac: hmacOf(values.auth_hmac, advertSeconds, diagnostics),
    v3ChecksumAsV2: values.v3_checksum_as_v2 ?? defaults.v3ChecksumAsV2,
    virtualInterface,
    ...preempt,
    accept: acceptOf(block, { strict, priority }, say),
    strict,
    lowerPriorityNoAdvert: values.lower_prio_no_advert ?? defaults.lowerPriorityNoAdvert,
    higherPrioritySendAdvert: values.higher_prio_send_advert ?? defaults.higherPrioritySendAdvert,
    ownerIgnoresAdverts: values.owner_ignore_adverts ?? defaults.ownerIgnoresAdverts,
    timerExpiredPriority: values.timer_expired_backup,
    ignoreOwnInterface: values.dont_track_primary ?? false,
    promoteSecondaries: values.promote_secondaries ?? false,
    receiveBufferBytes: values.kernel_rx_buf_size,
    garp: garpOf(block, defaults.garp, values.garp_extra_if),
    tracks,
    masterSessions: masterSessionsOf(values.bfd_master ?? [], family, trackable.bfd, diagnostics),
    notify: notificationsOf(values, defaults),
    notifyDeleted: values.notify_deleted ?? 'fault',
    notifyMasterRxLowerPriority: values.notify_master_rx_lower_pri,
  };
}

/** Complaints about one block. */
class Sayer {
  readonly #block: InstanceDraft;
  readonly #statement: Statement;
  readonly #diagnostics: Diagnostics;

  constructor(block: InstanceDraft, statement: Statement, diagnostics: Diagnostics) {
    this.#block = block;
    this.#statement = statement;
    this.#diagnostics = diagnostics;
  }

  error(word: string, message: string, expected: string): void {
    this.#diagnostics.error(placeIn(this.#block, word, this.#statement), message, { expected });
  }

  /** What keepalived mends, and says so. */
  repair(word: string, message: string, expected?: string): void {
    this.#diagnostics.warning(placeIn(this.#block, word, this.#statement), message, { kind: 'repair', expected });
  }

  atHeader(message: string, expected: string): void {
    this.#diagnostics.error(placeOfWord(this.#statement, 0), message, { expected });
  }
}

/** VRRP 2 counts whole seconds, VRRP 3 hundredths in twelve bits. */
function advertOf({ values }: InstanceDraft, version: 2 | 3, say: Sayer): number {
  const seconds = values.advert_int ?? ADVERT_SECONDS;
  if (version === 2 && !Number.isInteger(seconds))
    say.error('advert_int', 'VRRP version 2 counts whole seconds', "a whole number of seconds, or 'version 3'");
  if (version === 3 && seconds > LONGEST_V3_ADVERT)
    say.error('advert_int', 'an advert of VRRP version 3 cannot say so much', `seconds up to ${LONGEST_V3_ADVERT}`);
  else if (version === 3 && Math.abs(seconds * 100 - Math.round(seconds * 100)) > 1e-6)
    say.repair(
      'advert_int',
      `VRRP version 3 counts hundredths of a second: ${Math.round(seconds * 100) / 100} is taken`,
    );
  return version === 3 ? Math.round(seconds * 100) / 100 : seconds;
}

interface Kind {
  readonly version: 2 | 3;
  readonly strict: boolean;
  readonly family: 'ip4' | 'ip6';
}

function authenticationOf(
  { values }: InstanceDraft,
  { version, strict, family }: Kind,
  say: Sayer,
): VrrpAuthentication | undefined {
  const value = values.authentication?.value;
  if (values.authentication === undefined) return undefined;
  if (version === 3) {
    say.error('authentication', 'VRRP version 3 has no authentication', "no such block, 'version 2' or 'auth_hmac'");
    return undefined;
  }
  if (strict) {
    say.repair('authentication', 'in strict mode there is no authentication', 'no such block');
    return undefined;
  }
  if (value?.type === 'ah' && family === 'ip6')
    say.error('authentication', 'the authentication header is for IPv4', "'auth_type PASS' or 'auth_hmac'");
  return value;
}

function stateOf(
  { values }: InstanceDraft,
  authentication: VrrpAuthentication | undefined,
  { strict, priority }: { readonly strict: boolean; readonly priority: number },
  say: Sayer,
): 'master' | 'backup' {
  const master = values.state === 'MASTER';
  if (master && authentication?.type === 'ah') {
    say.repair('state', 'with the authentication header every instance begins as backup', "'state BACKUP'");
    return 'backup';
  }
  if (strict && master !== (priority === OWNER)) {
    if (values.state !== undefined)
      say.repair('state', `in strict mode the owner (priority ${OWNER}) is master, and nobody else`);
    return priority === OWNER ? 'master' : 'backup';
  }
  return master ? 'master' : 'backup';
}

function preemptOf(
  { values }: InstanceDraft,
  state: 'master' | 'backup',
  say: Sayer,
): Pick<VrrpInstance, 'preempt' | 'preemptDelaySeconds'> {
  const { nopreempt, preempt_delay: delay = 0 } = values;
  if (nopreempt === true && values.preempt === true)
    say.error('nopreempt', "'nopreempt' contradicts 'preempt'", 'one of them');
  if (nopreempt === true && state === 'master')
    say.repair(
      'nopreempt',
      "'nopreempt' does not work with 'state MASTER': it is not taken",
      "'state BACKUP' on all routers",
    );
  const preempt = nopreempt !== true || state === 'master';
  if (delay > 0 && !preempt) say.repair('preempt_delay', "'preempt_delay' has no effect with 'nopreempt'");
  else if (delay > 0 && state === 'master')
    say.repair('preempt_delay', "'preempt_delay' has no effect with 'state MASTER'", "'state BACKUP'");
  return { preempt, preemptDelaySeconds: preempt && state === 'backup' ? delay : 0 };
}

function acceptOf(
  { values }: InstanceDraft,
  { strict, priority }: { readonly strict: boolean; readonly priority: number },
  say: Sayer,
): boolean {
  if (values.accept === true && values.no_accept === true)
    say.error('no_accept', "'no_accept' contradicts 'accept'", 'one of them');
  if (priority === OWNER) return true;
  if (values.accept === true) return true;
  return values.no_accept === true ? false : !strict;
}

function virtualInterfaceOf({ values }: InstanceDraft, say: Sayer): VirtualInterface | undefined {
  const { use_vmac: vmac, use_ipvlan: ipvlan } = values;
  if (vmac !== undefined && ipvlan !== undefined)
    say.error('use_ipvlan', "'use_ipvlan' contradicts 'use_vmac'", 'one of them');
  const draft = vmac ?? ipvlan;
  if (draft === undefined) {
    if (values.vmac_xmit_base === true)
      say.repair('vmac_xmit_base', "'vmac_xmit_base' has no effect without a VMAC", "'use_vmac'");
    return undefined;
  }
  return { ...draft, sendFromBase: values.vmac_xmit_base ?? false, forAddresses: values.use_vmac_addr ?? false };
}
