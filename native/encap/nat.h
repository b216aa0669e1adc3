#pragma once
#include "encap/rewrite.h"
#include "packet/crc32c.h"

namespace lvsd {

/// Network address translation, either way: the addresses and ports that `rewrite` names, one hop less. Checksums change incrementally
/// (TCP, UDP, UDP-Lite, DCCP, ICMPv6), so a bad one stays bad; UDP's zero stays zero. SCTP's CRC32c covers ports and no address. The first
/// fragment of a datagram has the ports and the checksum, later ones have addresses only. False also: an address of the other family, and
/// SCTP in fragments whose ports should change, since its CRC cannot be changed without the length of the whole.
struct Nat {
  static bool apply(Packet& packet, const Parsed& parsed, const Destination&, const Tables&, const Rewrite& rewrite) noexcept {
    return parsed.network == Network::v4 ? put<true>(packet, parsed, rewrite) : put<false>(packet, parsed, rewrite);
  }

 private:
  template <bool kV4>
  static bool put(Packet& packet, const Parsed& parsed, const Rewrite& rewrite) noexcept {
    OwnHeaders own;
    if (!is_family(rewrite.new_source, kV4) || !is_family(rewrite.new_destination, kV4)) return false;
    const bool changes_ports = parsed.has_ports && (rewrite.new_source_port | rewrite.new_destination_port) != 0;
    if (changes_ports && parsed.protocol == wire::kSctp && parsed.is_fragment) return false;
    if (!own_headers(packet, parsed, own)) return false;
    SumChange transport = kV4 ? apply4(own.ip, rewrite) : apply6(own.ip, rewrite);
    if (changes_ports && own.transport_bytes >= 4) replace_ports(own, parsed.protocol, rewrite, transport);
    change_transport_checksum(own.transport, own.transport_bytes, parsed.protocol, transport);
    return true;
  }

  static bool is_family(const Address& address, bool is_v4) noexcept { return address.is_zero() || address.is_v4() == is_v4; }

  static SumChange apply4(std::uint8_t* ip, const Rewrite& rewrite) noexcept {
    SumChange header, transport;
    decrement_ttl4(ip, header);
    if (!rewrite.new_source.is_zero()) replace_address4(ip + offsetof(wire::Ipv4, source), rewrite.new_source, header, transport);
    if (!rewrite.new_destination.is_zero())
      replace_address4(ip + offsetof(wire::Ipv4, destination), rewrite.new_destination, header, transport);
    header.apply_at(ip + offsetof(wire::Ipv4, checksum));
    return transport;
  }

  static SumChange apply6(std::uint8_t* ip, const Rewrite& rewrite) noexcept {
    SumChange transport;
    decrement_hop_limit(ip);
    if (!rewrite.new_source.is_zero()) replace_address6(ip + offsetof(wire::Ipv6, source), rewrite.new_source, transport);
    if (!rewrite.new_destination.is_zero())
      replace_address6(ip + offsetof(wire::Ipv6, destination), rewrite.new_destination, transport);
    return transport;
  }

  static void replace_ports(const OwnHeaders& own, std::uint8_t protocol, const Rewrite& rewrite, SumChange& transport) noexcept {
    const auto before = load<std::uint32_t>(own.transport);
    const auto source = rewrite.new_source_port != 0 ? swap16(rewrite.new_source_port) : static_cast<std::uint16_t>(before);
    const auto destination =
        rewrite.new_destination_port != 0 ? swap16(rewrite.new_destination_port) : static_cast<std::uint16_t>(before >> 16);
    const std::uint32_t after = source | std::uint32_t{destination} << 16;
    store(own.transport, after);
    transport.replace32(before, after);
    if (protocol == wire::kSctp) [[unlikely]] change_crc(own, before ^ after);
  }

  /// CRC32c is linear: the CRC of what differs, taken from zero, is what the CRC differs by. So a bad one stays bad here too.
  static void change_crc(const OwnHeaders& own, std::uint32_t difference) noexcept {
    if (own.transport_bytes < sizeof(wire::Sctp)) return;
    std::uint8_t ports[4];
    store(ports, difference);
    const std::uint32_t change = crc32c_zeros(crc32c(0, ports, 4), own.transport_bytes - 4);
    std::uint8_t* const field = own.transport + offsetof(wire::Sctp, checksum);
    store(field, load<std::uint32_t>(field) ^ change);
  }
};
static_assert(Carrier<Nat>);

}  // namespace lvsd
