import { noEffect, noMore, phrase } from '../terms.js';
import type { Term, Vocabulary } from '../vocabulary.js';

/** Words of global_defs that say how keepalived's processes, dumps and interfaces to others are made: why they do nothing here. */

/** Any words, at most so many. */
const words = (most: number): Term<true> => ({
  ...phrase((statement, context): true => {
    noMore(statement, most + 1, context);
    return true;
  }),
});

const each = (why: string, most: number, names: string): Vocabulary =>
  Object.fromEntries(names.split(/\s+/).map((word) => [word, noEffect(why, words(most))]));

/** An old name of a word without effect. */
const formerly = (now: string, why: string): Term<true> => ({
  ...noEffect(`it is an old name of '${now}', and ${why}`, words(1)),
  as: now,
  instead: now,
});

const MANY = 1024;
const ONE_PROCESS = 'the processes of lvsd have names of their own';
const SERVICE_UNIT =
  'lvsd leaves its scheduling to whoever starts it (Nice=, CPUSchedulingPolicy=, CPUAffinity= of systemd)';
const ADVERTS_FIRST =
  'the thread that sends adverts has SCHED_RR and its memory locked where that is allowed, and nothing else needs it';
const BUFFERS = 'lvsd sizes its sockets itself and reads the kernel again when it missed something';
const NO_SNMP = "lvsd has no SNMP agent; 'lvsctl status --json' has the numbers";
const NO_DBUS = "lvsd is not on D-Bus; 'lvsctl' talks to it";
const NO_COPY = 'lvsd keeps no copies of the file';
const NO_DUMP = "lvsd writes no dumps; 'lvsctl status --json' tells all of it";
const NO_SCHEDULE = "lvsd reads the file again at SIGHUP or 'lvsctl reload'; let cron or a systemd timer send it";
const TABLES = 'names of tables, scopes and protocols are looked up in /etc/iproute2 and /usr/share/iproute2';

const processOptions = (process: string, why = SERVICE_UNIT): Vocabulary => ({
  ...each(why, 1, `${process}_priority ${process}_no_swap ${process}_rt_priority ${process}_rlimit_rttime`),
  ...each(why, MANY, `${process}_cpu_affinity`),
  [`${process}_rlimit_rtime`]: formerly(`${process}_rlimit_rttime`, why),
});

export const wordsWithoutEffect: Vocabulary = {
  ...each(NO_COPY, 1, 'tmp_config_directory config_save_dir'),
  ...each(ONE_PROCESS, 1, 'process_names process_name vrrp_process_name checker_process_name bfd_process_name'),
  lvs_process_name: formerly('checker_process_name', ONE_PROCESS),
  ...each('commands are started by the path as it is written', 1, 'use_symlink_paths'),
  ...each('lvsd does not raise its own priority', 1, 'max_auto_priority min_auto_priority_delay'),
  ...processOptions('vrrp', ADVERTS_FIRST),
  ...processOptions('checker'),
  ...processOptions('bfd'),
  ...each(
    BUFFERS,
    1,
    `vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force
    lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force
    process_monitor_rcv_bufs process_monitor_rcv_bufs_force`,
  ),
  ...each(
    NO_SNMP,
    1,
    `snmp_socket enable_traps enable_snmp_vrrp enable_snmp_checker enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3
    snmp_vs_stats_update_interval snmp_rs_stats_update_interval`,
  ),
  enable_snmp_keepalived: formerly('enable_snmp_vrrp', NO_SNMP),
  ...each(NO_DBUS, 1, 'enable_dbus dbus_service_name dbus_no_interface_name'),
  ...each(NO_SCHEDULE, 1, 'reload_time_file reload_repeat'),
  ...each("'lvsctl status' tells when the file was read", 1, 'reload_file'),
  ...each(
    "write 'includea', 'includer', 'includem', 'includew' or 'includeb' where a file must be there",
    4,
    'include_check',
  ),
  ...each(NO_DUMP, 1, 'data_use_instance json_version state_dump_file stats_dump_file json_dump_file'),
  ...each(TABLES, 1, 'iproute_usr_dir iproute_etc_dir'),
  ...each('${_RANDOM} is drawn before this word is read, as in keepalived', 1, 'random_seed'),
  ...each(
    "each address of a group is a service of its own; 'fwmark_rule' marks packets for one service",
    1,
    'nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark',
  ),
};
