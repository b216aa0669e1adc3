#pragma once
#include "encap/outer.h"

namespace lvsd {

/// Generic UDP encapsulation, variant 0 without options, as IPVS sends it (ip_vs_gue_encap of net/netfilter/ipvs/ip_vs_xmit.c) and `ip fou
/// ... gue` of Linux takes it: UDP, four bytes of GUE, the packet. The source port says the flow (RFC 7510 section 3 has the same range).
/// Checksum: over IPv4 where the destination asks for it, else zero; over IPv6 always (RFC 8200 section 8.1).
struct Gue {
  static bool apply(Packet& packet, const Parsed& parsed, const Destination& to, const Tables&, const Rewrite& rewrite) noexcept {
    return to.address.is_v4() ? put<true>(packet, parsed, to, rewrite) : put<false>(packet, parsed, to, rewrite);
  }

  /// 49152 to 65535.
  [[nodiscard]] static constexpr std::uint16_t source_port(std::uint64_t flow_hash) noexcept {
    return static_cast<std::uint16_t>(0xc000 | ((flow_hash ^ flow_hash >> 32) & 0x3fff));
  }

 private:
  template <bool kOver4>
  static bool put(Packet& packet, const Parsed& parsed, const Destination& to, const Rewrite& rewrite) noexcept {
    constexpr std::size_t kAdded = sizeof(wire::Udp) + sizeof(wire::Gue);
    OuterRoom room;
    if (!make_outer_room(packet, parsed, kAdded + kOuterBytes<kOver4>, room)) return false;
    std::uint8_t* const udp = room.inner - kAdded;
    const std::size_t length = kAdded + room.inner_length;
    store_be16(udp, source_port(rewrite.flow_hash));
    store_be16(udp + offsetof(wire::Udp, destination), to.tunnel_port);
    store_be16(udp + offsetof(wire::Udp, length), static_cast<std::uint16_t>(length));
    store(udp + offsetof(wire::Udp, checksum), std::uint16_t{0});
    const std::uint8_t inner = parsed.network == Network::v4 ? wire::kIpv4InIp : wire::kIpv6InIp;
    store(udp + sizeof(wire::Udp), wire::Gue{0, inner, {}});
    if (!kOver4 || (to.flags & image::kTunnelChecksum) != 0) put_checksum(udp, length, to);
    put_outer<kOver4>(room, kAdded, parsed, to, rewrite, wire::kUdp, wire::kUdp);
    return true;
  }

  static void put_checksum(std::uint8_t* udp, std::size_t length, const Destination& to) noexcept {
    const std::uint64_t pseudo = pseudo_sum(to.outer_source, to.address, wire::kUdp, static_cast<std::uint32_t>(length));
    const auto field = static_cast<std::uint16_t>(~fold(add_sums(pseudo, sum_bytes(udp, length))));
    store(udp + offsetof(wire::Udp, checksum), field == 0 ? std::uint16_t{0xffff} : field);
  }
};
static_assert(Carrier<Gue>);

}  // namespace lvsd
