#pragma once
#include <netinet/in.h>

#include <string>
#include <vector>

#include "base/syscall_error.h"
#include "base/unique_fd.h"
#include "packet/address.h"

namespace lvsd {

/// Where adverts of one virtual router travel: AdvertLink of src/vrrp/ports.ts.
struct AdvertRoute {
  bool is_ip6 = false;
  int protocol = 112;           ///< or 51, behind the authentication header
  std::string receive_device;   ///< "": whichever has `source`
  std::string send_device;      ///< "": whichever the routes say
  Address source;
  bool is_multicast = true;
  std::vector<Address> to;      ///< a group, or peers
  int ttl = 255;
  int receive_buffer_bytes = 0; ///< SO_RCVBUF; 0: the system's
};

/// A raw socket that hears what comes to the group on its device, or to the source. Every packet has its arrival (SO_TIMESTAMPNS), how
/// many were lost before it (SO_RXQ_OVFL), and, over IPv6, hop limit and destination. Checksums are the reader's.
[[nodiscard]] SyscallError open_advert_receiver(const AdvertRoute& route, UniqueFd& fd) noexcept;

/// A raw socket that hears nothing. IPv4: the IP header is the sender's (IPPROTO_RAW). IPv6: the kernel makes it, and the checksum.
[[nodiscard]] SyscallError open_advert_sender(const AdvertRoute& route, UniqueFd& fd) noexcept;

/// What a larger SO_RCVBUF asks for once the socket is open: past net.core.rmem_max where that is allowed.
[[nodiscard]] SyscallError set_receive_buffer(int fd, int bytes) noexcept;

union SocketAddress {
  sockaddr any;
  sockaddr_in ip4;
  sockaddr_in6 ip6;
};

/// Without port and zone. Returns how long it is.
socklen_t socket_address(bool is_ip6, const Address& address, SocketAddress& into) noexcept;

/// Text of the family; false: none.
[[nodiscard]] bool parse_address(bool is_ip6, const char* text, Address& into) noexcept;

}  // namespace lvsd
