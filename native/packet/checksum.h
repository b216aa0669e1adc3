#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "packet/address.h"
#include "packet/headers.h"
#include "packet/packet.h"
#include "packet/view.h"

/// The Internet checksum (RFC 1071). A sum is a 64-bit number whose 16-bit words count as they stand in memory: ones' complement addition
/// does not care about byte order (RFC 1071 section 2 B), so nothing is swapped. `fold` makes 16 bits of it, `~` makes the field.
namespace lvsd {

/// Sixteen bits of a sum: 0 only if everything was 0.
[[nodiscard]] constexpr std::uint16_t fold(std::uint64_t sum) noexcept {
  const auto half = static_cast<std::uint32_t>((sum + std::rotl(sum, 32)) >> 32);
  return static_cast<std::uint16_t>((half + std::rotl(half, 16)) >> 16);
}

/// Adds with end-around carry; sums of at most 32 bits may as well be added with `+`.
[[nodiscard]] constexpr std::uint64_t add_sums(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t sum = a + b;
  return sum + (sum < b ? 1 : 0);
}

/// Of bytes that begin at an even offset of what is summed.
[[nodiscard]] inline std::uint64_t sum_bytes(const std::uint8_t* at, std::size_t bytes, std::uint64_t sum = 0) noexcept {
  std::uint64_t other = 0;  // two chains of additions run side by side
  for (; bytes >= 16; bytes -= 16, at += 16) {
    sum = add_sums(sum, load<std::uint64_t>(at));
    other = add_sums(other, load<std::uint64_t>(at + 8));
  }
  sum = add_sums(sum, other);
  std::uint64_t rest = 0;  // of what is left, at most 33 bits
  if ((bytes & 8) != 0) sum = add_sums(sum, load<std::uint64_t>(at)), at += 8;
  if ((bytes & 4) != 0) rest += load<std::uint32_t>(at), at += 4;
  if ((bytes & 2) != 0) rest += load<std::uint16_t>(at), at += 2;
  if ((bytes & 1) != 0) rest += *at;
  return add_sums(sum, rest);
}

/// Whether the checksum of an IPv4 header without options is right: whether its words add up to a multiple of 0xffff, which is what folding
/// asks in more steps (2^16 is 1 modulo 0xffff). The compiler makes one multiplication of it.
[[nodiscard]] inline bool is_ipv4_header_right(const std::uint8_t* ip) noexcept {
  std::uint64_t sum = load<std::uint32_t>(ip);
  sum += load<std::uint32_t>(ip + 4);
  sum += load<std::uint32_t>(ip + 8);
  sum += load<std::uint32_t>(ip + 12);
  sum += load<std::uint32_t>(ip + 16);
  return sum % 0xffff == 0;
}

// ---------------------------------------------------------------- incremental, RFC 1624

/// What changes in a sum when bytes are replaced: the sum of ~old and new. Words are given as loaded, not swapped.
class SumChange {
 public:
  void replace16(std::uint16_t before, std::uint16_t after) noexcept { sum_ += static_cast<std::uint16_t>(~before) + std::uint32_t{after}; }
  void replace32(std::uint32_t before, std::uint32_t after) noexcept { sum_ += static_cast<std::uint32_t>(~before) + std::uint64_t{after}; }
  void replace(const Address& before, const Address& after) noexcept {
    for (std::size_t at = 0; at < 16; at += 4) replace32(load<std::uint32_t>(&before.bytes[at]), load<std::uint32_t>(&after.bytes[at]));
  }
  void add(const SumChange& other) noexcept { sum_ += other.sum_; }
  [[nodiscard]] bool is_none() const noexcept { return sum_ == 0; }
  /// The checksum field after the change (RFC 1624 equation 3): what was wrong by something stays wrong by the same.
  [[nodiscard]] std::uint16_t apply(std::uint16_t field) const noexcept {
    return static_cast<std::uint16_t>(~fold(sum_ + static_cast<std::uint16_t>(~field)));
  }
  void apply_at(std::uint8_t* field) const noexcept { store(field, apply(load<std::uint16_t>(field))); }

 private:
  std::uint64_t sum_ = 0;  // of numbers of 33 bits: no carry is lost
};

inline void update16(std::uint8_t* field, std::uint16_t before, std::uint16_t after) noexcept {
  SumChange change;
  change.replace16(before, after);
  change.apply_at(field);
}
inline void update32(std::uint8_t* field, std::uint32_t before, std::uint32_t after) noexcept {
  SumChange change;
  change.replace32(before, after);
  change.apply_at(field);
}
inline void update(std::uint8_t* field, const Address& before, const Address& after) noexcept {
  SumChange change;
  change.replace(before, after);
  change.apply_at(field);
}

// ---------------------------------------------------------------- transport

/// RFC 9293 section 3.1, RFC 8200 section 8.1. `length` of the transport header and its data. Both addresses of one family.
[[nodiscard]] inline std::uint64_t pseudo_sum(const Address& source, const Address& destination, std::uint8_t protocol,
                                              std::uint32_t length) noexcept {
  std::uint64_t sum = std::uint64_t{protocol} << 8;  // bytes 00, protocol
  sum += swap32(length);                             // four bytes in IPv6; in IPv4 the upper two are 0 and add nothing
  if (source.is_v4()) return sum + source.to_v4() + destination.to_v4();
  for (std::size_t at = 0; at < 16; at += 4) sum += load<std::uint32_t>(&source.bytes[at]);
  for (std::size_t at = 0; at < 16; at += 4) sum += load<std::uint32_t>(&destination.bytes[at]);
  return sum;
}

/// Where a transport that sums a pseudo-header has its checksum: bytes into its header. 0: it has none (SCTP's covers no address).
[[nodiscard]] constexpr std::size_t checksum_offset(std::uint8_t protocol) noexcept {
  switch (protocol) {
    case wire::kTcp: return offsetof(wire::Tcp, checksum);
    case wire::kUdp: case wire::kUdpLite: return offsetof(wire::Udp, checksum);
    case wire::kDccp: return offsetof(wire::Dccp, checksum);
    case wire::kIcmpv6: return offsetof(wire::Icmp, checksum);
    default: return 0;
  }
}

/// Changes the checksum field of `protocol` whose header begins at `transport`, of which `bytes` are there. UDP's zero ("none") stays
/// zero, and what comes out as zero is written 0xffff where zero has that meaning (RFC 768, RFC 3828).
inline void change_transport_checksum(std::uint8_t* transport, std::size_t bytes, std::uint8_t protocol, const SumChange& change) noexcept {
  const std::size_t at = checksum_offset(protocol);
  if (at == 0 || bytes < at + 2) return;
  const auto field = load<std::uint16_t>(transport + at);
  if (field == 0 && protocol == wire::kUdp) return;
  std::uint16_t after = change.apply(field);
  if (after == 0 && (protocol == wire::kUdp || protocol == wire::kUdpLite)) after = 0xffff;
  store(transport + at, after);
}

enum class ChecksumState : std::uint8_t {
  none,  ///< nothing to check: no checksum, a fragment, or a protocol that has none we know
  good,
  bad,
};

/// Whether the transport checksum of a whole packet is right (TCP, UDP, UDP-Lite, DCCP, ICMP, ICMPv6, SCTP).
[[nodiscard]] ChecksumState check_transport(const Packet& packet, const Parsed& parsed) noexcept;

/// Writes it anew. Nothing happens where check_transport says `none`, but that UDP's zero is no reason not to write.
void write_transport_checksum(Packet& packet, const Parsed& parsed) noexcept;

/// Whether the checksum field holds what Linux leaves there when a device is to complete it (CHECKSUM_PARTIAL on veth and virtio): TCP
/// and UDP the sum of the pseudo-header, not complemented; SCTP zero. One in 65,536 packets looks so by chance; completing a right
/// checksum changes nothing, but a bad one would become right: ask only where the device says so (virtio_net_hdr NEEDS_CSUM,
/// TP_STATUS_CSUMNOTREADY) or never tells, as AF_XDP on veth.
[[nodiscard]] bool looks_partial(const Packet& packet, const Parsed& parsed) noexcept;
/// Completes it.
inline void complete_partial(Packet& packet, const Parsed& parsed) noexcept { write_transport_checksum(packet, parsed); }

/// The header checksum of IPv4, whose header may have options.
inline void write_ipv4_checksum(std::uint8_t* ip) noexcept {
  store(ip + offsetof(wire::Ipv4, checksum), std::uint16_t{0});
  store(ip + offsetof(wire::Ipv4, checksum), static_cast<std::uint16_t>(~fold(sum_bytes(ip, (*ip & 0x0f) * std::size_t{4}))));
}

}  // namespace lvsd
