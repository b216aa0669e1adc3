#include "packet/checksum.h"

#include "packet/crc32c.h"

namespace lvsd {
namespace {

/// The part of a packet that its transport checksum covers.
struct Covered {
  std::size_t field = 0;          ///< bytes from the transport header to the checksum
  std::size_t bytes = 0;          ///< summed, from the transport header on
  std::uint64_t pseudo = 0;
  bool is_crc = false;
};

/// UDP: its own length; UDP-Lite and DCCP: their coverage (RFC 3828 section 3.1, RFC 4340 section 9.2). 0: the header is wrong.
std::size_t covered_bytes(const std::uint8_t* transport, std::size_t there, std::uint8_t protocol) noexcept {
  if (protocol == wire::kUdp || protocol == wire::kUdpLite) {
    const std::size_t length = load_be16(transport + offsetof(wire::Udp, length));
    if (length == 0 && protocol == wire::kUdpLite) return there;
    return length < sizeof(wire::Udp) || length > there ? 0 : length;
  }
  if (protocol == wire::kDccp) {
    const std::size_t coverage = transport[offsetof(wire::Dccp, coverage)] & 0x0f;
    if (coverage == 0) return there;
    const std::size_t bytes = transport[offsetof(wire::Dccp, offset)] * std::size_t{4} + (coverage - 1) * 4;
    return bytes > there ? 0 : bytes;
  }
  return there;
}

std::size_t least_header(std::uint8_t protocol) noexcept {
  switch (protocol) {
    case wire::kTcp: return sizeof(wire::Tcp);
    case wire::kSctp: return sizeof(wire::Sctp);
    case wire::kDccp: return sizeof(wire::Dccp);
    default: return sizeof(wire::Udp);
  }
}

/// False: nothing to check.
bool find_covered(const Packet& packet, const Parsed& parsed, Covered& into) noexcept {
  if (parsed.is_fragment || (parsed.network != Network::v4 && parsed.network != Network::v6)) return false;
  if (parsed.end > packet.length || parsed.transport_at > parsed.end) return false;
  const std::size_t there = parsed.end - parsed.transport_at;
  const std::uint8_t* const transport = packet.data + parsed.transport_at;
  const std::uint8_t protocol = parsed.protocol;
  if (there < least_header(protocol)) return false;
  into.is_crc = protocol == wire::kSctp;
  const bool is_icmp = protocol == wire::kIcmp && parsed.network == Network::v4;
  into.field = into.is_crc ? offsetof(wire::Sctp, checksum) : is_icmp ? offsetof(wire::Icmp, checksum) : checksum_offset(protocol);
  if (into.field == 0 || (protocol == wire::kIcmpv6 && parsed.network != Network::v6)) return false;
  into.bytes = covered_bytes(transport, there, protocol);
  if (into.bytes < into.field + 2) return false;
  const auto length = static_cast<std::uint32_t>(protocol == wire::kUdp ? into.bytes : there);
  if (!is_icmp && !into.is_crc) into.pseudo = pseudo_sum(parsed.source, parsed.destination, protocol, length);
  return true;
}

/// With the field taken as zero.
std::uint32_t sctp_crc(const std::uint8_t* transport, std::size_t bytes) noexcept {
  std::uint32_t crc = crc32c(0xffffffff, transport, offsetof(wire::Sctp, checksum));
  crc = crc32c_zeros(crc, 4);
  return ~crc32c(crc, transport + sizeof(wire::Sctp), bytes - sizeof(wire::Sctp));
}

}  // namespace

ChecksumState check_transport(const Packet& packet, const Parsed& parsed) noexcept {
  Covered covered;
  if (!find_covered(packet, parsed, covered)) return ChecksumState::none;
  const std::uint8_t* const transport = packet.data + parsed.transport_at;
  if (covered.is_crc) {
    const bool same = load<std::uint32_t>(transport + covered.field) == sctp_crc(transport, covered.bytes);
    return same ? ChecksumState::good : ChecksumState::bad;
  }
  if (parsed.protocol == wire::kUdp && load<std::uint16_t>(transport + covered.field) == 0) return ChecksumState::none;
  const std::uint16_t folded = fold(add_sums(covered.pseudo, sum_bytes(transport, covered.bytes)));
  return folded == 0xffff ? ChecksumState::good : ChecksumState::bad;
}

void write_transport_checksum(Packet& packet, const Parsed& parsed) noexcept {
  Covered covered;
  if (!find_covered(packet, parsed, covered)) return;
  std::uint8_t* const transport = packet.data + parsed.transport_at;
  if (covered.is_crc) return store(transport + covered.field, sctp_crc(transport, covered.bytes));
  store(transport + covered.field, std::uint16_t{0});
  auto field = static_cast<std::uint16_t>(~fold(add_sums(covered.pseudo, sum_bytes(transport, covered.bytes))));
  if (field == 0 && (parsed.protocol == wire::kUdp || parsed.protocol == wire::kUdpLite)) field = 0xffff;
  store(transport + covered.field, field);
}

bool looks_partial(const Packet& packet, const Parsed& parsed) noexcept {
  if (parsed.protocol != wire::kTcp && parsed.protocol != wire::kUdp && parsed.protocol != wire::kSctp) return false;
  Covered covered;
  if (!find_covered(packet, parsed, covered)) return false;
  const std::uint8_t* const field = packet.data + parsed.transport_at + covered.field;
  if (covered.is_crc) return load<std::uint32_t>(field) == 0;
  return load<std::uint16_t>(field) == fold(covered.pseudo);
}

}  // namespace lvsd
