#include "socket/advert_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace lvsd {
namespace {

constexpr SyscallError kOk{};
constexpr int kClass = 0xc0;  ///< CS6, internetwork control: RFC 9568 leaves it open, keepalived and FRR send it

SyscallError open_raw(const AdvertRoute& route, int protocol, UniqueFd& fd) noexcept {
  fd = UniqueFd(::socket(route.is_ip6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  return fd ? kOk : SyscallError{"socket", errno};
}

template <typename T>
SyscallError set(int fd, int level, int option, const T& value) noexcept {
  return ::setsockopt(fd, level, option, &value, sizeof value) < 0 ? SyscallError{"setsockopt", errno} : kOk;
}

struct Option {
  int level, option, value;
};

template <std::size_t N>
SyscallError set_all(int fd, const Option (&options)[N]) noexcept {
  for (const Option& one : options)
    if (const SyscallError refused = set(fd, one.level, one.option, one.value)) return refused;
  return kOk;
}

/// Also within a VRF: a packet that came by a device of one is its own device's as well as the VRF's (raw_sk_bound_dev_eq).
SyscallError bind_to_device(int fd, const std::string& name) noexcept {
  if (name.empty()) return kOk;
  const auto length = static_cast<socklen_t>(name.size());
  return ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), length) < 0 ? SyscallError{"setsockopt", errno} : kOk;
}

/// An address that the machine does not have yet, or no longer, is no reason not to be ready for it.
SyscallError bind_freely(int fd, bool is_ip6, const Address& address) noexcept {
  const SyscallError refused = is_ip6 ? set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) : set(fd, IPPROTO_IP, IP_FREEBIND, 1);
  if (refused) return refused;
  SocketAddress at;
  const socklen_t length = socket_address(is_ip6, address, at);
  return ::bind(fd, &at.any, length) < 0 ? SyscallError{"bind", errno} : kOk;
}

SyscallError index_of(const std::string& device, int& index) noexcept {
  index = static_cast<int>(::if_nametoindex(device.c_str()));
  return index == 0 ? SyscallError{"if_nametoindex", errno} : kOk;
}

SyscallError join(int fd, const AdvertRoute& route) noexcept {
  int index = 0;
  if (const SyscallError refused = index_of(route.receive_device, index)) return refused;
  if (route.is_ip6) {
    ipv6_mreq group{};
    std::memcpy(&group.ipv6mr_multiaddr, route.to[0].bytes.data(), sizeof group.ipv6mr_multiaddr);
    group.ipv6mr_interface = static_cast<unsigned>(index);
    if (const SyscallError refused = set(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, group)) return refused;
    return set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  }
  ip_mreqn group{};
  group.imr_multiaddr.s_addr = route.to[0].to_v4();
  group.imr_ifindex = index;
  if (const SyscallError refused = set(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, group)) return refused;
  return set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
}

/// A raw socket gets a copy of each packet of its protocol; this one wants none.
SyscallError hear_nothing(int fd) noexcept {
  sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog filter{1, &none};
  return set(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter);
}

SyscallError prefer(int fd) noexcept {
  const SyscallError refused = set(fd, SOL_SOCKET, SO_PRIORITY, int{TC_PRIO_CONTROL});
  // above 6 takes CAP_NET_ADMIN
  return refused ? set(fd, SOL_SOCKET, SO_PRIORITY, int{TC_PRIO_INTERACTIVE}) : kOk;
}

SyscallError prepare_multicast(int fd, const AdvertRoute& route) noexcept {
  int index = 0;
  if (const SyscallError refused = index_of(route.send_device, index)) return refused;
  if (route.is_ip6)
    return set_all(fd, {{IPPROTO_IPV6, IPV6_MULTICAST_IF, index},
                        {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0},
                        {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, route.ttl}});
  ip_mreqn device{};
  device.imr_ifindex = index;
  if (const SyscallError refused = set(fd, IPPROTO_IP, IP_MULTICAST_IF, device)) return refused;
  return set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
}

/// The checksum of RFC 9568 section 5.2.8 stands at offset 6. Behind an authentication header it is signed and cannot be the kernel's.
SyscallError prepare_ip6(int fd, const AdvertRoute& route) noexcept {
  if (const SyscallError refused = hear_nothing(fd)) return refused;
  return set_all(fd, {{IPPROTO_IPV6, IPV6_CHECKSUM, route.protocol == IPPROTO_AH ? -1 : 6},
                      {IPPROTO_IPV6, IPV6_TCLASS, kClass},
                      {IPPROTO_IPV6, IPV6_UNICAST_HOPS, route.ttl}});
}

}  // namespace

SyscallError open_advert_receiver(const AdvertRoute& route, UniqueFd& fd) noexcept {
  if (const SyscallError refused = open_raw(route, route.protocol, fd)) return refused;
  const int socket = fd.get();
  if (const SyscallError refused = bind_to_device(socket, route.receive_device)) return refused;
  if (const SyscallError refused = set_all(socket, {{SOL_SOCKET, SO_TIMESTAMPNS, 1}, {SOL_SOCKET, SO_RXQ_OVFL, 1}})) return refused;
  if (route.is_ip6) {
    const SyscallError refused = set_all(socket, {{IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1}, {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1}});
    if (refused) return refused;
  }
  if (route.receive_buffer_bytes > 0)
    if (const SyscallError refused = set_receive_buffer(socket, route.receive_buffer_bytes)) return refused;
  // Bound to the group it hears no copy that somebody sent to an address of ours, and the other way round.
  if (const SyscallError refused = bind_freely(socket, route.is_ip6, route.is_multicast ? route.to[0] : route.source)) return refused;
  return route.is_multicast ? join(socket, route) : kOk;
}

SyscallError open_advert_sender(const AdvertRoute& route, UniqueFd& fd) noexcept {
  if (const SyscallError refused = open_raw(route, route.is_ip6 ? route.protocol : int{IPPROTO_RAW}, fd)) return refused;
  const int socket = fd.get();
  if (const SyscallError refused = bind_to_device(socket, route.send_device)) return refused;
  if (route.is_ip6)
    if (const SyscallError refused = prepare_ip6(socket, route)) return refused;
  if (const SyscallError refused = prefer(socket)) return refused;
  if (route.is_multicast)
    if (const SyscallError refused = prepare_multicast(socket, route)) return refused;
  return bind_freely(socket, route.is_ip6, route.source);
}

SyscallError set_receive_buffer(int fd, int bytes) noexcept {
  return set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) ? set(fd, SOL_SOCKET, SO_RCVBUF, bytes) : kOk;
}

socklen_t socket_address(bool is_ip6, const Address& address, SocketAddress& into) noexcept {
  std::memset(&into, 0, sizeof into);
  if (is_ip6) {
    into.ip6.sin6_family = AF_INET6;
    std::memcpy(&into.ip6.sin6_addr, address.bytes.data(), sizeof into.ip6.sin6_addr);
    return sizeof into.ip6;
  }
  into.ip4.sin_family = AF_INET;
  into.ip4.sin_addr.s_addr = address.to_v4();
  return sizeof into.ip4;
}

bool parse_address(bool is_ip6, const char* text, Address& into) noexcept {
  if (is_ip6) return ::inet_pton(AF_INET6, text, into.bytes.data()) == 1;
  std::uint32_t ip4;
  if (::inet_pton(AF_INET, text, &ip4) != 1) return false;
  into = Address::v4(ip4);
  return true;
}

}  // namespace lvsd
