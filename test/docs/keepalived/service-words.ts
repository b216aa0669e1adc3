import { table } from './table.js';

/** Syntax, default and meaning of words, by block: `word | syntax | default | meaning`. */
export const serviceWords = {
  SSL: table(`
password | STRING | none | key password
ca | FILE | none | CA file
certificate | FILE | none | client certificate
key | FILE | none | client key
`),
  'virtual_server_group entry': table(`
ADDRESS | ADDRESS [PORT] | no port = persistence forced | one service
RANGE | A.B.C.D-E [PORT] or A.B.C.D-E.F.G.H [PORT] | - | consecutive addresses, each a service; also over the end of a /24
CIDR | ADDRESS/LEN [PORT] | - | every address of the prefix, network address included
fwmark | 1..4294967295 [inet or inet6] | family of real servers | service by mark
`),
  virtual_server: table(`
lvs_sched | rr wrr lc wlc lblc lblcr sh mh dh fo ovf sed nq twos; maglev (userspace engine) | required | scheduler
lb_algo | as lvs_sched | - | older name, the one most files use
lvs_method | NAT, DR, TUN [type ipip, gue port 1..65535, gre] [nocsum, csum, remcsum]; L3DSR dscp 0..63, FULLNAT (userspace engine) | required | forwarding method; L3DSR: the server's own address as destination and a DSCP that stands for the VIP; FULLNAT: source from snat_pool, too
lb_kind | as lvs_method | - | older name, the one most files use
protocol | TCP, UDP, SCTP; ANY (userspace engine, without a port); in any case | required, but for marks | protocol of the service
delay_loop | SECS 0.000001.. | 60 | pause between checks
persistence_timeout | [SECS 1..2678400] | off; no value = 360 | client affinity
persistence_granularity | IPv4 mask or IPv6 length 1..128 | /32, /128 | affinity mask; forces persistence 360
persistence_engine | NAME (max 15) | none | persistence engine (sip)
flag-1 | flag | off | scheduler flag 1
flag-2 | flag | off | scheduler flag 2
flag-3 | flag | off | scheduler flag 3
sh-port | flag, after lvs_sched sh | off | hash the port too
sh-fallback | flag, after lvs_sched sh | off | fall back when the server is unavailable
mh-port | flag, after lvs_sched mh | off | hash the port too
mh-fallback | flag, after lvs_sched mh | off | fall back
hashed | flag | - | no effect
ops | flag | off | one packet scheduling (UDP)
ip_family | inet or inet6 | from addresses | family of a fwmark service with tunnels
ha_suspend | flag | off | no checks while the VIP is absent
smtp_alert | [BOOL] | false | mail on quorum changes
virtualhost | STRING | none | default Host of HTTP checks
snmp_name | STRING | none | name in SNMP
alpha | flag | off | servers start as down
omega | flag | off | run down notifies at stop
quorum | 1..4294967295 | 1 | needed weight sum
hysteresis | 0..quorum-1 | 0 | quorum margin
quorum_up | SCRIPT [USER [[:]GROUP]] | none | on gaining quorum
quorum_down | SCRIPT [USER [[:]GROUP]] | none | on losing quorum
weight | 1..2147483647 | 1 | weight of real servers that say none
retry | 1..4294967295 | checker default | default retry count
delay_before_retry | SECS 0.. | checker default | default retry pause
warmup | SECS 0.. | delay_loop | default random start delay
connect_timeout | SECS 0.000001..4294 | 5 | default connect timeout
inhibit_on_failure | flag | off | weight 0 instead of removal
sorry_server | ADDRESS [PORT] | none | server used without quorum
sorry_server_inhibit | flag, after sorry_server | off | keep it with weight 0
sorry_server_lvs_method | as lvs_method, after sorry_server | service's | its forwarding method
real_server | ADDRESS [PORT] block | port of the service | one destination
+dead_flows | remove, keep, cut or drain SECS | cut for UDP, else remove | what becomes of the connections of a server that checks took out: the server leaves the table, stays with weight 0, leaves and its connections end at once, or stays with weight 0 for so long
+removed_flows | remove, cut or drain SECS | cut for UDP, else remove | the same for a server that a reload removes
+slow_start | SECS [PERCENT] | off; 10 | the weight of a server that came up climbs from this part of it to all of it
+pool_guard | PERCENT 0..100 | off | checks take out at most this share of the servers
+lvs_engine | userspace or kernel | that of global_defs, else kernel | who forwards its packets; the words below need userspace
+maglev_size | 1..16777213, a prime or a power of two | 4093 | slots of the table of lvs_sched maglev
+hash_fields | eth_src eth_dst ip_src ip_dst tp_src tp_dst, each once | ip_src ip_dst tp_src tp_dst | what of a packet lvs_sched maglev chooses by; the protocol always counts
+src_ip_sticky | flag | off | hash_fields ip_src, and a client keeps one server for persistence_timeout (360)
+node_port | 1..65535 | none | packets to this port of any address of this machine, too (NAT, FULLNAT)
+snat_pool | ADDRESS[-ADDRESS] [ports LOW-HIGH], several lines | none; ports 1024-65535 | source addresses and ports of FULLNAT
+tunnel_source | ADDRESS | engine_tunnel_source4 or 6 | source of TUN's outer headers
+icmp_echo | answer or kernel | to a server where all ports are taken, else kernel | who answers echo requests to the address
+answer_arp | flag | off | ARP and neighbour solicitations for the address are answered
+stateless | flag | off | no sessions: the hash alone decides (DR, TUN, L3DSR)
+interfaces | IFNAME... | all of engine_ports | takes packets from these only
+tcp_timeout | SECS 1..2678400 | engine_timeouts tcp | an established TCP session without packets ends
+udp_timeout | SECS 1..2678400 | engine_timeouts udp | a UDP session without packets ends
`),
  real_server: table(`
weight | 0..2147483647 | 1 | weight
lvs_method | as virtual_server | service's | own forwarding method
uthreshold | 0..4294967295 | 0 | upper connection threshold
lthreshold | 0..4294967295 | 0 | lower connection threshold
inhibit_on_failure | [BOOL] | service's | weight 0 instead of removal
notify_up | SCRIPT [USER [[:]GROUP]] | none | on up
notify_down | SCRIPT [USER [[:]GROUP]] | none | on down
alpha | [BOOL] | service's | start as down
retry | 1..4294967295 | service's | retry count
delay_before_retry | SECS 0.. | service's | retry pause
warmup | SECS 0.. | service's | random start delay
connect_timeout | SECS 0.000001..4294 | service's | connect timeout
delay_loop | SECS 0.000001.. | service's | check period
smtp_alert | [BOOL] | true | mail on state changes (on by default)
virtualhost | STRING | service's | Host of HTTP checks
snmp_name | STRING | none | name in SNMP
TCP_CHECK | block | - | TCP connect
HTTP_GET | block | - | HTTP request(s)
SSL_GET | block | - | HTTPS request(s), certificate never verified
SMTP_CHECK | block | - | banner, HELO, QUIT
DNS_CHECK | block | - | UDP query, rcode 0 wanted
MISC_CHECK | block | - | external command
UDP_CHECK | block | - | UDP datagram, ICMP errors or reply
PING_CHECK | block | - | ICMP echo
FILE_CHECK | block | - | number in a track_file
BFD_CHECK | block | - | state of a bfd_instance
+GRPC_CHECK | block | - | grpc.health.v1 over HTTP/2
`),
};
