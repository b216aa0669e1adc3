#pragma once
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/syscall_error.h"
#include "base/unique_fd.h"

namespace lvsd {

/// One non-blocking socket for UDP datagrams, ICMP echo, or what neighbours say, IPv4 or IPv6, connected or not. No Node header here.
///
/// For ICMP it is the kernel's ping socket, or, where `net.ipv4.ping_group_range` does not let us have one, a raw socket that
/// behaves as one: it fills in identifier and checksum and hears only the answers to its own identifier. So nobody needs to widen
/// the sysctl for us, which would let every user of the machine ping.
///
/// Of neighbours it hears, on the device that it is bound to, who says by itself or to us whose an address is: answers and gratuitous
/// requests of ARP from their first byte (RFC 826), unsolicited neighbour advertisements from the ICMPv6 type (RFC 4861 section 4.4).
class DatagramSocket {
 public:
  enum class Kind { kUdp, kIcmp, kNeighbours };

  /// `family` is AF_INET or AF_INET6; an IPv6 socket is for IPv6 only.
  [[nodiscard]] SyscallError open(Kind kind, int family) noexcept;
  [[nodiscard]] SyscallError set_option(int level, int option, int value) noexcept;
  [[nodiscard]] SyscallError bind_to_device(const char* name) noexcept;
  /// What is sent to the multicast group on that interface is heard.
  [[nodiscard]] SyscallError join(const char* group, const char* interface) noexcept;
  /// `address` is a numeric address of the socket's family, link-local ones with their `%interface`; "" is any.
  [[nodiscard]] SyscallError bind(const char* address, std::uint16_t port) noexcept;
  /// From now on only the peer is heard, and every ICMP error about it is an error of receive().
  [[nodiscard]] SyscallError connect(const char* address, std::uint16_t port) noexcept;

  /// `address` is "" on a connected socket.
  [[nodiscard]] SyscallError send(std::span<const std::uint8_t> bytes, const char* address, std::uint16_t port) noexcept;

  struct Received {
    bool any = false;         ///< false: nothing waits (or there is an error).
    std::size_t length = 0;   ///< Bytes at the start of the buffer. What did not fit is lost.
    SyscallError error;
  };
  [[nodiscard]] Received receive(std::span<std::uint8_t> into) noexcept;

  /// Of the last datagram that came: TTL or hop limit (-1: the kernel did not say), and who sent it.
  [[nodiscard]] int ttl() const noexcept { return ttl_; }
  [[nodiscard]] std::uint16_t sender_port() const noexcept;
  [[nodiscard]] std::string sender_address() const;

  /// What it is bound to; 0 without a port or before it is bound.
  [[nodiscard]] std::uint16_t local_port() const noexcept;
  [[nodiscard]] bool is_raw() const noexcept { return raw_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  void close() noexcept;

 private:
  union Address {
    sockaddr any;
    sockaddr_in ip4;
    sockaddr_in6 ip6;
  };
  [[nodiscard]] SyscallError open_raw_icmp() noexcept;
  [[nodiscard]] SyscallError open_neighbours() noexcept;
  [[nodiscard]] bool parse(const char* text, std::uint16_t port, Address& address) const noexcept;
  [[nodiscard]] socklen_t size_of(const Address& address) const noexcept;
  [[nodiscard]] int queued_error() noexcept;
  [[nodiscard]] SyscallError transmit(const void* bytes, std::size_t length, const Address* to) noexcept;

  UniqueFd fd_;
  int family_ = AF_INET;
  bool raw_ = false;
  bool arp_ = false;
  bool connected_ = false;
  std::uint16_t identifier_ = 0;  // of a raw socket
  int ttl_ = -1;
  Address sender_{};
};

}  // namespace lvsd
