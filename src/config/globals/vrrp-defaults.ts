import { familyOf } from '../../model/address.js';
import type { GarpSettings, VrrpDefaults } from '../global-settings.js';
import {
  noEffect,
  flag,
  noMore,
  obsolete,
  one,
  optional,
  phrase,
  readWord,
  switchable,
  type Reader,
} from '../terms.js';
import { keywordOf, placeOfWord } from '../tree.js';
import { MOST_U32, address, integer, interfaceName, name, oneOf, seconds } from '../values.js';
import type { Term, Values, Vocabulary } from '../vocabulary.js';

const MOST_I32 = 2_147_483_647;
const LONGEST_DELAY = 4294;
const LONGEST_INTERVAL = 4294.967295;

export const multicast =
  (family?: 'ip4' | 'ip6'): Reader<string> =>
  (text) => {
    const read = address(text, () => undefined);
    const fits =
      'value' in read &&
      (familyOf(read.value) === 'ip6' ? /^ff/.test(read.value) : /^(22[4-9]|23\d)\./.test(read.value)) &&
      (family === undefined || familyOf(read.value) === family);
    const kind = family === undefined ? 'a' : family === 'ip4' ? 'an IPv4' : 'an IPv6';
    return fits ? read : { expected: `${kind} multicast address` };
  };

/** keepalived refuses the 0 that its own example has. It is what is true without the line. */
const gap: Term<number> = phrase((statement, context) => {
  const value = readWord(statement, 1, seconds(0, LONGEST_INTERVAL), context);
  noMore(statement, 2, context);
  if (value === 0)
    context.diagnostics.warning(placeOfWord(statement, 1), 'no gap is what is true without this line', {
      kind: 'repair',
      expected: 'seconds above 0, as keepalived refuses 0',
    });
  return value;
});

/** `[all] SECONDS`. */
export const extraInterface = (least: number): Term<{ readonly all: boolean; readonly seconds: number }> =>
  phrase((statement, context) => {
    const all = statement.words[1]?.text === 'all';
    const value = readWord(statement, all ? 2 : 1, integer(least, 86_400), context);
    noMore(statement, all ? 3 : 2, context);
    return value === undefined ? undefined : { all, seconds: value };
  });

/** The words of gratuitous ARP: with `vrrp_` before them in global_defs, bare in a vrrp_instance. */
export const garpWords = {
  garp_master_delay: one(seconds(0, LONGEST_DELAY)),
  garp_master_repeat: one(integer(1, MOST_U32)),
  garp_master_refresh: one(seconds(0, MOST_U32)),
  garp_master_refresh_repeat: one(integer(1, MOST_U32)),
  garp_lower_prio_delay: one(seconds(0, LONGEST_DELAY)),
  garp_lower_prio_repeat: one(integer(0, MOST_I32)),
} satisfies Vocabulary;

const buffer: Reader<number | 'mtu' | 'advert'> = (text) => {
  if (text === 'MTU' || text === 'ADVERT') return { value: text === 'MTU' ? 'mtu' : 'advert' };
  const read = integer(1, MOST_I32)(text, () => undefined);
  return 'value' in read ? read : { expected: 'MTU, ADVERT or a number of bytes' };
};

const table = optional(name('the name of a table', 30), 'keepalived');
const i32 = integer(-MOST_I32 - 1, MOST_I32);

/** The words of iptables: their rules are made with nftables, which keepalived says too. */
const iptables = (most: number): Term<never> => ({
  as: 'nftables',
  instead: 'nftables',
  ...phrase((statement, context) => {
    noMore(statement, most + 1, context);
    const message = `'${keywordOf(statement)}' is an old word: the rules are made with nftables`;
    context.diagnostics.warning(placeOfWord(statement, 0), message, { expected: "'nftables [TABLE]'" });
    return 'keepalived' as never;
  }),
  join: (before) => before,
});

/** Why words do nothing here, as the manual and `lvsd check` say it. */
export const ONLY_PEERS = 'adverts of others than the peers are never taken';
export const OTHER_LIST = 'another list of addresses is only remarked, never a reason to refuse an advert';
const OWN_BUFFERS = "lvsd takes adverts from its sockets at once; 'kernel_rx_buf_size' of an instance makes one larger";
const ANY_TIME = 'an interface may come and go at any time; its instance is in fault meanwhile';

export const vrrpDefaultWords = {
  vrrp_version: one(oneOf('2', '3')),
  vrrp_strict: switchable,
  vrrp_mcast_group4: one(multicast('ip4')),
  vrrp_mcast_group6: one(multicast('ip6')),
  vrrp_garp_master_delay: garpWords.garp_master_delay,
  vrrp_garp_master_repeat: garpWords.garp_master_repeat,
  vrrp_garp_master_refresh: garpWords.garp_master_refresh,
  vrrp_garp_master_refresh_repeat: garpWords.garp_master_refresh_repeat,
  vrrp_garp_lower_prio_delay: garpWords.garp_lower_prio_delay,
  vrrp_garp_lower_prio_repeat: garpWords.garp_lower_prio_repeat,
  vrrp_garp_interval: gap,
  vrrp_gna_interval: gap,
  vrrp_min_garp: switchable,
  vrrp_garp_extra_if: extraInterface(1),
  vrrp_vmac_garp_intvl: obsolete('vrrp_garp_extra_if', extraInterface(1)),
  vrrp_down_timer_adverts: one(integer(1, 100)),
  vrrp_lower_prio_no_advert: switchable,
  vrrp_higher_prio_send_advert: switchable,
  vrrp_owner_ignore_adverts: switchable,
  vrrp_check_unicast_src: noEffect(ONLY_PEERS, flag),
  vrrp_skip_check_adv_addr: noEffect(OTHER_LIST, switchable),
  v3_checksum_as_v2: switchable,
  vrrp_notify_priority_changes: switchable,
  fifo_write_vrrp_states_on_reload: flag,
  no_email_faults: flag,
  dynamic_interfaces: noEffect(ANY_TIME, optional(oneOf('allow_if_changes'), 'yes' as const)),
  default_interface: one(interfaceName),
  disable_local_igmp: flag,
  vmac_prefix: one(name('the beginning of an interface name', 10)),
  vmac_addr_prefix: one(name('the beginning of an interface name', 10)),
  log_unknown_vrids: flag,
  vrrp_startup_delay: one(seconds(0.001, LONGEST_DELAY)),
  vrrp_delay_after_boot: one(seconds(0.001, LONGEST_DELAY)),
  vrrp_rx_bufs_policy: noEffect(OWN_BUFFERS, one(buffer)),
  vrrp_rx_bufs_multiplier: noEffect(OWN_BUFFERS, one(integer(1, MOST_I32))),
  nftables: table,
  nftables_priority: one(i32),
  nftables_ifindex: flag,
  nftables_counters: flag,
  vrrp_iptables: iptables(2),
  vrrp_ipsets: iptables(6),
} satisfies Vocabulary;

const MASTER_DELAY = 5;
const MASTER_REPEAT = 5;

/** Each missing number is that of `before`, and those of lower priority are those of a new master. */
export function garpOf(
  { values }: { readonly values: Values<typeof garpWords> },
  before: GarpSettings,
  extra: { readonly all: boolean; readonly seconds: number } | undefined,
): GarpSettings {
  const masterDelaySeconds = values.garp_master_delay ?? before.masterDelaySeconds;
  const masterRepeat = values.garp_master_repeat ?? before.masterRepeat;
  return {
    ...before,
    masterDelaySeconds,
    masterRepeat,
    refreshSeconds: values.garp_master_refresh ?? before.refreshSeconds,
    refreshRepeat: values.garp_master_refresh_repeat ?? before.refreshRepeat,
    lowerPriorityDelaySeconds: values.garp_lower_prio_delay ?? before.lowerPriorityDelaySeconds,
    lowerPriorityRepeat: values.garp_lower_prio_repeat ?? before.lowerPriorityRepeat,
    extraInterfaceSeconds: extra?.seconds ?? before.extraInterfaceSeconds,
    extraInterfaceAll: extra?.all ?? before.extraInterfaceAll,
  };
}

function globalGarp(values: Values<typeof vrrpDefaultWords>): GarpSettings {
  const least = values.vrrp_min_garp === true;
  const masterDelaySeconds = values.vrrp_garp_master_delay ?? (least ? 0 : MASTER_DELAY);
  const masterRepeat = values.vrrp_garp_master_repeat ?? (least ? 1 : MASTER_REPEAT);
  const extra = values.vrrp_garp_extra_if;
  return {
    masterDelaySeconds,
    masterRepeat,
    refreshSeconds: values.vrrp_garp_master_refresh ?? 0,
    refreshRepeat: values.vrrp_garp_master_refresh_repeat ?? 1,
    lowerPriorityDelaySeconds: values.vrrp_garp_lower_prio_delay ?? masterDelaySeconds,
    lowerPriorityRepeat: values.vrrp_garp_lower_prio_repeat ?? masterRepeat,
    intervalSeconds: values.vrrp_garp_interval ?? 0,
    gnaIntervalSeconds: values.vrrp_gna_interval ?? 0,
    extraInterfaceSeconds: extra?.seconds ?? 0,
    extraInterfaceAll: extra?.all ?? false,
  };
}

export function vrrpDefaultsOf(values: Values<typeof vrrpDefaultWords>, smtpAlert: boolean): VrrpDefaults {
  const vmacPrefix = values.vmac_prefix ?? 'vrrp';
  return {
    version: values.vrrp_version === undefined ? undefined : versionOf(values.vrrp_version),
    strict: values.vrrp_strict ?? false,
    multicastGroup4: values.vrrp_mcast_group4 ?? '224.0.0.18',
    multicastGroup6: values.vrrp_mcast_group6 ?? 'ff02::12',
    garp: globalGarp(values),
    downTimerAdverts: values.vrrp_down_timer_adverts ?? 3,
    lowerPriorityNoAdvert: values.vrrp_lower_prio_no_advert ?? false,
    higherPrioritySendAdvert: values.vrrp_higher_prio_send_advert ?? false,
    ownerIgnoresAdverts: values.vrrp_owner_ignore_adverts ?? false,
    v3ChecksumAsV2: values.v3_checksum_as_v2 ?? false,
    smtpAlert,
    notifyPriorityChanges: values.vrrp_notify_priority_changes ?? false,
    defaultInterface: values.default_interface ?? 'eth0',
    vmacPrefix,
    vmacAddressPrefix: values.vmac_addr_prefix ?? vmacPrefix,
    logUnknownVrids: values.log_unknown_vrids ?? false,
    startupDelaySeconds: values.vrrp_startup_delay ?? 0,
    delayAfterBootSeconds: values.vrrp_delay_after_boot ?? 0,
    noMailForFaults: values.no_email_faults ?? false,
    statesToFifosOnReload: values.fifo_write_vrrp_states_on_reload ?? false,
    disableLocalIgmp: values.disable_local_igmp ?? false,
    nftables: {
      table: values.nftables ?? 'keepalived',
      priority: values.nftables_priority ?? -1,
      counters: values.nftables_counters ?? false,
    },
  };
}

export const versionOf = (word: '2' | '3'): 2 | 3 => (word === '2' ? 2 : 3);
