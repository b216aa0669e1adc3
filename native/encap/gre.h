#pragma once
#include "encap/outer.h"

namespace lvsd {

/// RFC 2784 over IPv4 or IPv6, with IPv4 or IPv6 in it: no key, no sequence; the checksum where the destination asks for it.
struct Gre {
  [[gnu::always_inline]] static bool apply(Packet& packet, const Parsed& parsed, const Destination& to, const Tables&, const Rewrite& rewrite) noexcept {
    const bool over4 = to.address.is_v4();
    if ((to.flags & image::kTunnelChecksum) != 0) [[unlikely]]
      return over4 ? put<true, true>(packet, parsed, to, rewrite) : put<false, true>(packet, parsed, to, rewrite);
    return over4 ? put<true, false>(packet, parsed, to, rewrite) : put<false, false>(packet, parsed, to, rewrite);
  }

  template <bool kOver4, bool kSummed>
  [[gnu::always_inline]] static bool put(Packet& packet, const Parsed& parsed, const Destination& to, const Rewrite& rewrite) noexcept {
    constexpr std::size_t kAdded = sizeof(wire::Gre) + (kSummed ? 4 : 0);
    OuterRoom room;
    if (!make_outer_room(packet, parsed, kAdded + kOuterBytes<kOver4>, room)) return false;
    std::uint8_t* const gre = room.inner - kAdded;
    const std::uint32_t type = parsed.network == Network::v4 ? wire::kTypeIpv4 : wire::kTypeIpv6;
    store_be32(gre, type | (kSummed ? std::uint32_t{wire::kGreChecksum} << 16 : 0U));
    if constexpr (kSummed) {
      store(gre + 4, std::uint32_t{0});
      store(gre + 4, static_cast<std::uint16_t>(~fold(sum_bytes(gre, kAdded + room.inner_length))));
    }
    put_outer<kOver4>(room, kAdded, parsed, to, rewrite, wire::kGre, wire::kGre);
    return true;
  }
};
static_assert(Carrier<Gre>);

}  // namespace lvsd
