import { table } from './table.js';

/** Syntax, default and meaning of words, by block: `word | syntax | default | meaning`. */
export const vrrpWords = {
  track_file: table(`
file | PATH | - | file to watch
weight | -254..254 [reverse] | 1 | what the number in the file is multiplied with
init_file | [VALUE] [overwrite] | no creation | create or initialise the file
`),
  vrrp_track_file: table(`
file | PATH | - | as track_file
weight | -254..254 [reverse] | 1 | as track_file
init_file | [VALUE] [overwrite] | no creation | as track_file
`),
  vrrp_track_process: table(`
process | NAME [PARAM...] | - | command name and parameters to look for
param_match | [initial or partial] | exact when parameters given | how parameters are compared
weight | -254..254 [reverse] | 0 | priority change or FAULT when 0
quorum | 1..65535 | 1 | needed matching processes
quorum_max | 0..65535 | unlimited | allowed matching processes
delay | SECS 0.000001..3600 | 0 | sets both delays
terminate_delay | SECS 0.000001..3600 | 0 | grace after losing quorum
fork_delay | SECS 0.000001..3600 | 0 | grace after gaining quorum
full_command | flag | off | match the full command line
`),
  vrrp_script: table(`
script | COMMAND (quoted with arguments) | - | command; 0 = success
interval | SECS 0..4294 | 1 | period; 0 is taken as 1
timeout | SECS 0.001..4294 | interval | kill and count as failure
weight | -253..253 [reverse] | 0 = FAULT on failure | priority change
rise | 1..2147483647 | 1 | successes needed
fall | 1..2147483647 | 1 | failures needed
user | USER [[:]GROUP] | script_user | user of the script
init_fail | flag | off | start in failed state
`),
  vrrp_sync_group: table(`
group | { INSTANCE ... } | - | members (2 or more expected)
track_interface | { IFNAME [weight -253..253 [reverse]] ... } | empty | interfaces
track_script | { NAME [weight -253..253 [reverse or noreverse]] ... } | empty | scripts
track_file | { NAME [weight -254..254 [reverse or noreverse]] ... } | empty | files
track_process | { NAME [weight -254..254 [reverse or noreverse]] ... } | empty | processes
track_bfd | { NAME [weight -253..253 [reverse or noreverse]] ... } | empty | BFD sessions
notify_backup | SCRIPT [USER [[:]GROUP]] | none | on BACKUP
notify_master | SCRIPT [USER [[:]GROUP]] | none | on MASTER
notify_fault | SCRIPT [USER [[:]GROUP]] | none | on FAULT
notify_stop | SCRIPT [USER [[:]GROUP]] | none | on stop
notify | SCRIPT [USER [[:]GROUP]] | none | any change; GROUP NAME STATE PRIORITY appended
smtp_alert | [BOOL] | global default | mail on change
global_tracking | flag | off | old switch
sync_group_tracking_weight | flag | off | allow weighted trackers in members
notify_priority_changes | [BOOL] | global default | priority events on FIFOs
`),
  garp_group: table(`
garp_interval | SECS 0..4294.967295 | 0 | gap between ARPs
gna_interval | SECS 0..4294.967295 | 0 | gap between NAs
interface | IFNAME | - | one interface
interfaces | { IFNAME ... } | - | interfaces sharing the limit
`),
  vrrp_instance: table(`
use_vmac | [[name] IFNAME] [MAC] [netlink_notify_msg] [group GROUP] | off | adverts and VIPs on a macvlan with the virtual MAC
use_vmac_addr | flag | off | VMACs also for VIPs on other interfaces
vmac_xmit_base | flag | off | send adverts from the base interface
use_ipvlan | [[name] IFNAME] [ADDRESS] [bridge, private or vepa] [group GROUP] | off | ipvlan instead of macvlan
unicast_peer | { ADDRESS [min_ttl 0..255] [max_ttl 0..255] ... } | empty | unicast adverts to these peers
unicast_fault_no_peer | flag | off | FAULT instead of multicast when no peer is given
check_unicast_src | flag | off | accept adverts only from peers
old_unicast_checksum | [never] | auto | compatibility with versions up to 1.3.6
native_ipv6 | flag | off | force IPv6
state | MASTER or BACKUP | BACKUP | initial state
interface | IFNAME | - | interface of the virtual router
vrf | IFNAME | none | VRF for unicast without interface
dont_track_primary | flag | off | ignore faults of the own interface
track_interface | { IFNAME [weight -253..253 [reverse]] ... } | empty | further interfaces
track_script | { NAME [weight -253..253 [reverse or noreverse]] ... } | empty | vrrp_scripts
track_file | { NAME [weight -254..254 [reverse or noreverse]] ... } | empty | track_files
track_process | { NAME [weight -254..254 [reverse or noreverse]] ... } | empty | processes
track_bfd | { NAME [weight -253..253 [reverse or noreverse]] ... } | empty | BFD sessions
+bfd_master | NAME... | none | BFD sessions with the other routers: when the one with the master goes down, the backup takes over after 50 ms x (256 - priority) / 256 at most; weights and faults are not touched
mcast_src_ip | ADDRESS | primary address | source of multicast adverts
unicast_src_ip | ADDRESS | primary address | source of unicast adverts
mcast_dst_ip | MULTICAST | global group | other group
track_src_ip | flag | off | FAULT when the source address is missing
virtual_router_id | 1..255 | required | VRID
unicast_ttl | 0..255 | 255 | TTL of unicast adverts
version | 2 or 3 | vrrp_version | VRRP version
priority | 1..255 | 100 | election priority (255 = address owner)
advert_int | SECS 0.01..255 (v2: whole seconds, v3: up to 40.95) | 1 | advert interval
virtual_ipaddress | { ADDRESS-LINE ... } | - | VIPs carried in adverts
virtual_ipaddress_excluded | { ADDRESS-LINE ... } | empty | VIPs not carried in adverts
no_virtual_ipaddress | flag | off | no VIP intended
promote_secondaries | flag | off | set the sysctl on the interface
linkbeat_use_polling | flag | off | poll the link
v3_checksum_as_v2 | [BOOL] | global | checksum variant
virtual_routes | { ROUTE-LINE ... } | empty | routes while master
virtual_rules | { RULE-LINE ... } | empty | rules while master
accept | flag | on unless strict | accept packets to VIPs
no_accept | flag | off | drop packets to VIPs unless owner
skip_check_adv_addr | [BOOL] | global | skip the check of the address list for a sender that was checked before
strict_mode | [BOOL] | vrrp_strict | RFC strictness
preempt | flag | on | cancel nopreempt
nopreempt | flag | off | do not take over from a lower priority master
preempt_delay | SECS 0..1000 | 0 | delay before preempting
debug | 0..4 | 0 | not implemented
notify_backup | SCRIPT [USER [[:]GROUP]] | none | on BACKUP
notify_master | SCRIPT [USER [[:]GROUP]] | none | on MASTER
notify_fault | SCRIPT [USER [[:]GROUP]] | none | on FAULT
notify_stop | SCRIPT [USER [[:]GROUP]] | none | at stop
notify_deleted | [SCRIPT [USER [[:]GROUP]]] | FAULT is reported | DELETED is reported when a reload removes the instance, and the script runs
notify | SCRIPT [USER [[:]GROUP]] | none | any change; INSTANCE NAME STATE PRIORITY appended
notify_master_rx_lower_pri | SCRIPT [USER [[:]GROUP]] | none | master saw a lower priority advert
smtp_alert | [BOOL] | global default (false) | mail on change
notify_priority_changes | [BOOL] | global default | priority events on FIFOs
lvs_sync_daemon_interface | IFNAME | off | lvs_sync_daemon for this instance
garp_master_delay | SECS 0..4294 | global | second ARP burst delay
garp_master_refresh | SECS | global | ARP refresh
garp_master_repeat | N 1.. | global | ARPs per burst
garp_master_refresh_repeat | N 1.. | global | ARPs per refresh
garp_lower_prio_delay | SECS | global | burst delay after lower priority advert
garp_lower_prio_repeat | N | global | ARPs after lower priority advert
down_timer_adverts | 1..100 | global (3) | missed adverts before down
timer_expired_backup | [1..254] | off; 254 | go to BACKUP when own timers ran late
thread_timer_expired | [1..254] | off | old name of timer_expired_backup
garp_extra_if | [all] SECS 0..86400 | global | periodic ARP on VIP interfaces
vmac_garp_intvl | [all] SECS | global | old name of garp_extra_if
lower_prio_no_advert | [BOOL] | global | do not answer lower priority adverts
higher_prio_send_advert | [BOOL] | global | advert before yielding
owner_ignore_adverts | [BOOL] | global | the owner of the addresses ignores other routers' adverts
kernel_rx_buf_size | BYTES | policy | socket buffer
authentication | block | none | VRRPv2 authentication
auth_hmac | block | none | HMAC-SHA256 trailer (after 2.4.0)
`),
  authentication: table(`
auth_type | PASS or AH | none | method
auth_pass | STRING, cut to 8 bytes | - | password
`),
  auth_hmac: table(`
key | ID 1..255 VALUE (32..64 bytes; hex:... or file:PATH) | - | signing key
active_key | ID 1..255 | first | key used for sending
anti_replay | time or monotonic | time | replay protection
time_window | SECS 1..300 | max(3 x advert_int, 5) | freshness window
mode | enforce, permissive or receive-only | enforce | migration mode
`),
  bfd_instance: table(`
neighbor_ip | ADDRESS | required | peer
neighbour_ip | ADDRESS | - | spelling alias
source_ip | ADDRESS | kernel choice | local address
min_rx | MS 1..4294967 | 10 | receive interval
min_tx | MS 1..4294967 | 10 | transmit interval
idle_tx | MS 1000..4294967 | 1000 | interval while down
multiplier | 1..255 | 5 | missed packets until down
passive | flag | off | wait for the peer
ttl | 1..255 | 255 | IPv4 TTL
hoplimit | 1..255 | 64 | IPv6 hop limit
max_hops | -1..255 | 0 | allowed TTL reduction
multihop | [BOOL] | off | use port 4784
weight | -253..253 [reverse] | 0 | VRRP priority change
vrrp | flag | both | send events only to the VRRP process
checker | flag | both | send events only to the checker process
`),
};
