import { placeOfWord, type Statement } from './tree.js';
import type { Term, Vocabulary } from './vocabulary.js';

/** Words of keepalived that are known and do nothing yet. Each is named in one warning; none is passed over in silence. */
export const later: Term<true> = { read: () => true, join: () => true, later: true };

const wordsOf = (text: string): readonly string[] => text.trim().split(/\s+/);
export const laterWords = (text: string): Vocabulary => Object.fromEntries(wordsOf(text).map((word) => [word, later]));

/** A block of which nothing is read: one warning for all of it, by its keyword and name. */
export const laterBlock = (consequence: string): Term<true> => ({
  read(statement, { diagnostics }) {
    diagnostics.warning(placeOfWord(statement, 0), `'${title(statement)}' is not implemented yet; ${consequence}`);
    return true;
  },
  join: () => true,
});

const title = ({ words }: Statement): string => words.map((word) => word.text).join(' ');

/** Outermost blocks and words. */
export const laterOutermost = Object.fromEntries(
  wordsOf(`
  net_namespace net_namespace_ipvs namespace_with_ipsets instance use_pid_dir child_wait_time linkbeat_use_polling
  linkbeat_interfaces track_group static_ipaddress static_routes static_rules interface_up_down_delays track_file vrrp_track_file
  vrrp_track_process vrrp_script vrrp_sync_group garp_group vrrp_instance bfd_instance SSL
`).map((word) => [word, laterBlock('it has no effect')]),
);

export const laterGlobals = laterWords(`
  tmp_config_directory config_save_dir process_names process_name vrrp_process_name checker_process_name lvs_process_name
  bfd_process_name use_symlink_paths set_supplementary_groups notification_email notification_email_from smtp_server smtp_helo_name
  smtp_connect_timeout smtp_alert smtp_alert_vrrp smtp_alert_checker no_email_faults startup_script startup_script_timeout
  shutdown_script shutdown_script_timeout max_auto_priority min_auto_priority_delay dynamic_interfaces default_interface
  disable_local_igmp v3_checksum_as_v2 vrrp_mcast_group4 vrrp_mcast_group6 vrrp_garp_master_delay vrrp_garp_master_repeat
  vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat vrrp_garp_lower_prio_delay vrrp_garp_lower_prio_repeat
  vrrp_down_timer_adverts vrrp_garp_interval vrrp_gna_interval vrrp_min_garp vrrp_garp_extra_if vrrp_vmac_garp_intvl
  vrrp_lower_prio_no_advert vrrp_higher_prio_send_advert vrrp_version vrrp_iptables vrrp_ipsets nftables nftables_priority
  nftables_ifindex nftables_counters nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark vrrp_check_unicast_src
  vrrp_skip_check_adv_addr vrrp_strict vrrp_priority vrrp_no_swap vrrp_rt_priority vrrp_cpu_affinity vrrp_rlimit_rttime
  vrrp_rlimit_rtime checker_priority checker_no_swap checker_rt_priority checker_cpu_affinity checker_rlimit_rttime
  checker_rlimit_rtime bfd_priority bfd_no_swap bfd_rt_priority bfd_cpu_affinity bfd_rlimit_rttime bfd_rlimit_rtime notify_fifo
  notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script lvs_notify_fifo lvs_notify_fifo_script vrrp_notify_priority_changes
  fifo_write_vrrp_states_on_reload snmp_socket enable_traps enable_snmp_vrrp enable_snmp_keepalived enable_snmp_checker
  enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 snmp_vs_stats_update_interval snmp_rs_stats_update_interval enable_dbus
  dbus_service_name dbus_no_interface_name vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs
  vrrp_netlink_monitor_rcv_bufs_force lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs
  lvs_netlink_monitor_rcv_bufs_force process_monitor_rcv_bufs process_monitor_rcv_bufs_force rs_init_notifies no_checker_emails
  vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier vrrp_startup_delay vrrp_delay_after_boot log_unknown_vrids vrrp_owner_ignore_adverts
  vmac_prefix vmac_addr_prefix umask random_seed reload_check_config reload_time_file reload_repeat reload_file include_check
  data_use_instance json_version iproute_usr_dir iproute_etc_dir state_dump_file stats_dump_file json_dump_file
`);
