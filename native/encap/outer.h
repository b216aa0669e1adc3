#pragma once
#include <cstddef>
#include <cstdint>

#include "encap/carry.h"
#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/view.h"

/// What all tunnels have in common: an outer IP header in front of the packet.
namespace lvsd {

/// Bytes that a tunnel puts in front of the client's packet: outer IP header and what follows it.
/// @param tunnel image::Tunnel
/// @param flags image::DestinationFlag
[[nodiscard]] constexpr std::size_t tunnel_overhead(std::uint8_t tunnel, std::uint8_t flags, bool outer_is_v4) noexcept {
  const std::size_t outer = outer_is_v4 ? sizeof(wire::Ipv4) : sizeof(wire::Ipv6);
  switch (tunnel) {
    case image::kGre: return outer + sizeof(wire::Gre) + ((flags & image::kTunnelChecksum) != 0 ? 4 : 0);
    case image::kGue: return outer + sizeof(wire::Udp) + sizeof(wire::Gue);
    default: return outer;
  }
}

/// The protocol that a tunnel's outer IPv4 header names. It depends on the packet only for ipip, whose sum is made for IPv4 in it.
[[nodiscard]] constexpr std::uint8_t tunnel_protocol(std::uint8_t tunnel) noexcept {
  return tunnel == image::kGre ? wire::kGre : tunnel == image::kGue ? wire::kUdp : wire::kIpv4InIp;
}

/// Destination::outer_sum: of an outer IPv4 header without options whose length, ToS, id and DF are zero.
[[nodiscard]] inline std::uint16_t outer_sum4(const Address& source, const Address& destination, std::uint8_t tunnel,
                                              std::uint8_t ttl) noexcept {
  std::uint64_t sum = 0x45;  // bytes 45 00
  sum += ttl | std::uint32_t{tunnel_protocol(tunnel)} << 8;
  return fold(sum + source.to_v4() + destination.to_v4());
}

/// Where a tunnel writes: `outer` is the first byte of the outer header, `inner` the client's IP packet.
struct OuterRoom {
  std::uint8_t* outer;
  std::uint8_t* inner;
  std::uint32_t inner_length;
};

/// Cuts off Ethernet padding.
inline void cut_padding(Packet& packet, const Parsed& parsed) noexcept {
  if (packet.length <= parsed.end) return;
  packet.tailroom = static_cast<std::uint16_t>(packet.tailroom + (packet.length - parsed.end));
  packet.length = parsed.end;
}

/// Moves `data` back by `bytes`. False: no room.
[[nodiscard, gnu::always_inline]] inline bool make_outer_room(Packet& packet, const Parsed& parsed, std::size_t bytes, OuterRoom& into) noexcept {
  if (packet.headroom < bytes || packet.length < parsed.end || parsed.packet_length() + bytes > 0xffff) [[unlikely]] return false;
  into.inner = packet.data + parsed.network_at;
  into.outer = into.inner - bytes;
  into.inner_length = parsed.packet_length();
  cut_padding(packet, parsed);
  packet.data -= bytes;
  packet.headroom = static_cast<std::uint16_t>(packet.headroom - bytes);
  packet.length = static_cast<std::uint32_t>(packet.length + bytes);
  return true;
}

/// The outer id: as unique within the flow as the inner one, and another one for each fragment of a datagram, so that outer packets that
/// are cut again on their way do not mix. With DF set it says nothing (RFC 6864 section 4.1).
[[nodiscard]] inline std::uint16_t outer_id(const Parsed& parsed, std::uint64_t flow_hash) noexcept {
  return static_cast<std::uint16_t>(parsed.fragment_id ^ flow_hash ^ (parsed.fragment_offset >> 3) * 0x9e37U);
}

/// DSCP and ECN are the inner ones (RFC 2983 section 3, RFC 6040 section 4.1, normal mode); DF as IPv4 has it, set for IPv6 in it.
[[gnu::always_inline]] inline void put_outer4(std::uint8_t* outer, const Parsed& parsed, const Destination& to, const Rewrite& rewrite, std::size_t length,
                       std::uint8_t protocol, std::uint8_t protocol_of_sum) noexcept {
  const std::uint32_t id_and_flags =
      parsed.dont_fragment ? std::uint32_t{swap16(wire::kDontFragment)} << 16 : std::uint32_t{outer_id(parsed, rewrite.flow_hash)};
  const std::uint32_t first = 0x45U | std::uint32_t{parsed.tos} << 8 | std::uint32_t{swap16(static_cast<std::uint16_t>(length))} << 16;
  std::uint64_t sum = to.outer_sum;
  sum += (first & 0xffffff00U) + std::uint64_t{id_and_flags};  // 45 is in outer_sum
  if (protocol != protocol_of_sum) {
    sum += std::uint32_t{protocol} << 8;
    sum += static_cast<std::uint16_t>(~(std::uint32_t{protocol_of_sum} << 8));
  }
  const std::uint32_t third =
      rewrite.tunnel_ttl | std::uint32_t{protocol} << 8 | std::uint32_t{static_cast<std::uint16_t>(~fold(sum))} << 16;
  store(outer, first | std::uint64_t{id_and_flags} << 32);
  store(outer + 8, third | std::uint64_t{to.outer_source.to_v4()} << 32);
  store(outer + 16, to.address.to_v4());
}

/// The flow label spreads flows over paths (RFC 6438 section 3): never zero, which would mean that there is none.
inline void put_outer6(std::uint8_t* outer, const Parsed& parsed, const Destination& to, const Rewrite& rewrite, std::size_t payload,
                       std::uint8_t next_header) noexcept {
  const auto entropy = static_cast<std::uint32_t>(rewrite.flow_hash ^ rewrite.flow_hash >> 32) & 0xfffff;
  const std::uint32_t label = entropy == 0 ? 1 : entropy;
  store_be32(outer, 6U << 28 | std::uint32_t{parsed.tos} << 20 | label);
  store_be16(outer + 4, static_cast<std::uint16_t>(payload));
  outer[6] = next_header;
  outer[7] = rewrite.tunnel_ttl;
  std::memcpy(outer + 8, to.outer_source.bytes.data(), 16);
  std::memcpy(outer + 24, to.address.bytes.data(), 16);
}

/// The outer header of one family, and the EtherType before it, for `added` bytes of tunnel header and the packet behind it.
template <bool kOver4>
[[gnu::always_inline]] inline void put_outer(const OuterRoom& room, std::size_t added, const Parsed& parsed, const Destination& to, const Rewrite& rewrite,
                      std::uint8_t protocol, std::uint8_t protocol_of_sum) noexcept {
  store(room.outer - 2, swap16(kOver4 ? wire::kTypeIpv4 : wire::kTypeIpv6));
  if constexpr (kOver4) {
    put_outer4(room.outer, parsed, to, rewrite, sizeof(wire::Ipv4) + added + room.inner_length, protocol, protocol_of_sum);
  } else {
    put_outer6(room.outer, parsed, to, rewrite, added + room.inner_length, protocol);
  }
}

template <bool kOver4>
inline constexpr std::size_t kOuterBytes = kOver4 ? sizeof(wire::Ipv4) : sizeof(wire::Ipv6);

}  // namespace lvsd
