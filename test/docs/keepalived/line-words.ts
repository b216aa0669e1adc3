import { table } from './table.js';

/** Syntax, default and meaning of words, by block: `word | syntax | default | meaning`. */
export const lineWords = {
  'address line': table(`
ADDRESS[/LEN] | IPv4 0..32, IPv6 0..128 | /32, /128 | the address; default, any, all, default6 also accepted
dev | IFNAME | instance interface or default_interface | interface
scope | site, link, host, nowhere, global or number | global | address scope
brd | ADDRESS, + or - (also broadcast) | none | broadcast address
label | STRING | none | address label such as eth0:1
peer | ADDRESS[/LEN] | none | peer address
home | flag | off | IPv6 home address
-nodad | flag | off | IPv6 without duplicate address detection
mngtmpaddr | flag | off | IPv6 privacy template
noprefixroute | flag | off | no prefix route
autojoin | flag | off | join multicast group
preferred_lft | SECS or forever | forever (/128: 0) | preferred lifetime
no_track | flag | off | deletion does not affect the instance
track_group | GROUP (static only) | none | instances that track the address
use_vmac | flag (virtual only) | off | put this VIP on its own VMAC
`),
  'route line': table(`
DESTINATION | PREFIX, default, or unicast, blackhole, unreachable, prohibit, throw, local PREFIX | - | what is routed
inet | flag | IPv4 | force IPv4
inet6 | flag | off | force IPv6
src | ADDRESS | none | preferred source (also from for source routing)
from | PREFIX | none | IPv6 source-specific route
via | [inet or inet6] ADDRESS | none | gateway
gw | ADDRESS | none | old spelling of via
or | ADDRESS | none | old second gateway syntax
dev | IFNAME (also oif) | none | output interface
table | ID or NAME | main | routing table
protocol | ID or NAME | keepalived | route protocol
scope | NAME or number | global | route scope
metric | N (also priority, preference) | 0 | metric
tos | HEX (also dsfield) | 0 | type of service
onlink | flag | off | gateway is on link
encap | ip, ip6, mpls or ila with id, dst, src, tos, tc, ttl, hoplimit, flags | none | lightweight tunnel
expires | SECS | none | IPv6 lifetime
mtu | [lock] N | none | path MTU
hoplimit | N | none | hop limit
advmss | [lock] N | none | advertised MSS
rtt | [lock] MS | none | RTT estimate
rttvar | [lock] MS | none | RTT variance
reordering | [lock] N | none | reordering metric
window | N | none | window clamp
cwnd | [lock] N | none | congestion window clamp
ssthresh | [lock] N | none | slow start threshold
realms | [SRC/]DST | none | routing realms
rto_min | [lock] MS | none | minimum RTO
initcwnd | N | none | initial congestion window
initrwnd | N | none | initial receive window
features | ecn | none | feature flags
quickack | 0 or 1 | none | quick ACK
congctl | [lock] NAME | none | congestion control
pref | low, medium, high | medium | IPv6 router preference
ttl-propagate | enabled or disabled | none | MPLS TTL propagation
fastopen_no_cookie | 0 or 1 | none | TFO without cookie
nexthop | via/dev/weight/onlink/encap/realms group, repeated | none | multipath member
weight | 1..256 (inside nexthop) | 1 | multipath weight
as | [to] ADDRESS | none | new destination for MPLS
add | flag | prepend | fail if a matching route exists
append | flag | prepend | add after matching routes
prepend | flag | on | add before matching routes
vrf | NAME | none | table of the VRF
no_track | flag | off | loss does not affect the instance
track_group | GROUP (static only) | none | instances tracking the route
to | PREFIX | - | the destination, said with its word
`),
  'rule line': table(`
inet | flag | IPv4 | force IPv4
inet6 | flag | off | force IPv6
from | PREFIX | all | source selector
to | PREFIX | all | destination selector
table | ID or NAME (also lookup) | main | table to use
not | flag | off | invert the rule
preference | N (also order, priority) | assigned, with a warning | rule preference
tos | HEX (also dsfield) | none | TOS selector
fwmark | N[/MASK] | none | mark selector
realms | [SRC/]DST | none | realms
suppress_prefixlength | N (also sup_pl) | none | ignore too general routes
suppress_ifgroup | GROUP (also sup_group) | none | ignore routes via the group
iif | IFNAME (also dev) | none | input interface
oif | IFNAME | none | output interface
tunnel-id | N | none | tunnel selector
uidrange | A-B | none | user ids
l3mdev | flag | off | use the l3mdev table
protocol | ID | keepalived | rule protocol
ipproto | NAME | none | L4 protocol (man page: ip_proto)
sport | A[-B] | none | source ports
dport | A[-B] | none | destination ports
goto | PREF | none | jump to another rule
nop | flag | - | no operation
type | blackhole, unreachable, prohibit... | unicast | action type
no_track | flag | off | loss does not affect the instance
track_group | GROUP (static only) | none | instances tracking the rule
blackhole | flag | - | the rule drops
unreachable | flag | - | the rule answers unreachable
prohibit | flag | - | the rule answers prohibited
`),
  track_group: table(`
group | { INSTANCE ... } | - | members
`),
};
