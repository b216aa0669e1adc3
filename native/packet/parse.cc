#include "packet/parse.h"

#include "packet/extensions.h"

namespace lvsd {
namespace {

constexpr std::uint32_t kBroadcast4 = 0xffffffff;

bool is_multicast4(std::uint32_t network_order) noexcept { return (network_order & 0xf0) == 0xe0; }
bool is_loopback6(const Address& address) noexcept { return address.high() == 0 && address.low() == std::uint64_t{1} << 56; }

/// RFC 1812 section 5.3.7. Who has no address yet (DHCP, IGMP) may speak to many.
bool may_send4(std::uint32_t source, std::uint32_t destination) noexcept {
  if (parse_detail::is_plain_source4(source)) return true;
  const std::uint32_t first = source & 0xff;
  if (source == 0) return destination == kBroadcast4 || is_multicast4(destination);
  return first >= 240 && source != kBroadcast4;  // 240/4 is in use here and there
}

/// RFC 4291 sections 2.5.2, 2.5.3, 2.7. Mapped IPv4 addresses have no place on the wire, and would look like IPv4 ones here.
bool may_send6(const Address& source, const Address& destination) noexcept {
  if (source.bytes[0] == 0xff || is_loopback6(source) || source.is_v4() || destination.is_v4()) return false;
  return !source.is_zero() || destination.bytes[0] == 0xff;
}

/// The least of a transport header that must be in a first or only packet; 0: unknown protocol.
std::size_t least_transport(std::uint8_t protocol) noexcept {
  switch (protocol) {
    case wire::kTcp: return sizeof(wire::Tcp);
    case wire::kUdp: case wire::kUdpLite: return sizeof(wire::Udp);
    case wire::kSctp: return sizeof(wire::Sctp);
    case wire::kDccp: return sizeof(wire::Dccp);
    default: return 0;
  }
}

/// A length of UDP that is more than there is, and the coverage of UDP-Lite (RFC 3828 section 3.1: 0 is all).
bool is_right_length(const std::uint8_t* transport, std::uint8_t protocol, std::size_t there, bool is_fragment) noexcept {
  const std::size_t length = load_be16(transport + offsetof(wire::Udp, length));
  if (protocol == wire::kUdpLite && length == 0) return true;
  return length >= sizeof(wire::Udp) && (length <= there || is_fragment);
}

DropReason read_icmp(const PacketView& view, Parsed& into) noexcept {
  if (!view.has(into.transport_at, sizeof(wire::Icmp))) return DropReason::bad_transport;
  into.icmp_type = *view.at(into.transport_at);
  into.icmp_code = *view.at(into.transport_at + std::size_t{1});
  if (into.network == Network::v6) {
    into.is_icmp_error = into.icmp_type < wire::kFirstInformational6;
    return DropReason::none;
  }
  switch (into.icmp_type) {
    case wire::kUnreachable: case wire::kSourceQuench: case wire::kRedirect: case wire::kTimeExceeded: case wire::kParameterProblem:
      into.is_icmp_error = true;
  }
  return DropReason::none;
}

/// `view` ends where the IP packet ends.
DropReason read_transport(const PacketView& view, Parsed& into) noexcept {
  if (into.is_fragment && !into.is_first_fragment) return DropReason::none;
  const bool is_v6 = into.network == Network::v6;
  if (into.protocol == (is_v6 ? wire::kIcmpv6 : wire::kIcmp)) return read_icmp(view, into);
  const std::size_t least = least_transport(into.protocol);
  if (least == 0) return DropReason::none;
  if (!view.has(into.transport_at, least)) return DropReason::bad_transport;
  const std::uint8_t* const transport = view.at(into.transport_at);
  const std::size_t there = view.size() - into.transport_at;
  if (into.protocol == wire::kTcp) {
    const std::size_t header = (transport[offsetof(wire::Tcp, offset)] >> 4) * std::size_t{4};
    if (header < sizeof(wire::Tcp) || (header > there && !into.is_fragment)) return DropReason::bad_transport;
    into.tcp_flags = transport[offsetof(wire::Tcp, flags)];
  } else if (least == sizeof(wire::Udp) && !is_right_length(transport, into.protocol, there, into.is_fragment)) {
    return DropReason::bad_transport;
  }
  into.has_ports = true;
  into.source_port = load_be16(transport);
  into.destination_port = load_be16(transport + 2);
  return DropReason::none;
}

/// Sets what both families have; false: the fragment reaches beyond 65,535 bytes, or all but the last are no multiple of eight.
bool take_fragment(Parsed& into, std::uint16_t offset, bool more, std::size_t data_bytes) noexcept {
  into.fragment_offset = offset;
  into.more_fragments = more;
  into.is_fragment = more || offset != 0;
  into.is_first_fragment = more && offset == 0;
  if (!into.is_fragment) return true;
  return offset + data_bytes <= 0xffff && !(more && (data_bytes % 8 != 0 || data_bytes == 0));
}

DropReason parse4(const PacketView& view, Parsed& into) noexcept {
  if (!view.has(into.network_at, sizeof(wire::Ipv4))) return DropReason::truncated;
  const std::uint8_t* const ip = view.at(into.network_at);
  const std::size_t header = (*ip & 0x0f) * std::size_t{4};
  const std::size_t total = load_be16(ip + offsetof(wire::Ipv4, total_length));
  if (*ip >> 4 != 4 || header < sizeof(wire::Ipv4) || total < header) return DropReason::bad_ip_header;
  if (!view.has(into.network_at, total)) return DropReason::truncated;
  if (fold(sum_bytes(ip, header)) != 0xffff) return DropReason::bad_ip_checksum;
  const auto source = load<std::uint32_t>(ip + offsetof(wire::Ipv4, source));
  const auto destination = load<std::uint32_t>(ip + offsetof(wire::Ipv4, destination));
  if (!may_send4(source, destination)) return DropReason::bad_address;

  const std::uint16_t fragment = load_be16(ip + offsetof(wire::Ipv4, fragment));
  into.source = Address::v4(source);
  into.destination = Address::v4(destination);
  into.protocol = ip[offsetof(wire::Ipv4, protocol)];
  into.tos = ip[offsetof(wire::Ipv4, tos)];
  into.ttl = ip[offsetof(wire::Ipv4, ttl)];
  into.dont_fragment = (fragment & wire::kDontFragment) != 0;
  into.fragment_id = load_be16(ip + offsetof(wire::Ipv4, id));
  into.transport_at = static_cast<std::uint16_t>(into.network_at + header);
  into.end = static_cast<std::uint32_t>(into.network_at + total);
  const auto offset = static_cast<std::uint16_t>((fragment & wire::kFragmentOffset) * 8);
  if (!take_fragment(into, offset, (fragment & wire::kMoreFragments) != 0, total - header)) return DropReason::bad_ip_header;
  return read_transport(view.first(into.end), into);
}

/// `next`: the number of the first header behind the IPv6 header.
DropReason take_extensions(const PacketView& inside, std::uint8_t next, Parsed& into) noexcept {
  const ExtensionWalk walk = walk_extensions(inside, into.network_at + sizeof(wire::Ipv6), next);
  into.protocol = walk.protocol;
  if (!walk.is_whole || walk.at > 0xffff) return DropReason::bad_extension;
  into.transport_at = static_cast<std::uint16_t>(walk.at);
  into.fragment_header_at = static_cast<std::uint16_t>(walk.fragment_at);
  into.fragment_id = walk.fragment_id;
  const std::size_t data = walk.fragment_at == 0 ? 0 : inside.size() - walk.fragment_at - sizeof(wire::Ipv6Fragment);
  return take_fragment(into, walk.fragment_offset, walk.more_fragments, data) ? DropReason::none : DropReason::bad_extension;
}

DropReason parse6(const PacketView& view, Parsed& into) noexcept {
  if (!view.has(into.network_at, sizeof(wire::Ipv6))) return DropReason::truncated;
  const std::uint8_t* const ip = view.at(into.network_at);
  const std::uint32_t first = load_be32(ip);
  if (first >> 28 != 6) return DropReason::bad_ip_header;
  const std::size_t at = into.network_at + sizeof(wire::Ipv6), end = at + load_be16(ip + offsetof(wire::Ipv6, payload_length));
  if (end > view.size()) return DropReason::truncated;
  into.source = Address::v6(ip + offsetof(wire::Ipv6, source));
  into.destination = Address::v6(ip + offsetof(wire::Ipv6, destination));
  if (!may_send6(into.source, into.destination)) return DropReason::bad_address;

  const PacketView inside = view.first(end);
  const std::uint8_t next = ip[offsetof(wire::Ipv6, next_header)];
  into.tos = static_cast<std::uint8_t>(first >> 20);
  into.ttl = ip[offsetof(wire::Ipv6, hop_limit)];
  into.dont_fragment = true;
  into.flow_label = first & 0xfffff;
  into.protocol = next;
  into.transport_at = static_cast<std::uint16_t>(at);
  into.end = static_cast<std::uint32_t>(end);
  if (may_be_extension(next)) {
    const DropReason reason = take_extensions(inside, next, into);
    if (reason != DropReason::none) return reason;
  }
  return read_transport(inside, into);
}

/// Of IPv4 over Ethernet; of others only that it is ARP.
DropReason parse_arp(const PacketView& view, Parsed& into) noexcept {
  const auto arp = view.read<wire::Arp>(into.network_at);
  if (!arp) return DropReason::truncated;
  into.transport_at = into.network_at;
  into.end = static_cast<std::uint32_t>(into.network_at + sizeof *arp);
  if (host(arp->protocol) != wire::kTypeIpv4 || arp->protocol_length != 4 || arp->hardware_length != 6) return DropReason::none;
  into.source = Address::v4(load<std::uint32_t>(arp->sender.bytes));
  into.destination = Address::v4(load<std::uint32_t>(arp->target.bytes));
  return DropReason::none;
}

/// Reads a quoted IPv4 or IPv6 header at `at`; false: there is none.
bool read_quoted4(const PacketView& view, std::size_t at, Quoted& into) noexcept {
  const auto ip = view.read<wire::Ipv4>(at);
  if (!ip || ip->version_ihl >> 4 != 4 || (ip->version_ihl & 0x0f) < 5) return false;
  const std::size_t header = (ip->version_ihl & 0x0f) * std::size_t{4};
  if (!view.has(at, header)) return false;
  into.source = Address::v4(load<std::uint32_t>(ip->source.bytes));
  into.destination = Address::v4(load<std::uint32_t>(ip->destination.bytes));
  into.protocol = ip->protocol;
  into.transport_at = static_cast<std::uint16_t>(at + header);
  into.is_later_fragment = (host(ip->fragment) & wire::kFragmentOffset) != 0;
  return true;
}

bool read_quoted6(const PacketView& view, std::size_t at, Quoted& into) noexcept {
  const auto ip = view.read<wire::Ipv6>(at);
  if (!ip || host(ip->version_class_label) >> 28 != 6) return false;
  const ExtensionWalk walk = walk_extensions(view, at + sizeof *ip, ip->next_header);
  if (!walk.is_whole || walk.at > view.size() || walk.at > 0xffff) return false;
  into.source = Address::v6(ip->source);
  into.destination = Address::v6(ip->destination);
  if (into.source.is_v4() || into.destination.is_v4()) return false;
  into.protocol = walk.protocol;
  into.transport_at = static_cast<std::uint16_t>(walk.at);
  into.is_later_fragment = walk.fragment_offset != 0;
  return true;
}

}  // namespace

DropReason parse_detail::parse_any(const Packet& packet, Parsed& into) noexcept {
  clear(into);
  const PacketView view(packet);
  if (!view.has(0, sizeof(wire::Ethernet))) return DropReason::truncated;
  std::size_t at = sizeof(wire::Ethernet);
  std::uint16_t type = load_be16(view.at(wire::kMacs));
  while ((type == wire::kTypeVlan || type == wire::kTypeQinq) && into.vlan_tags < wire::kMostTags) {
    if (!view.has(at, sizeof(wire::Vlan))) return DropReason::truncated;
    into.tags[into.vlan_tags++] = load<std::uint32_t>(view.at(at - 2));
    at += sizeof(wire::Vlan);
    type = load_be16(view.at(at - 2));
  }
  into.network_at = into.transport_at = static_cast<std::uint16_t>(at);
  into.end = packet.length;
  switch (type) {
    case wire::kTypeIpv4: into.network = Network::v4; return parse4(view, into);
    case wire::kTypeIpv6: into.network = Network::v6; return parse6(view, into);
    case wire::kTypeArp: into.network = Network::arp; return parse_arp(view, into);
    default: return DropReason::none;
  }
}

bool parse_quoted(const Packet& packet, const Parsed& error, Quoted& into) noexcept {
  into = Quoted{};
  const std::size_t at = error.transport_at + sizeof(wire::Icmp);
  if (!error.is_icmp_error || error.end > packet.length || at > error.end || at + wire::kMostIpv4 > 0xffff) return false;
  const PacketView view = PacketView(packet).first(error.end);
  const bool read = error.network == Network::v4 ? read_quoted4(view, at, into) : read_quoted6(view, at, into);
  if (!read) return false;
  into.network_at = static_cast<std::uint16_t>(at);
  const bool knows_ports = least_transport(into.protocol) != 0 && !into.is_later_fragment;
  if (!knows_ports || !view.has(into.transport_at, 4)) return true;
  into.has_ports = true;
  into.source_port = load_be16(view.at(into.transport_at));
  into.destination_port = load_be16(view.at(into.transport_at + std::size_t{2}));
  return true;
}

}  // namespace lvsd
