#pragma once
#include "encap/outer.h"

namespace lvsd {

/// IP in IP in all four mixes: ipip (RFC 2003), ip6ip6 and 4in6 (RFC 2473), 6in4 (RFC 4213 section 3).
struct Ipip {
  static bool apply(Packet& packet, const Parsed& parsed, const Destination& to, const Tables&, const Rewrite& rewrite) noexcept {
    return to.address.is_v4() ? put<true>(packet, parsed, to, rewrite) : put<false>(packet, parsed, to, rewrite);
  }

 private:
  template <bool kOver4>
  static bool put(Packet& packet, const Parsed& parsed, const Destination& to, const Rewrite& rewrite) noexcept {
    OuterRoom room;
    if (!make_outer_room(packet, parsed, kOuterBytes<kOver4>, room)) return false;
    const std::uint8_t protocol = parsed.network == Network::v4 ? wire::kIpv4InIp : wire::kIpv6InIp;
    put_outer<kOver4>(room, 0, parsed, to, rewrite, protocol, wire::kIpv4InIp);
    return true;
  }
};
static_assert(Carrier<Ipip>);

}  // namespace lvsd
