#pragma once
#include "encap/rewrite.h"

namespace lvsd {

/// Layer 3 direct server return: the server's address as destination, and a DSCP that tells the server which VIP it stands for. ECN stays,
/// one hop less. The transport checksum changes by the address alone: a bad one stays bad, UDP's zero stays zero; later fragments
/// have none.
struct L3dsr {
  static bool apply(Packet& packet, const Parsed& parsed, const Destination& to, const Tables&, const Rewrite& rewrite) noexcept {
    const bool is_v4 = parsed.network == Network::v4;
    OwnHeaders own;
    if (to.address.is_v4() != is_v4 || !own_headers(packet, parsed, own)) return false;
    const auto tos = static_cast<std::uint8_t>(rewrite.dscp << 2 | (parsed.tos & 3));
    const SumChange transport = is_v4 ? apply4(own.ip, to, tos) : apply6(own.ip, to, tos);
    change_transport_checksum(own.transport, own.transport_bytes, parsed.protocol, transport);
    return true;
  }

 private:
  static SumChange apply4(std::uint8_t* ip, const Destination& to, std::uint8_t tos) noexcept {
    SumChange header, transport;
    const auto before = load<std::uint16_t>(ip);  // version and length, ToS
    const auto after = static_cast<std::uint16_t>((before & 0xff) | tos << 8);
    store(ip, after);
    header.replace16(before, after);
    decrement_ttl4(ip, header);
    replace_address4(ip + offsetof(wire::Ipv4, destination), to.address, header, transport);
    header.apply_at(ip + offsetof(wire::Ipv4, checksum));
    return transport;
  }

  static SumChange apply6(std::uint8_t* ip, const Destination& to, std::uint8_t traffic_class) noexcept {
    SumChange transport;
    store_be32(ip, (load_be32(ip) & 0xf00fffff) | std::uint32_t{traffic_class} << 20);
    decrement_hop_limit(ip);
    replace_address6(ip + offsetof(wire::Ipv6, destination), to.address, transport);
    return transport;
  }
};
static_assert(Carrier<L3dsr>);

}  // namespace lvsd
