#include "socket/datagram.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace lvsd {
namespace {

constexpr SyscallError kOk{};
/// An echo request on a raw socket: header, and what fits an Ethernet frame.
constexpr std::size_t kMostEchoBytes = 1500;
constexpr std::size_t kEchoHeaderBytes = 8;
/// Room for the control messages we ask for: a TTL, or an extended error with the address of who reported it.
constexpr std::size_t kControlBytes = 256;

/// Raw sockets of one process differ in their identifier; so do processes that began at about the same time.
std::uint16_t next_identifier() noexcept {
  static std::atomic<std::uint32_t> last{static_cast<std::uint32_t>(::getpid()) * 2654435761U >> 16};
  return static_cast<std::uint16_t>(last.fetch_add(1) + 1);
}

/// RFC 1071, over bytes whose checksum field is zero.
std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

template <std::size_t kCount>
SyscallError attach(int fd, std::array<sock_filter, kCount>& program) noexcept {
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ? SyscallError{"setsockopt", errno} : kOk;
}

/// Echo replies with our identifier and nothing else: the kernel gives every raw socket a copy of every ICMP packet, and the
/// cheapest place to say no is before it is copied. A raw IPv4 socket sees the IP header, an IPv6 one does not.
SyscallError hear_only(int fd, int family, std::uint16_t identifier) noexcept {
  const std::uint32_t type = family == AF_INET ? std::uint32_t{ICMP_ECHOREPLY} : std::uint32_t{ICMP6_ECHO_REPLY};
  std::array<sock_filter, 7> program{{
      family == AF_INET ? sock_filter BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0) : sock_filter BPF_STMT(BPF_LDX | BPF_IMM, 0),
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, type, 0, 3),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, identifier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  return attach(fd, program);
}

/// From where an ARP packet begins: answers, and requests in which sender and target are one. Questions of others are most of what there is.
SyscallError hear_arp_claims(int fd) noexcept {
  std::array<sock_filter, 9> program{{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  return attach(fd, program);
}

/// Neighbour advertisements without the flag that says "you have asked": who defends or takes an address tells everybody (RFC 4861 section 7.2).
SyscallError hear_advertisement_claims(int fd) noexcept {
  constexpr std::uint32_t kSolicited = 0x40;
  std::array<sock_filter, 6> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_ADVERT, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 4),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kSolicited, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  return attach(fd, program);
}

int ttl_of(msghdr& message) noexcept {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    const bool ip4 = control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_TTL;
    const bool ip6 = control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_HOPLIMIT;
    if (!ip4 && !ip6) continue;
    int ttl;
    std::memcpy(&ttl, CMSG_DATA(control), sizeof ttl);
    return ttl;
  }
  return -1;
}

int error_of(msghdr& message) noexcept {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    const bool ip4 = control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR;
    const bool ip6 = control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR;
    if (!ip4 && !ip6) continue;
    sock_extended_err error;
    std::memcpy(&error, CMSG_DATA(control), sizeof error);
    return static_cast<int>(error.ee_errno);
  }
  return 0;
}

}  // namespace

SyscallError DatagramSocket::open(Kind kind, int family) noexcept {
  family_ = family;
  if (kind == Kind::kNeighbours) return open_neighbours();
  const int icmp = family == AF_INET ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  const int flags = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  fd_ = UniqueFd(::socket(family, flags, kind == Kind::kUdp ? int{IPPROTO_UDP} : icmp));
  if (!fd_) {
    const int error = errno;
    if (kind == Kind::kUdp || (error != EACCES && error != EPERM)) return {"socket", error};
    if (const SyscallError refused = open_raw_icmp()) return refused;
  }
  if (family == AF_INET) return set_option(IPPROTO_IP, IP_RECVTTL, 1);
  if (const SyscallError refused = set_option(IPPROTO_IPV6, IPV6_V6ONLY, 1); refused && !raw_) return refused;
  return set_option(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

SyscallError DatagramSocket::open_raw_icmp() noexcept {
  raw_ = true;
  identifier_ = next_identifier();
  const int protocol = family_ == AF_INET ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  fd_ = UniqueFd(::socket(family_, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd_) return {"socket", errno};
  return hear_only(fd_.get(), family_, identifier_);
}

/// Of ARP it hears nothing before it is bound to a device: no other one's packet is in its queue.
SyscallError DatagramSocket::open_neighbours() noexcept {
  arp_ = family_ == AF_INET;
  const int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  fd_ = UniqueFd(arp_ ? ::socket(AF_PACKET, SOCK_DGRAM | flags, 0) : ::socket(AF_INET6, SOCK_RAW | flags, IPPROTO_ICMPV6));
  if (!fd_) return {"socket", errno};
  if (arp_) return hear_arp_claims(fd_.get());
  icmp6_filter types;
  ICMP6_FILTER_SETBLOCKALL(&types);
  ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &types);
  if (::setsockopt(fd_.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &types, sizeof types) < 0) return {"setsockopt", errno};
  if (const SyscallError refused = hear_advertisement_claims(fd_.get())) return refused;
  return set_option(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

SyscallError DatagramSocket::set_option(int level, int option, int value) noexcept {
  return ::setsockopt(fd_.get(), level, option, &value, sizeof value) < 0 ? SyscallError{"setsockopt", errno} : kOk;
}

SyscallError DatagramSocket::bind_to_device(const char* name) noexcept {
  if (arp_) {
    sockaddr_ll device{};
    device.sll_family = AF_PACKET;
    device.sll_protocol = htons(ETH_P_ARP);
    device.sll_ifindex = static_cast<int>(::if_nametoindex(name));
    if (device.sll_ifindex == 0) return {"if_nametoindex", errno};
    return ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&device), sizeof device) < 0 ? SyscallError{"bind", errno} : kOk;
  }
  const auto length = static_cast<socklen_t>(std::strlen(name));
  return ::setsockopt(fd_.get(), SOL_SOCKET, SO_BINDTODEVICE, name, length) < 0 ? SyscallError{"setsockopt", errno} : kOk;
}

SyscallError DatagramSocket::join(const char* group, const char* interface) noexcept {
  Address address;
  if (!parse(group, 0, address)) return {"inet_pton", EINVAL};
  group_req request{};
  request.gr_interface = ::if_nametoindex(interface);
  if (request.gr_interface == 0) return {"if_nametoindex", errno};
  std::memcpy(&request.gr_group, &address, size_of(address));
  const int level = family_ == AF_INET ? int{IPPROTO_IP} : int{IPPROTO_IPV6};
  return ::setsockopt(fd_.get(), level, MCAST_JOIN_GROUP, &request, sizeof request) < 0 ? SyscallError{"setsockopt", errno} : kOk;
}

SyscallError DatagramSocket::bind(const char* text, std::uint16_t port) noexcept {
  Address address;
  if (!parse(text, port, address)) return {"inet_pton", EINVAL};
  return ::bind(fd_.get(), &address.any, size_of(address)) < 0 ? SyscallError{"bind", errno} : kOk;
}

SyscallError DatagramSocket::connect(const char* text, std::uint16_t port) noexcept {
  Address address;
  // A raw socket takes the port for a protocol number.
  if (!parse(text, raw_ ? 0 : port, address)) return {"inet_pton", EINVAL};
  // Without it the kernel tells of a closed port, but keeps 'host unreachable' and 'prohibited' to itself (ip(7)).
  const bool ip4 = family_ == AF_INET;
  const SyscallError refused = set_option(ip4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6}, ip4 ? IP_RECVERR : IPV6_RECVERR, 1);
  if (refused) return refused;
  if (::connect(fd_.get(), &address.any, size_of(address)) < 0) return {"connect", errno};
  connected_ = true;
  return kOk;
}

SyscallError DatagramSocket::send(std::span<const std::uint8_t> bytes, const char* text, std::uint16_t port) noexcept {
  Address address;
  const bool addressed = *text != '\0';
  if (addressed && !parse(text, raw_ ? 0 : port, address)) return {"inet_pton", EINVAL};
  const Address* to = addressed ? &address : nullptr;
  if (!raw_) return transmit(bytes.data(), bytes.size(), to);

  std::array<std::uint8_t, kMostEchoBytes> echo;
  if (bytes.size() < kEchoHeaderBytes || bytes.size() > echo.size()) return {"sendto", EMSGSIZE};
  std::memcpy(echo.data(), bytes.data(), bytes.size());
  echo[2] = echo[3] = 0;
  echo[4] = static_cast<std::uint8_t>(identifier_ >> 8);
  echo[5] = static_cast<std::uint8_t>(identifier_);
  if (family_ == AF_INET) {  // the kernel does it for ICMPv6, whose checksum covers addresses (RFC 3542 section 3.1)
    const std::uint16_t checksum = internet_checksum({echo.data(), bytes.size()});
    echo[2] = static_cast<std::uint8_t>(checksum >> 8);
    echo[3] = static_cast<std::uint8_t>(checksum);
  }
  return transmit(echo.data(), bytes.size(), to);
}

SyscallError DatagramSocket::transmit(const void* bytes, std::size_t length, const Address* to) noexcept {
  ssize_t sent;
  do {
    sent = ::sendto(fd_.get(), bytes, length, 0, to == nullptr ? nullptr : &to->any, to == nullptr ? 0 : size_of(*to));
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? SyscallError{"sendto", errno} : kOk;
}

DatagramSocket::Received DatagramSocket::receive(std::span<std::uint8_t> into) noexcept {
  alignas(cmsghdr) std::uint8_t control[kControlBytes];
  iovec buffer{into.data(), into.size()};
  msghdr message{};
  message.msg_name = &sender_;
  message.msg_namelen = sizeof sender_;
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;

  ssize_t count;
  do {
    count = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);

  Received received;
  if (count < 0) {
    // The kernel tells an ICMP error twice, here and in the queue; taking it out of the queue makes it one.
    const int error = errno;
    const int queued = connected_ ? queued_error() : 0;
    if (error != EAGAIN) received.error = {"recvmsg", error};
    else if (queued != 0) received.error = {"recvmsg", queued};
    return received;
  }
  received.any = true;
  received.length = static_cast<std::size_t>(count);
  ttl_ = ttl_of(message);
  if (raw_ && family_ == AF_INET) {
    const std::size_t header = received.length == 0 ? 0 : std::size_t{4} * (into[0] & 0xfU);
    if (header > received.length) return {};
    received.length -= header;
    std::memmove(into.data(), into.data() + header, received.length);
  }
  return received;
}

/// The errno of the first ICMP error that waits, and takes it away. 0: none.
int DatagramSocket::queued_error() noexcept {
  alignas(cmsghdr) std::uint8_t control[kControlBytes];
  msghdr message{};  // of the datagram that the error is about we want nothing
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  return ::recvmsg(fd_.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0 ? 0 : error_of(message);
}

bool DatagramSocket::parse(const char* text, std::uint16_t port, Address& address) const noexcept {
  std::memset(&address, 0, sizeof address);
  if (family_ == AF_INET) {
    address.ip4.sin_family = AF_INET;
    address.ip4.sin_port = htons(port);
    return *text == '\0' || ::inet_pton(AF_INET, text, &address.ip4.sin_addr) == 1;
  }
  address.ip6.sin6_family = AF_INET6;
  address.ip6.sin6_port = htons(port);
  if (*text == '\0') return true;
  char plain[INET6_ADDRSTRLEN];
  const char* zone = std::strchr(text, '%');
  const std::size_t length = zone == nullptr ? std::strlen(text) : static_cast<std::size_t>(zone - text);
  if (length >= sizeof plain) return false;
  std::memcpy(plain, text, length);
  plain[length] = '\0';
  if (zone != nullptr && (address.ip6.sin6_scope_id = ::if_nametoindex(zone + 1)) == 0) return false;
  return ::inet_pton(AF_INET6, plain, &address.ip6.sin6_addr) == 1;
}

socklen_t DatagramSocket::size_of(const Address& address) const noexcept {
  return family_ == AF_INET ? sizeof address.ip4 : sizeof address.ip6;
}

std::uint16_t DatagramSocket::sender_port() const noexcept {
  if (raw_) return 0;
  return ntohs(family_ == AF_INET ? sender_.ip4.sin_port : sender_.ip6.sin6_port);
}

std::string DatagramSocket::sender_address() const {
  char text[INET6_ADDRSTRLEN] = "";
  const bool ip4 = family_ == AF_INET;
  const void* bytes = ip4 ? static_cast<const void*>(&sender_.ip4.sin_addr) : &sender_.ip6.sin6_addr;
  if (::inet_ntop(family_, bytes, text, sizeof text) == nullptr) return "";
  std::string address = text;
  char name[IF_NAMESIZE];
  if (!ip4 && sender_.ip6.sin6_scope_id != 0 && ::if_indextoname(sender_.ip6.sin6_scope_id, name) != nullptr)
    address.append("%").append(name);
  return address;
}

std::uint16_t DatagramSocket::local_port() const noexcept {
  Address address{};
  socklen_t length = sizeof address;
  if (raw_ || ::getsockname(fd_.get(), &address.any, &length) < 0) return 0;
  return ntohs(family_ == AF_INET ? address.ip4.sin_port : address.ip6.sin6_port);
}

void DatagramSocket::close() noexcept { fd_.reset(); }

}  // namespace lvsd
