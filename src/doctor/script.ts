/**
 * Tells what `parseFacts` reads, a fact per line. For any POSIX shell, BusyBox's too, so that nothing has to be installed on a real server; a tool
 * or file that is not there costs its facts and nothing else. It writes nothing and needs no privileges. Its arguments are addresses whose
 * routes are asked for.
 */
export const factsScript = String.raw`
PATH=$PATH:/usr/sbin:/sbin
exec 2>/dev/null
first() { read -r line < "$1" && printf '%s\n' "$line"; }
fact() { [ -n "$2" ] && printf '%s %s\n' "$1" "$2"; }

fact kernel "$(uname -r)"
fact host "$(uname -n)"
fact epoch "$(date +%s)"
fact synchronised "$(timedatectl show -p NTPSynchronized --value)"
[ -e /proc/net/ip_vs ] && echo 'ipvs yes'

while read -r name rest; do fact module "$name"; done < /proc/modules
modules=/lib/modules/$(uname -r)
for file in "$modules"/kernel/net/netfilter/ipvs/*.ko* "$modules"/kernel/net/ipv4/*.ko* "$modules"/kernel/net/ipv6/*.ko*; do
  [ -e "$file" ] || continue
  name=$(basename "$file")
  fact loadable "$(printf '%s' "\${name%%.ko*}" | tr - _)"
done
grep -E '/(ip_vs[a-z_]*|ipip|tunnel4|ip_gre|fou|sit|ip6_tunnel|ip6_gre)\.ko' "$modules/modules.builtin" | while read -r file; do
  name=$(basename "$file" .ko)
  fact loadable "$(printf '%s' "$name" | tr - _)"
done
[ -r /sys/module/ip_vs/parameters/conn_tab_bits ] && fact conn-tab-bits "$(first /sys/module/ip_vs/parameters/conn_tab_bits)"

# not by the shell's read: a sysctl is told once, and some shells read byte by byte
cd /proc/sys && grep -sH . net/ipv4/ip_forward net/ipv6/conf/all/forwarding net/ipv6/conf/*/disable_ipv6 \
  net/ipv4/conf/*/rp_filter net/ipv4/conf/*/arp_ignore net/ipv4/conf/*/arp_announce net/ipv4/conf/*/accept_local \
  net/ipv4/conf/*/send_redirects net/ipv4/vs/* net/netfilter/nf_conntrack_max net/netfilter/nf_conntrack_count net/ipv4/tcp_mtu_probing |
  sed 's/:/ /; s/^/sysctl /'

ip -o link show | sed 's/^/link /'
ip -o addr show | while read -r number link family address rest; do
  case $family in inet*) fact address "$link $address" ;; esac
done
command -v ethtool > /dev/null && ip -o link show | while read -r number link rest; do
  link=\${link%%[:@]*}
  case $(ethtool -k "$link" | grep '^large-receive-offload:') in *': on'*) fact merges "$link" ;; esac
done

fact gateway "$(ip -4 route show default | head -n 1)"
fact gateway "$(ip -6 route show default | head -n 1)"
for address; do fact route "$address $(ip -o route get "$address" | head -n 1)"; done
[ -r /proc/net/tcp ] && echo 'sockets told'
for protocol in tcp udp; do
  for file in "/proc/net/$protocol" "/proc/net/\${protocol}6"; do
    while read -r slot place peer state rest; do
      case $protocol$state in tcp0A | udp07) fact listen "$protocol $place" ;; esac
    done < "$file"
  done
done
echo 'end of facts'
`.replaceAll('\\${', '${');
