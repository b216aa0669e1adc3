#pragma once
#include "engine/counters.h"
#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/packet.h"
#include "packet/view.h"

namespace lvsd {

namespace parse_detail {

/// Source addresses 0/8, 127/8 and 224/3 deserve a second look.
[[nodiscard]] inline bool is_plain_source4(std::uint32_t network_order) noexcept {
  const std::uint32_t first = network_order & 0xff;
  return first - 1 < 223 && first != 127;
}

/// UDP: the length says no more than there is. TCP: the header is whole. `transport` has at least eight bytes.
[[nodiscard]] inline bool is_whole_transport(const std::uint8_t* transport, std::uint8_t protocol, std::uint32_t there) noexcept {
  if (protocol == wire::kUdp) {
    const std::uint32_t length = load_be16(transport + offsetof(wire::Udp, length));
    return length >= sizeof(wire::Udp) && length <= there;
  }
  if (protocol != wire::kTcp || there < sizeof(wire::Tcp)) return false;
  const std::uint32_t header = (transport[offsetof(wire::Tcp, offset)] >> 4) * 4U;
  return header >= sizeof(wire::Tcp) && header <= there;
}

/// What nearly no packet has. Member by member: GCC makes of `into = Parsed{}` a `rep stos`, which costs more than all the rest.
inline void clear_rare(Parsed& into) noexcept {
  into.vlan_tags = 0;
  into.icmp_type = 0;
  into.icmp_code = 0;
  into.is_icmp_error = false;
  into.is_fragment = false;
  into.is_first_fragment = false;
  into.more_fragments = false;
  into.fragment_offset = 0;
  into.fragment_header_at = 0;
  into.flow_label = 0;
  into.tags[0] = 0;
  into.tags[1] = 0;
}
inline void clear(Parsed& into) noexcept {
  clear_rare(into);
  into.source = into.destination = Address{};
  into.source_port = into.destination_port = 0;
  into.protocol = into.tos = into.ttl = into.tcp_flags = 0;
  into.network = Network::other;
  into.fragment_id = into.end = 0;
  into.network_at = into.transport_at = 0;
  into.has_ports = into.dont_fragment = false;
}

/// Nearly all packets: untagged IPv4 without options, whole, TCP or UDP, nothing wrong. False: parse_any looks again.
[[nodiscard]] inline bool parse_common(const Packet& packet, Parsed& into) noexcept {
  constexpr std::uint32_t kIpAt = sizeof(wire::Ethernet), kTransportAt = kIpAt + sizeof(wire::Ipv4);
  if (packet.length < kTransportAt + sizeof(wire::Udp)) return false;
  const std::uint8_t* const ip = packet.data + kIpAt;
  if (load<std::uint16_t>(ip - 2) != swap16(wire::kTypeIpv4) || *ip != 0x45) return false;
  const auto second = load<std::uint32_t>(ip + 4);  // id, flags and offset
  const std::uint32_t total = load_be16(ip + 2);
  const auto source = load<std::uint32_t>(ip + 12);
  if ((second >> 16 & swap16(wire::kMoreFragments | wire::kFragmentOffset)) != 0 || !is_plain_source4(source)) return false;
  if (total < kTransportAt - kIpAt + sizeof(wire::Udp) || total > packet.length - kIpAt || !is_ipv4_header_right(ip)) return false;
  const std::uint8_t* const transport = ip + sizeof(wire::Ipv4);
  const std::uint8_t protocol = ip[9];
  if (!is_whole_transport(transport, protocol, total - sizeof(wire::Ipv4))) return false;

  into.source = Address::v4(source);
  into.destination = Address::v4(load<std::uint32_t>(ip + 16));
  into.source_port = load_be16(transport);
  into.destination_port = load_be16(transport + 2);
  into.protocol = protocol;
  into.network = Network::v4;
  into.tos = ip[1];
  into.ttl = ip[8];
  into.fragment_id = swap16(static_cast<std::uint16_t>(second));
  into.end = kIpAt + total;
  into.network_at = kIpAt;
  into.transport_at = kTransportAt;
  into.tcp_flags = protocol == wire::kTcp ? transport[offsetof(wire::Tcp, flags)] : std::uint8_t{0};
  into.has_ports = true;
  into.dont_fragment = (second >> 16 & swap16(wire::kDontFragment)) != 0;
  clear_rare(into);
  return true;
}

/// Everything else, and what is wrong with it.
[[nodiscard]] DropReason parse_any(const Packet& packet, Parsed& into) noexcept;

}  // namespace parse_detail

/// Reads a frame. DropReason::none: `into` says what it is (Network::other and arp are no error; of an ARP packet for IPv4, source and
/// destination are its sender's and its target's IP address). Never reads past the frame's end. Checks what a router must check
/// (RFC 1812 section 5.2.2, RFC 8200): versions, lengths, the IPv4 header checksum, source addresses; not transport checksums.
/// An IPv6 routing header with segments left ends the walk: protocol 43, no ports, since its transport is not for this address.
[[nodiscard]] inline DropReason parse(const Packet& packet, Parsed& into) noexcept {
  if (parse_detail::parse_common(packet, into)) [[likely]] return DropReason::none;
  return parse_detail::parse_any(packet, into);
}

/// Reads what an ICMP error quotes. False: it quotes nothing that can be read, or a packet of the other family.
[[nodiscard]] bool parse_quoted(const Packet& packet, const Parsed& error, Quoted& into) noexcept;

}  // namespace lvsd
