#pragma once
#include <cstddef>
#include <cstdint>

#include "encap/outer.h"
#include "packet/checksum.h"

/// What the methods that change the client's packet itself have in common (L3DSR, NAT, direct routing).
namespace lvsd {

/// The packet's own IP header and transport.
struct OwnHeaders {
  std::uint8_t* ip;
  std::uint8_t* transport;
  std::size_t transport_bytes;  ///< 0 where its checksum is not ours to change: in a later fragment, whose bytes are data
};

/// False: its bytes are not there (which `parse` would have refused), or it has no hop left to take (which the engine has asked before).
[[nodiscard]] inline bool own_headers(Packet& packet, const Parsed& parsed, OwnHeaders& into) noexcept {
  const std::size_t header = parsed.network == Network::v4 ? sizeof(wire::Ipv4) : sizeof(wire::Ipv6);
  if (packet.length < parsed.end || parsed.end < parsed.network_at + header || parsed.end < parsed.transport_at) [[unlikely]] return false;
  if (parsed.ttl <= 1) [[unlikely]] return false;
  cut_padding(packet, parsed);
  into.ip = packet.data + parsed.network_at;
  into.transport = packet.data + parsed.transport_at;
  const bool is_later = parsed.is_fragment && !parsed.is_first_fragment;
  const bool is_stray = parsed.protocol == wire::kIcmpv6 && parsed.network == Network::v4;  // nobody says what its checksum covers
  into.transport_bytes = is_later || is_stray ? 0 : parsed.end - parsed.transport_at;
  return true;
}

/// One hop less in an IPv4 header.
inline void decrement_ttl4(std::uint8_t* ip, SumChange& header) noexcept {
  const auto before = load<std::uint16_t>(ip + 8);  // TTL is the lower byte
  const auto after = static_cast<std::uint16_t>(before - 1);
  store(ip + 8, after);
  header.replace16(before, after);
}
inline void decrement_hop_limit(std::uint8_t* ip) noexcept { --ip[offsetof(wire::Ipv6, hop_limit)]; }

/// A new address in an IPv4 header; `transport` and `header` learn of it.
inline void replace_address4(std::uint8_t* at, const Address& after, SumChange& header, SumChange& transport) noexcept {
  SumChange change;
  change.replace32(load<std::uint32_t>(at), after.to_v4());
  store(at, after.to_v4());
  header.add(change);
  transport.add(change);
}
/// The same in an IPv6 header, which has no checksum.
inline void replace_address6(std::uint8_t* at, const Address& after, SumChange& transport) noexcept {
  transport.replace(Address::v6(at), after);
  std::memcpy(at, after.bytes.data(), 16);
}

}  // namespace lvsd
