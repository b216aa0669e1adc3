import { table } from './table.js';

/** Syntax, default and meaning of words, by block: `word | syntax | default | meaning`. */
export const globalWords = {
  outermost: table(`
net_namespace | NAME | none | the network namespace of the whole daemon
net_namespace_ipvs | [NAME] | as net_namespace | the network namespace of the IPVS tables alone
namespace_with_ipsets | flag | off | permit ipsets inside a namespace on kernels before 3.13
instance | NAME | none | tells several daemons of one machine apart
use_pid_dir | flag | off | a directory of its own for pid files
child_wait_time | SECS 0..4294967295 | 5 | how long keepalived waits for its processes at the end
linkbeat_use_polling | flag | off | use MII/ETHTOOL/ioctl polling for link state everywhere
global_defs | block | - | container of daemon-wide settings
linkbeat_interfaces | { IFNAME [MII, ETHTOOL or IOCTL] ... } | empty | interfaces whose link state is polled
track_group | NAME block | - | names VRRP instances that track static items
static_ipaddress | { ADDRESS-LINE ... } | empty | addresses kept on the machine
static_routes | { ROUTE-LINE ... } | empty | routes kept on the machine
static_rules | { RULE-LINE ... } | empty | policy rules kept on the machine
interface_up_down_delays | { IFNAME DOWN [UP] ... }, each SECS 0..255 | 0 (omitted UP = 0 in code, "= DOWN" in the man page) | debounce of link changes
track_file | NAME block | - | file whose number drives priorities, states and weights
vrrp_track_file | NAME block | - | old name of track_file
vrrp_track_process | NAME block | - | process monitor via the proc connector
vrrp_script | NAME block | - | periodic script that drives priority or FAULT
vrrp_sync_group | NAME block | - | instances that change state together
garp_group | block | - | shared ARP/NA pacing
vrrp_instance | NAME block | - | one virtual router
bfd_instance | NAME (max 31 chars) block | - | BFD session
SSL | block | generated context | client certificate and CA of SSL_GET
virtual_server_group | NAME { ENTRY ... } | - | set of service addresses and marks
virtual_server | ADDRESS [PORT], fwmark N or group NAME, block; ADDRESS/LENGTH [PORT] (userspace engine) | - | one service (or many through a group)
+fwmark_rule | NAME block | - | packets that get a firewall mark, for services by mark; see fwmark.md
+api | block, or \`off\` | a socket beside that of lvsctl | where the REST API is served, and who may use it (api.md)
+fleet | block | none | configuration that many directors share in etcd (fleet.md)
+announce | block | none | virtual addresses that BIRD or FRR is told of (fleet.md)
+webhook | URL { ... } | none | a program that is told of events (events.md); several times
+metrics | block | all | how much of it \`/metrics\` tells (metrics.md)
`),
  global_defs: table(`
tmp_config_directory | DIRECTORY | memfd | where the expanded copy of the file is kept
config_save_dir | DIRECTORY | none | keep copies of the file around each load
process_names | flag | off | set default process titles
process_name | NAME | none | title of the parent process
vrrp_process_name | NAME | none | title of the VRRP process
checker_process_name | NAME | none | title of the checker process
lvs_process_name | NAME | none | old name of checker_process_name
bfd_process_name | NAME | none | title of the BFD process
use_symlink_paths | [BOOL] | false | keep symlinks in script paths instead of resolving them
set_supplementary_groups | [BOOL] | false | give scripts the supplementary groups of their user
router_id | STRING | local host name | name of this machine in mails and dumps
notification_email | { ADDRESS... } (quote "Name <a@b>") | empty | mail recipients
notification_email_from | ADDRESS | keepalived@localhost name | mail From
smtp_server | IP-or-NAME [PORT 1..65535] | none, port 25 | mail relay, resolved at load time
smtp_helo_name | STRING | local host name | HELO name for mail
smtp_connect_timeout | SECS 0..4294 | 30 | mail connect and I/O timeout
smtp_alert | [BOOL] | unset | default for all smtp_alert settings
smtp_alert_vrrp | [BOOL] | unset | default smtp_alert of VRRP objects
smtp_alert_checker | [BOOL] | unset | default smtp_alert of virtual and real servers
no_email_faults | flag | off | no mail for VRRP FAULT
startup_script | SCRIPT [USER [[:]GROUP]] | none | run once before children start
startup_script_timeout | SECS 1..1000 | 10 | kill the startup script after this time
shutdown_script | SCRIPT [USER [[:]GROUP]] | none | run once after children stopped
shutdown_script_timeout | SECS 1..1000 | 10 | kill the shutdown script after this time
max_auto_priority | [-1..99] | 0 (off), no value = maximum | ceiling of automatic realtime priority when timers run late
min_auto_priority_delay | USECS 1..10000000 | 1000000 | lateness that triggers the automatic priority
checker_log_all_failures | [BOOL] | false | log every failed check, not only state changes
dynamic_interfaces | [allow_if_changes] | off | accept interfaces that do not exist yet
default_interface | IFNAME | eth0 | interface for addresses without dev
disable_local_igmp | flag | off | stop IGMP reports for link-local groups (not changeable on reload)
v3_checksum_as_v2 | [BOOL] | false | VRRPv3/IPv4 checksum without pseudo header, default for instances
lvs_timeouts | [tcp S] [tcpfin S] [udp S], each 0..2678400 | kernel values | IPVS connection timeouts while running, restored at stop
lvs_flush | flag | off | empty the IPVS table at start
lvs_flush_on_stop | [VS] | off | flush everything (or only own services) at stop without per-server deletes
lvs_flush_onstop | [VS] | off | old spelling of lvs_flush_on_stop
lvs_sync_daemon | IFNAME [[inst] INSTANCE] [id 0..255] [maxlen 1..65507] [port 1..65535] [ttl 1..255] [group ADDR] | off; both roles without an instance | the sync daemons of IPVS and of the userspace engine; with an instance, the one of its state, and its VRID as id
vrrp_mcast_group4 | MULTICAST4 | 224.0.0.18 | VRRP group for IPv4
vrrp_mcast_group6 | MULTICAST6 | ff02::12 | VRRP group for IPv6
vrrp_garp_master_delay | SECS 0..4294 | 5 | pause before the second gratuitous ARP burst
vrrp_garp_master_repeat | N 1..4294967295 | 5 | gratuitous ARPs per burst
vrrp_garp_master_refresh | SECS 0..4294967295 | 0 | period of refresh ARPs while master
vrrp_garp_master_refresh_repeat | N 1..4294967295 | 1 | ARPs per refresh
vrrp_garp_lower_prio_delay | SECS 0..4294 | vrrp_garp_master_delay | second burst after a lower priority advert
vrrp_garp_lower_prio_repeat | N 0..2147483647 | vrrp_garp_master_repeat | ARPs after a lower priority advert
vrrp_down_timer_adverts | N 1..100 | 3 | missed adverts before the master counts as down
vrrp_garp_interval | SECS 0..4294.967295 | 0 | gap between gratuitous ARPs on an interface
vrrp_gna_interval | SECS 0..4294.967295 | 0 | gap between unsolicited neighbour advertisements
vrrp_min_garp | [BOOL] | false | one ARP only, no second burst
vrrp_garp_extra_if | [all] SECS 1..86400 | off | periodic ARP/NA on VIP interfaces other than the instance's
vrrp_vmac_garp_intvl | [all] SECS | off | old name of vrrp_garp_extra_if
vrrp_lower_prio_no_advert | [BOOL] | false | do not answer lower priority adverts
vrrp_higher_prio_send_advert | [BOOL] | false | send one advert before yielding to a higher priority
vrrp_version | 2 or 3 | 2 (IPv6: 3) | default VRRP version
vrrp_iptables | [INCHAIN [OUTCHAIN]] | off; INPUT OUTPUT | iptables chains for no_accept mode
vrrp_ipsets | [SET4 [SET6 [IF6 [IGMP [MLD [ND]]]]]] | keepalived... | ipset names used with vrrp_iptables
nftables | [TABLE] | keepalived if needed | nftables table for no_accept and VMAC filtering (not changeable on reload)
nftables_priority | INT32 | -1 | chain priority
nftables_ifindex | flag | off | use ifindex in sets
nftables_counters | flag | off | add counters to rules
nftables_ipvs | [TABLE] | off | mark VSG traffic with nftables so that one fwmark service replaces N services (not changeable on reload)
nftables_ipvs_priority | INT32 | - | priority of the marking chain
nftables_ipvs_start_fwmark | 1..4294967295 | 1000 | first automatic fwmark
vrrp_check_unicast_src | flag | off | drop adverts not from a configured peer
vrrp_skip_check_adv_addr | [BOOL] | false | skip the VIP list check for repeated senders
vrrp_strict | [BOOL] | false | enforce RFC behaviour for all instances
vrrp_priority | -20..19 | 0 | nice value of the VRRP process
vrrp_no_swap | flag | off | mlock the VRRP process
vrrp_rt_priority | 1..99 | off | SCHED_RR priority of the VRRP process
vrrp_cpu_affinity | CPU... | all | CPU set of the VRRP process
vrrp_rlimit_rttime | USECS 2.. | 10000 | RLIMIT_RTTIME of the VRRP process
vrrp_rlimit_rtime | USECS | 10000 | misspelt old name
checker_priority | -20..19 | 0 | nice value of the checker process
checker_no_swap | flag | off | mlock the checker process
checker_rt_priority | 1..99 | off | SCHED_RR priority of the checker process
checker_cpu_affinity | CPU... | all | CPU set of the checker process
checker_rlimit_rttime | USECS 2.. | 10000 | RLIMIT_RTTIME of the checker process
checker_rlimit_rtime | USECS | 10000 | misspelt old name
bfd_priority | -20..19 | 0 | nice value of the BFD process
bfd_no_swap | flag | off | mlock the BFD process
bfd_rt_priority | 1..99 | off | SCHED_RR priority of the BFD process
bfd_cpu_affinity | CPU... | all | CPU set of the BFD process
bfd_rlimit_rttime | USECS 2.. | 10000 | RLIMIT_RTTIME of the BFD process
bfd_rlimit_rtime | USECS | 10000 | misspelt old name
notify_fifo | PATH [USER [GROUP]] | none | named pipe for all VRRP and LVS events
notify_fifo_script | SCRIPT [USER [[:]GROUP]] | none | reader started by the daemon, FIFO name appended as last argument
vrrp_notify_fifo | PATH [USER [GROUP]] | none | pipe for VRRP events only
vrrp_notify_fifo_script | SCRIPT [USER [[:]GROUP]] | none | reader for VRRP events
lvs_notify_fifo | PATH [USER [GROUP]] | none | pipe for checker events only
lvs_notify_fifo_script | SCRIPT [USER [[:]GROUP]] | none | reader for checker events
vrrp_notify_priority_changes | [BOOL] | false | send priority changes to the FIFOs
fifo_write_vrrp_states_on_reload | flag | off | repeat VRRP states on the FIFOs after reload
snmp_socket | ADDR | unix:/var/agentx/master | AgentX master socket
enable_traps | flag | off | send SNMP traps
enable_snmp_vrrp | flag | off | KEEPALIVED-MIB VRRP part
enable_snmp_keepalived | flag | off | old name of enable_snmp_vrrp
enable_snmp_checker | flag | off | KEEPALIVED-MIB checker part
enable_snmp_rfc | flag | off | both VRRP RFC MIBs
enable_snmp_rfcv2 | flag | off | RFC2787 MIB
enable_snmp_rfcv3 | flag | off | RFC6527 MIB
snmp_vs_stats_update_interval | SECS 0.001..30 | 5 | minimum age before VS stats are re-read
snmp_rs_stats_update_interval | SECS 0.001..30 | 5 (as VS) | minimum age before RS stats are re-read
enable_dbus | flag | off | DBus interface (VRRP)
dbus_service_name | NAME | org.keepalived.Vrrp1 | DBus service name
dbus_no_interface_name | NAME | none | path element for instances without interface
script_user | USER [[:]GROUP] | keepalived_script or lvsd-check if one exists, else root | default user of all scripts
enable_script_security | flag | off | refuse scripts of root whose path others may write to
vrrp_netlink_cmd_rcv_bufs | BYTES | system | netlink receive buffer
vrrp_netlink_cmd_rcv_bufs_force | [BOOL] | false | exceed rmem_max
vrrp_netlink_monitor_rcv_bufs | BYTES | system | netlink monitor buffer
vrrp_netlink_monitor_rcv_bufs_force | [BOOL] | false | exceed rmem_max
lvs_netlink_cmd_rcv_bufs | BYTES | system | checker netlink buffer
lvs_netlink_cmd_rcv_bufs_force | [BOOL] | false | exceed rmem_max
lvs_netlink_monitor_rcv_bufs | BYTES | system | checker netlink monitor buffer
lvs_netlink_monitor_rcv_bufs_force | [BOOL] | false | exceed rmem_max
process_monitor_rcv_bufs | BYTES | system | process connector buffer
process_monitor_rcv_bufs_force | [BOOL] | false | exceed rmem_max
rs_init_notifies | [BOOL] | false | run RS notifies for servers added at start
no_checker_emails | [BOOL] | false | mail only on RS state changes, not on each checker
vrrp_rx_bufs_policy | MTU, ADVERT or BYTES | system default | socket receive buffer sizing
vrrp_rx_bufs_multiplier | N 1.. | 3 | factor for vrrp_rx_bufs_policy
vrrp_startup_delay | SECS 0.001..4294 | 0 | hold VRRP instances after start
vrrp_delay_after_boot | SECS 0.001..4294 | 0 | hold VRRP until this uptime
log_unknown_vrids | flag | off | log adverts for unknown VRIDs
vrrp_owner_ignore_adverts | [BOOL] | false | the owner of the addresses ignores other routers' adverts
vmac_prefix | STRING | vrrp | name prefix of VMAC interfaces
vmac_addr_prefix | STRING | vmac_prefix | name prefix of VMACs made for VIPs
umask | NUMBER or BIT[,BIT...] separated by a vertical bar | 0177 (IXUSR, IRWXG, IRWXO) | file creation mask, also inherited by scripts
random_seed | 0..4294967295 | time | seed of \${_RANDOM}
reload_check_config | [LOG_FILE] | always so | a file with errors changes nothing at a reload: lvsd never does otherwise
reload_time_file | PATH | none | file with the time of a scheduled reload
reload_repeat | flag | off | repeat the scheduled reload daily
reload_file | [PATH] | off; pid dir | file that exists while the config is being read
include_check | [read] [match] [wildcard_match] [brace_match] | off | which missing includes are errors
data_use_instance | [BOOL] | false | instance and namespace in dump file names
json_version | 1 or 2 | 1 | layout of the JSON dump
iproute_usr_dir | PATH | build | iproute2 name tables
iproute_etc_dir | PATH | build | iproute2 override tables
state_dump_file | PATH | /tmp/keepalived*.data | where the state is dumped
stats_dump_file | PATH | /tmp/keepalived.stats | where the statistics are dumped
json_dump_file | PATH | /tmp/keepalived.json | where the state is dumped as JSON
+script_timeout | SECS 0.001..86400 | 60 | how long a script that has no limit of its own may run before it is ended
+share_probes | [BOOL] | true | real servers of one address and port that are checked alike are probed once for all
+lvs_drift | repair or report | repair | what happens when somebody else changes our services in the kernel: it is put right, or only told
+lvs_stop | keep or remove | remove | what becomes of our services when lvsd stops
+lvs_state_file | PATH | director.json of the run directory | where is remembered what was programmed and what was down
+lvs_engine | userspace or kernel | kernel | who forwards the packets of services that do not say it themselves
+engine_ports | IFNAME... (at most 64) or auto | auto | interfaces that the userspace engine receives from and sends to
+engine_mode | auto, xdp, xdp_native, xdp_generic or packet | auto | how it opens them: AF_XDP (of any kind and AF_PACKET last, in the driver, generic) or AF_PACKET
+engine_workers | 1..256 or auto | auto | its threads
+engine_sessions | 1024..268435456 | the engine's | sessions it has room for
+engine_tunnel_source4 | ADDRESS | address of the interface a packet leaves by | source of IPv4 outer headers
+engine_tunnel_source6 | ADDRESS | address of the interface a packet leaves by | source of IPv6 outer headers
+engine_tunnel_ttl | 1..255 | 64 | TTL or hop limit of outer headers
+engine_timeouts | [tcp SECS] [syn SECS] [fin SECS] [closed SECS] [udp SECS] [icmp SECS] [other SECS], each 1..2678400 | tcp 900, syn 60, fin 120, closed 10, udp 300, icmp 60, other 600 | sessions without packets end
+pair_peer | ADDRESS [PORT 1..65534] | none, port 51112 | the director that guards the same addresses; the port is that of both (vrrp.md)
+pair_source | ADDRESS | any | where the pair's connection comes from and is waited for: put it on a link of its own
+pair_key | "SECRET" or file:/PATH, at least 16 bytes | required with pair_peer | what both directors prove to know
+pair_second_path | SECS 0..86400 | 30 | how long a backup that hears no adverts believes the peer that it sends them; 0: not at all
+pair_accept_push | flag | off | the peer may put another file in the place of this one (lvsctl push, vrrp.md)
+pair_sync_wait | SECS 0..86400 | 0 | how long a director that starts waits at most for the peer's connections before it may become master; 0: not at all
`),
  fwmark_rule: table(`
+fwmark | N 1..4294967295 | required | the mark
+vip | ADDRESS[/LEN]... | required | destinations of the packets
+protocol | TCP, UDP, SCTP ... | any | protocols of the packets
+port | PORT or A-B ... | any | destination ports
+not_from_mac | MAC... | none | packets of these Ethernet addresses, the other directors, are left alone
+interface | IFNAME... | any | interfaces that the packets come in on
`),
  fleet: table(`
+etcd | URL... | required | the members of one etcd: \`https://10.0.0.1:2379\`; may come again
+prefix | /PATH | /lvsd | what all keys begin with
+name | NAME | router_id, else the machine's name | what this director is called in the fleet
+user | NAME SECRET or NAME file:/PATH | none | who we are to etcd
+tls_ca | /FILE | the system's | PEM file of authorities that sign etcd's certificates
+tls_client | /CERTIFICATE /KEY | none | PEM files of our own certificate
+lease | SECS 3..3600 | 10 | how long a director that says nothing is still told of
+allow_scripts | flag | off | documents may name scripts, which run here
`),
  announce: table(`
+bird | flag | this or frr | BIRD reads the table (\`kernel table 179; learn;\`)
+frr | flag | this or bird | FRR reads the table (\`redistribute kernel\`)
+table | N or main | 179 for BIRD, main for FRR | the kernel's routing table that the addresses are written to
+only | ADDRESS[/LEN]... | any | which addresses may be announced; may come again
+when | quorum, serving or configured | quorum | what a service must have: its quorum; that or a sorry server; nothing
+needs | any or all | any | of several services at one address
+withdraw_wait | SECS 0..600 | 3 | from the withdrawal to the end of forwarding when lvsd stops (\`lvs_stop remove\`)
`),
  webhook: table(`
+name | NAME | host of the URL | what the log and the metrics call it, and what it is remembered by
+events | NAME... | all | events it is told of, or how their names begin: \`health. vrrp.role\`; may come again
+level | info, warn or error | info | the least grave it is told of
+secret | SECRET or file:/PATH | none | each request is signed with it (HMAC-SHA256)
+tls_ca | /FILE | the system's | PEM file of authorities that sign its certificate
+timeout | SECS 0.1..300 | 10 | for one attempt
+retry | SECS 1..86400 | 300 | pauses between attempts grow up to this
+keep | SECS 1..31536000 | 86400 | an event that is older is given up
`),
  metrics: table(`
+series | N 1000..100000000 | 100000 | at most so many series; what is left out is told
+destinations | on or off | on | series of each destination, or of services only
`),
  api: table(`
+listen | unix:/PATH [MODE] [GROUP], or ADDRESS PORT { tls { ... } } | mode 0600, with a group 0660 | a Unix socket of the API, or TLS at an address; may come again
+allow | user, group or certificate, NAME, ROLE (read, operate or admin) [SERVICE...] | root and the user of lvsd: admin | what they may who are known by a socket or a certificate; the first line that fits counts
+token | NAME ROLE sha256:HASH [{ ... }] | none | a token that \`lvsd token\` made; may come again
+token_file | /FILE | none | a file of \`token\` lines, read again when it changes; may come again
+audit_log | /FILE [MEGABYTES 1..10000] [FILES 1..100] | none; 16, 4 | who changed what, and was answered what
+rate_limit | N 1..100000 [BURST] | 500, twice as many at once | requests a second of one identity
`),
  listen: table(`
+tls | block | required | certificates; nothing is served to the network without
`),
  tls: table(`
+certificate | /FILE | required | PEM file of our certificate, with those between it and its authority
+key | /FILE | required | its key, which not everybody may read
+client_ca | /FILE [required] | clients are asked for none | PEM file of the authorities that sign the certificates of clients; required: who has none cannot connect
+client_crl | /FILE | none | PEM file of revoked ones
`),
  token: table(`
+expires | DAY or MOMENT, UTC | never | from then on it is refused: 2027-12-31, 2027-12-31T18:00Z
+services | SERVICE... | all | ids of services, or beginnings with a * behind them, that it may change; may come again
+from | ADDRESS[/LEN]... | anywhere | where it may come from; may come again
`),
};
