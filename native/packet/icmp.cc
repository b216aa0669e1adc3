#include "packet/icmp.h"

#include <algorithm>
#include <cstring>

#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/view.h"

namespace lvsd {
namespace {

constexpr std::size_t kMostQuoting4 = 576;   // RFC 1812 section 4.3.2.3
constexpr std::size_t kMostQuoting6 = 1280;  // RFC 4443 section 2.4 c
constexpr std::uint8_t kTtl = 64;
constexpr std::uint8_t kNeighbourHopLimit = 255;      // RFC 4861 section 7.1
constexpr std::uint8_t kInternetworkControl = 0xc0;   // precedence of errors, RFC 1812 section 4.3.2.5

using Mac = std::uint8_t[6];

/// The link header of a packet turned round: its MACs swapped, its tags as they are. Returns its length.
std::size_t put_link_back(std::uint8_t* into, const Packet& packet, const Parsed& parsed) noexcept {
  std::memcpy(into, packet.data + 6, 6);
  std::memcpy(into + 6, packet.data, 6);
  std::memcpy(into + wire::kMacs, packet.data + wire::kMacs, parsed.network_at - wire::kMacs);
  return parsed.network_at;
}

void put_ipv4(std::uint8_t* ip, std::size_t length, std::uint8_t tos, const Address& source, const Address& destination) noexcept {
  const auto total = be16(static_cast<std::uint16_t>(length));
  const wire::Ipv4 header{0x45, tos, total, {}, be16(wire::kDontFragment), kTtl, wire::kIcmp, {}, {}, {}};
  store(ip, header);
  store(ip + offsetof(wire::Ipv4, source), source.to_v4());
  store(ip + offsetof(wire::Ipv4, destination), destination.to_v4());
  write_ipv4_checksum(ip);
}

void put_ipv6(std::uint8_t* ip, std::size_t payload, std::uint8_t traffic_class, std::uint8_t hop_limit, const Address& source,
              const Address& destination) noexcept {
  store_be32(ip, 6U << 28 | std::uint32_t{traffic_class} << 20);
  store_be16(ip + offsetof(wire::Ipv6, payload_length), static_cast<std::uint16_t>(payload));
  ip[offsetof(wire::Ipv6, next_header)] = wire::kIcmpv6;
  ip[offsetof(wire::Ipv6, hop_limit)] = hop_limit;
  std::memcpy(ip + offsetof(wire::Ipv6, source), source.bytes.data(), 16);
  std::memcpy(ip + offsetof(wire::Ipv6, destination), destination.bytes.data(), 16);
}

/// ICMP sums itself alone, ICMPv6 a pseudo-header too.
void put_icmp_checksum(std::uint8_t* icmp, std::size_t bytes, std::uint64_t pseudo) noexcept {
  store(icmp + offsetof(wire::Icmp, checksum), std::uint16_t{0});
  store(icmp + offsetof(wire::Icmp, checksum), static_cast<std::uint16_t>(~fold(add_sums(pseudo, sum_bytes(icmp, bytes)))));
}

bool is_one_host(const Address& address) noexcept {
  if (!address.is_v4()) return !address.is_zero() && address.bytes[0] != 0xff;
  const std::uint8_t first = address.bytes[12];
  return first != 0 && first != 127 && (first & 0xf0) != 0xe0 && address.to_v4() != 0xffffffff;
}

/// RFC 1812 section 4.3.2.7, RFC 4443 section 2.4 e: nothing is said about these. Packet too big alone may be said about multicast.
bool may_be_told(const Packet& packet, const Parsed& parsed, const Address& from, IcmpProblem problem) noexcept {
  if (parsed.is_icmp_error || (parsed.is_fragment && parsed.fragment_offset != 0)) return false;
  if (parsed.end > packet.length || parsed.end < parsed.network_at || packet.length < sizeof(wire::Ethernet)) return false;
  if ((packet.data[6] & 1) != 0) return false;  // a frame from many
  if (!is_one_host(parsed.source) || from.is_v4() != (parsed.network == Network::v4) || !is_one_host(from)) return false;
  const bool to_one = is_one_host(parsed.destination) && (packet.data[0] & 1) == 0;
  return to_one || (problem == IcmpProblem::too_big && parsed.network == Network::v6);
}

struct TypeCode {
  std::uint8_t type, code;
};

TypeCode type_code4(IcmpProblem problem) noexcept {
  switch (problem) {
    case IcmpProblem::too_big: return {wire::kUnreachable, wire::kFragmentationNeeded};
    case IcmpProblem::ttl_exceeded: return {wire::kTimeExceeded, 0};
    case IcmpProblem::reassembly: return {wire::kTimeExceeded, 1};
    case IcmpProblem::no_route: return {wire::kUnreachable, 0};
    case IcmpProblem::host_unreachable: return {wire::kUnreachable, 1};
    case IcmpProblem::port_unreachable: return {wire::kUnreachable, 3};
    case IcmpProblem::prohibited: return {wire::kUnreachable, 13};
  }
  return {wire::kUnreachable, 1};
}

TypeCode type_code6(IcmpProblem problem) noexcept {
  switch (problem) {
    case IcmpProblem::too_big: return {wire::kPacketTooBig6, 0};
    case IcmpProblem::ttl_exceeded: return {wire::kTimeExceeded6, 0};
    case IcmpProblem::reassembly: return {wire::kTimeExceeded6, 1};
    case IcmpProblem::no_route: return {wire::kUnreachable6, 0};
    case IcmpProblem::host_unreachable: return {wire::kUnreachable6, 3};
    case IcmpProblem::port_unreachable: return {wire::kUnreachable6, 4};
    case IcmpProblem::prohibited: return {wire::kUnreachable6, 1};
  }
  return {wire::kUnreachable6, 3};
}

// ---------------------------------------------------------------- neighbours

/// RFC 4861 section 7.1.1 and what RFC 826 says, in one: `target` is asked for by somebody who may ask.
bool is_arp_request(const Packet& packet, const Parsed& parsed, wire::Arp& arp) noexcept {
  const auto read = PacketView(packet).read<wire::Arp>(parsed.network_at);
  if (!read) return false;
  arp = *read;
  if (host(arp.hardware) != wire::kArpEthernet || host(arp.protocol) != wire::kTypeIpv4) return false;
  if (arp.hardware_length != 6 || arp.protocol_length != 4 || host(arp.operation) != wire::kArpRequest) return false;
  const auto sender = load<std::uint32_t>(arp.sender.bytes), target = load<std::uint32_t>(arp.target.bytes);
  if ((arp.sender_mac[0] & 1) != 0 || sender == target) return false;  // the latter announces itself
  return (sender == 0 || is_one_host(Address::v4(sender))) && is_one_host(Address::v4(target));
}

/// The source link-layer address option, if there is one. False: an option of no length, or cut short.
bool read_options(const std::uint8_t* at, std::size_t bytes, const std::uint8_t*& source_mac) noexcept {
  source_mac = nullptr;
  while (bytes > 0) {
    if (bytes < 2 || at[1] == 0 || at[1] * std::size_t{8} > bytes) return false;
    if (at[0] == wire::kSourceLinkOption) source_mac = at + 2;
    bytes -= at[1] * std::size_t{8};
    at += at[1] * std::size_t{8};
  }
  return true;
}

/// ff02::1:ffXX:XXXX, RFC 4291 section 2.7.1.
bool is_solicited_node(const Address& address) noexcept {
  constexpr std::uint8_t kPrefix[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  return std::memcmp(address.bytes.data(), kPrefix, sizeof kPrefix) == 0;
}

/// @param source_mac where the answer goes; null: to where the frame came from
bool is_solicitation(const Packet& packet, const Parsed& parsed, Address& target, const std::uint8_t*& source_mac) noexcept {
  if (parsed.protocol != wire::kIcmpv6 || parsed.icmp_type != wire::kNeighbourSolicitation || parsed.is_fragment) return false;
  if (parsed.ttl != kNeighbourHopLimit || parsed.icmp_code != 0) return false;
  if (check_transport(packet, parsed) != ChecksumState::good) return false;
  const PacketView view = PacketView(packet).first(parsed.end);
  const auto asked = view.read<wire::Neighbour>(parsed.transport_at);
  if (!asked) return false;
  target = Address::v6(asked->target);
  const std::size_t options = parsed.transport_at + sizeof *asked;
  if (!is_one_host(target) || target.is_v4() || !read_options(view.at(options), view.size() - options, source_mac)) return false;
  if (!parsed.source.is_zero()) return true;
  return is_solicited_node(parsed.destination) && source_mac == nullptr;
}

std::size_t make_arp_reply(const Packet& packet, const Parsed& parsed, const Mac& mac, std::span<std::uint8_t> into) noexcept {
  wire::Arp arp;
  const std::size_t length = parsed.network_at + sizeof arp;
  if (into.size() < length || !is_arp_request(packet, parsed, arp)) return 0;
  const wire::Be32 asker = arp.sender;
  put_link_back(into.data(), packet, parsed);
  std::memcpy(into.data(), arp.sender_mac, 6);
  std::memcpy(into.data() + 6, mac, 6);
  arp.operation = be16(wire::kArpReply);
  std::memcpy(arp.target_mac, arp.sender_mac, 6);
  std::memcpy(arp.sender_mac, mac, 6);
  arp.sender = arp.target;
  arp.target = asker;
  store(into.data() + parsed.network_at, arp);
  return length;
}

std::size_t make_advertisement(const Packet& packet, const Parsed& parsed, const Mac& mac, std::span<std::uint8_t> into) noexcept {
  constexpr std::size_t kPayload = sizeof(wire::Neighbour) + 8;  // and one option
  constexpr std::uint8_t kAllNodesMac[6] = {0x33, 0x33, 0, 0, 0, 1};
  Address target, to = parsed.source;
  const std::uint8_t* source_mac = nullptr;
  const std::size_t length = parsed.network_at + sizeof(wire::Ipv6) + kPayload;
  if (into.size() < length || !is_solicitation(packet, parsed, target, source_mac)) return 0;
  put_link_back(into.data(), packet, parsed);
  if (source_mac != nullptr) std::memcpy(into.data(), source_mac, 6);
  std::memcpy(into.data() + 6, mac, 6);
  std::uint8_t flags = wire::kSolicited | wire::kOverride;
  if (to.is_zero()) {
    to.bytes = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    std::memcpy(into.data(), kAllNodesMac, 6);
    flags = wire::kOverride;
  }
  std::uint8_t* const ip = into.data() + parsed.network_at;
  put_ipv6(ip, kPayload, 0, kNeighbourHopLimit, target, to);
  wire::Neighbour said{wire::kNeighbourAdvertisement, 0, {}, flags, {}, {}};
  std::memcpy(said.target, target.bytes.data(), 16);
  std::uint8_t* const icmp = ip + sizeof(wire::Ipv6);
  store(icmp, said);
  icmp[sizeof said] = wire::kTargetLinkOption;
  icmp[sizeof said + 1] = 1;  // times eight bytes
  std::memcpy(icmp + sizeof said + 2, mac, 6);
  put_icmp_checksum(icmp, kPayload, pseudo_sum(target, to, wire::kIcmpv6, kPayload));
  return length;
}

}  // namespace

std::size_t make_icmp_error(const Packet& packet, const Parsed& parsed, IcmpProblem problem, std::uint16_t mtu, const Address& from,
                            std::span<std::uint8_t> into) noexcept {
  const bool is_v4 = parsed.network == Network::v4;
  if ((!is_v4 && parsed.network != Network::v6) || !may_be_told(packet, parsed, from, problem)) return 0;
  const std::size_t headers = (is_v4 ? sizeof(wire::Ipv4) : sizeof(wire::Ipv6)) + sizeof(wire::Icmp);
  const std::size_t quoted = std::min<std::size_t>(parsed.packet_length(), (is_v4 ? kMostQuoting4 : kMostQuoting6) - headers);
  const std::size_t length = parsed.network_at + headers + quoted;
  if (into.size() < length) return 0;

  put_link_back(into.data(), packet, parsed);
  std::uint8_t* const ip = into.data() + parsed.network_at;
  std::uint8_t* const icmp = ip + headers - sizeof(wire::Icmp);
  const std::size_t payload = sizeof(wire::Icmp) + quoted;
  const TypeCode says = is_v4 ? type_code4(problem) : type_code6(problem);
  // RFC 1191 section 4: the MTU is the lower half of `rest`; RFC 4443 section 3.2: all of it.
  store(icmp, wire::Icmp{says.type, says.code, {}, be32(problem == IcmpProblem::too_big ? mtu : 0U)});
  std::memcpy(icmp + sizeof(wire::Icmp), packet.data + parsed.network_at, quoted);
  if (is_v4) {
    put_ipv4(ip, headers + quoted, kInternetworkControl, from, parsed.source);
    put_icmp_checksum(icmp, payload, 0);
  } else {
    put_ipv6(ip, payload, 0, kTtl, from, parsed.source);
    put_icmp_checksum(icmp, payload, pseudo_sum(from, parsed.source, wire::kIcmpv6, static_cast<std::uint32_t>(payload)));
  }
  return length;
}

bool is_echo_request(const Parsed& parsed) noexcept {
  if (parsed.is_fragment || parsed.icmp_code != 0 || !is_one_host(parsed.source) || !is_one_host(parsed.destination)) return false;
  if (parsed.network == Network::v4) return parsed.protocol == wire::kIcmp && parsed.icmp_type == wire::kEchoRequest;
  return parsed.network == Network::v6 && parsed.protocol == wire::kIcmpv6 && parsed.icmp_type == wire::kEchoRequest6;
}

std::size_t make_echo_reply(const Packet& packet, const Parsed& parsed, std::span<std::uint8_t> into) noexcept {
  if (!is_echo_request(parsed) || check_transport(packet, parsed) != ChecksumState::good) return 0;
  const bool is_v4 = parsed.network == Network::v4;
  const std::size_t header = is_v4 ? sizeof(wire::Ipv4) : sizeof(wire::Ipv6);
  const std::size_t payload = parsed.end - parsed.transport_at, length = parsed.network_at + header + payload;
  if (into.size() < length) return 0;
  put_link_back(into.data(), packet, parsed);
  std::uint8_t* const ip = into.data() + parsed.network_at;
  std::uint8_t* const icmp = ip + header;
  std::memcpy(icmp, packet.data + parsed.transport_at, payload);
  icmp[0] = static_cast<std::uint8_t>(is_v4 ? +wire::kEchoReply : +wire::kEchoReply6);
  if (is_v4) {
    put_ipv4(ip, header + payload, parsed.tos, parsed.destination, parsed.source);
    put_icmp_checksum(icmp, payload, 0);
  } else {
    put_ipv6(ip, payload, parsed.tos, kTtl, parsed.destination, parsed.source);
    put_icmp_checksum(icmp, payload, pseudo_sum(parsed.destination, parsed.source, wire::kIcmpv6, static_cast<std::uint32_t>(payload)));
  }
  return length;
}

bool asks_for_neighbour(const Packet& packet, const Parsed& parsed, Address& target) noexcept {
  if (parsed.network == Network::v6) {
    const std::uint8_t* source_mac = nullptr;
    return is_solicitation(packet, parsed, target, source_mac);
  }
  wire::Arp arp;
  if (parsed.network != Network::arp || !is_arp_request(packet, parsed, arp)) return false;
  target = Address::v4(load<std::uint32_t>(arp.target.bytes));
  return true;
}

std::size_t make_neighbour_answer(const Packet& packet, const Parsed& parsed, const std::uint8_t (&mac)[6],
                                  std::span<std::uint8_t> into) noexcept {
  if (parsed.network == Network::arp) return make_arp_reply(packet, parsed, mac, into);
  return parsed.network == Network::v6 ? make_advertisement(packet, parsed, mac, into) : 0;
}

}  // namespace lvsd
