import { command } from '../command.js';
import { extraInterface, garpWords, multicast, ONLY_PEERS, OTHER_LIST } from '../globals/vrrp-defaults.js';
import { linesInBraces } from '../lists.js';
import { addressLine } from '../static/address-line.js';
import { routeLine } from '../static/route-line.js';
import { ruleLine } from '../static/rule-line.js';
import {
  flag,
  needless,
  noEffect,
  noMore,
  obsolete,
  one,
  optional,
  phrase,
  readWord,
  several,
  switchable,
} from '../terms.js';
import { placeOfWord } from '../tree.js';
import { address, integer, interfaceName, name, oneOf, seconds } from '../values.js';
import type { Script } from '../configuration.js';
import type { Term, Vocabulary } from '../vocabulary.js';
import { authenticationTerm, hmacTerm } from './authentication.js';
import { notifyWords } from './notifications.js';
import { trackWords } from './tracking.js';
import { unicastPeers } from './unicast.js';
import { useIpvlan, useVmac } from './virtual-interface.js';

const MOST_I32 = 2_147_483_647;

/** `old_unicast_checksum [never]`. */
const oldChecksum: Term<'always' | 'never'> = needless(
  'which checksum the peers want is found out',
  optional(oneOf('never'), 'always' as const),
);

/** `notify_deleted [SCRIPT]`. */
const notifyDeleted: Term<Script | 'deleted'> = {
  read: (statement, context) => (statement.words.length === 1 ? 'deleted' : command.read(statement, context)),
};

/** `[1..254]`: the priority while our own timers are late; 254 if none is said. */
const lateTimers = optional(integer(1, 254), 254);

const without = <T>(why: string, term: Term<T>): Term<T> => ({ ...noEffect(why, term), instead: 'nothing' });

/** `lvs_sync_daemon_interface IFNAME`: the old form of a word of global_defs. */
const syncInterface: Term<string> = {
  ...phrase((statement, context) => {
    const device = readWord(statement, 1, interfaceName, context);
    noMore(statement, 2, context);
    context.diagnostics.warning(placeOfWord(statement, 0), "'lvs_sync_daemon_interface' is an old word", {
      expected: `'lvs_sync_daemon ${device ?? 'IFNAME'} INSTANCE' in global_defs`,
    });
    return device;
  }),
  instead: 'lvs_sync_daemon IFNAME INSTANCE in global_defs',
};

/** Ours: `bfd_master NAME...`: sessions with those who may be master; the words and where each stands. */
const masterSessions: Term<readonly MasterSessionDraft[]> = (() => {
  const names = several(name('the name of a bfd_instance'));
  return {
    read: (statement, context) =>
      names.read(statement, context)?.map((title, i) => ({ name: title, place: placeOfWord(statement, i + 1) })),
    join: (before, now) => [...before, ...now],
  };
})();

export interface MasterSessionDraft {
  readonly name: string;
  readonly place: ReturnType<typeof placeOfWord>;
}

/** The words of vrrp_instance. `skip_check_adv_addr off` is off: keepalived takes any value for on. */
export const instanceWords = {
  state: one(oneOf('MASTER', 'BACKUP')),
  interface: one(interfaceName),
  vrf: one(interfaceName),
  virtual_router_id: one(integer(1, 255)),
  priority: one(integer(1, 255)),
  advert_int: one(seconds(0.01, 255)),
  version: one(oneOf('2', '3')),
  down_timer_adverts: one(integer(1, 100)),
  virtual_ipaddress: linesInBraces('virtual address', addressLine('virtual'), true),
  virtual_ipaddress_excluded: linesInBraces('virtual address', addressLine('virtual'), true),
  no_virtual_ipaddress: flag,
  virtual_routes: linesInBraces('route', routeLine('virtual'), true),
  virtual_rules: linesInBraces('rule', ruleLine('virtual'), true),
  authentication: authenticationTerm,
  auth_hmac: hmacTerm,
  unicast_peer: unicastPeers,
  unicast_src_ip: one(address),
  unicast_ttl: one(integer(0, 255)),
  unicast_fault_no_peer: flag,
  check_unicast_src: noEffect(ONLY_PEERS, flag),
  old_unicast_checksum: oldChecksum,
  mcast_src_ip: one(address),
  mcast_dst_ip: one(multicast()),
  track_src_ip: flag,
  dont_track_primary: flag,
  ...trackWords,
  bfd_master: masterSessions,
  use_vmac: useVmac,
  use_vmac_addr: flag,
  vmac_xmit_base: flag,
  use_ipvlan: useIpvlan,
  preempt: needless("it is so without 'nopreempt'", flag),
  nopreempt: flag,
  preempt_delay: one(seconds(0, 1000)),
  accept: flag,
  no_accept: flag,
  strict_mode: switchable,
  skip_check_adv_addr: noEffect(OTHER_LIST, switchable),
  v3_checksum_as_v2: switchable,
  lower_prio_no_advert: switchable,
  higher_prio_send_advert: switchable,
  owner_ignore_adverts: switchable,
  timer_expired_backup: lateTimers,
  thread_timer_expired: obsolete('timer_expired_backup', lateTimers, 'language'),
  promote_secondaries: flag,
  kernel_rx_buf_size: one(integer(1, MOST_I32)),
  ...garpWords,
  garp_extra_if: extraInterface(0),
  vmac_garp_intvl: obsolete('garp_extra_if', extraInterface(0)),
  ...notifyWords,
  notify_deleted: notifyDeleted,
  notify_master_rx_lower_pri: command,
  native_ipv6: needless('the addresses say it', flag),
  linkbeat_use_polling: without('the kernel tells when a link goes down or up', flag),
  debug: without('it never had one', one(integer(0, 4))),
  lvs_sync_daemon_interface: syncInterface,
} satisfies Vocabulary;
