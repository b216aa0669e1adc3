#include <algorithm>
#include <cstring>

#include "encap/outer.h"
#include "engine/explain.h"
#include "engine/forward.h"
#include "engine/icmp_errors.h"
#include "engine/prefix.h"
#include "packet/icmp.h"
#include "packet/parse.h"

/// Routers between us and a tunnel's other end: what they say of our outer packet is said to the client of its own (RFC 2003 section 4.1).
namespace lvsd {

namespace {

constexpr std::uint16_t kLeastMtu4 = 68, kLeastMtu6 = 1280;

[[nodiscard]] bool may_be_tunnel(std::uint8_t protocol) noexcept {
  return protocol == wire::kIpv4InIp || protocol == wire::kIpv6InIp || protocol == wire::kGre || protocol == wire::kUdp;
}

/// The MTU of a frag-needed or packet-too-big; 0: it is another error, or from a router that does not tell.
[[nodiscard]] std::uint32_t mtu_said(const Packet& packet, const Parsed& error) noexcept {
  const std::uint8_t* icmp = packet.data + error.transport_at;
  if (is_v4(error)) return error.icmp_type == wire::kUnreachable && error.icmp_code == wire::kFragmentationNeeded ? load_be16(icmp + 6) : 0;
  return error.icmp_type == wire::kPacketTooBig6 ? load_be32(icmp + 4) : 0;
}

/// The client's packet inside, as far as it is quoted. The frame's link header is put before it, over what the tunnel had there.
[[nodiscard]] bool read_inner(const Packet& error_packet, const Parsed& error, std::size_t inner_at, Packet& packet, Parsed& inner) noexcept {
  const std::size_t left = error.end > inner_at ? error.end - inner_at : 0;
  if (left < sizeof(wire::Ipv4) + 8) return false;
  const std::uint8_t* ip = error_packet.data + inner_at;
  const bool v4 = ip[0] >> 4 == 4;
  if (!v4 && (ip[0] >> 4 != 6 || left < sizeof(wire::Ipv6) + 8)) return false;
  packet = error_packet;
  packet.data += inner_at - error.network_at;
  packet.length = static_cast<std::uint32_t>(error.network_at + left);
  inner = Parsed{};
  inner.network = v4 ? Network::v4 : Network::v6;
  inner.network_at = error.network_at;
  inner.vlan_tags = error.vlan_tags;
  inner.end = packet.length;
  inner.source = v4 ? Address::v4(load<std::uint32_t>(ip + 12)) : Address::v6(ip + 8);
  inner.destination = v4 ? Address::v4(load<std::uint32_t>(ip + 16)) : Address::v6(ip + 24);
  inner.protocol = v4 ? ip[9] : ip[6];
  inner.fragment_offset = v4 ? static_cast<std::uint16_t>((load_be16(ip + 6) & 0x1fff) * 8) : std::uint16_t{0};
  inner.is_fragment = inner.fragment_offset != 0;
  const std::size_t transport = v4 ? (ip[0] & 15U) * 4U : sizeof(wire::Ipv6);
  const int icmp = v4 ? int{wire::kIcmp} : int{wire::kIcmpv6};
  const int echo = v4 ? int{wire::kEchoRequest} : int{wire::kEchoRequest6};
  inner.is_icmp_error = inner.protocol == icmp && (transport >= left || ip[transport] != echo);
  return true;
}

/// Whether the packet that is quoted may have been put into this destination's tunnel.
[[nodiscard]] bool went_to(const Destination& to, const Quoted& quoted) noexcept {
  if (to.method != image::kTunnel || to.state == kVacant || to.state == kGone) return false;
  if (!(to.address == quoted.destination) || !(to.outer_source == quoted.source)) return false;
  if (quoted.protocol == wire::kIpv4InIp || quoted.protocol == wire::kIpv6InIp) return to.tunnel == image::kIpip;
  return to.tunnel != image::kIpip && tunnel_protocol(to.tunnel) == quoted.protocol;
}

[[nodiscard]] bool covers(const Service& service, const Address& address) noexcept {
  const bool v4 = address.is_v4();
  return service.address.is_v4() == v4 && masked(address, prefix_mask(service.prefix, v4)) == service.address;
}

/// A destination whose service the packet inside was for: what its tunnel adds, and that packet. False: it was none of ours. The list is
/// gone through from its start: errors are limited in rate, and steered only if they quote a packet to one of these.
[[nodiscard]] bool find_tunnel(const Tables& tables, const Flight& flight, const Quoted& quoted, std::size_t& overhead,
                               Packet& packet, Parsed& inner) noexcept {
  const bool outer_v4 = quoted.source.is_v4();
  const std::size_t outer = outer_v4 ? sizeof(wire::Ipv4) : sizeof(wire::Ipv6);
  for (const Destination& to : tables.destinations()) {
    if (!went_to(to, quoted) || to.service >= tables.services().size()) continue;
    overhead = tunnel_overhead(to.tunnel, to.flags, outer_v4);
    if (!read_inner(*flight.packet, flight.parsed, quoted.transport_at + overhead - outer, packet, inner)) continue;
    if (covers(tables.service(to.service), inner.destination)) return true;
  }
  return false;
}

}  // namespace

template <class Trace>
bool forward_tunnel_error(Core& core, const Tables& tables, Flight& flight, const Quoted& quoted, Trace& trace) noexcept {
  const Parsed& error = flight.parsed;
  if (!(error.destination == quoted.source) || quoted.is_later_fragment || !may_be_tunnel(quoted.protocol)) return false;
  const std::uint32_t said = mtu_said(*flight.packet, error);
  if (said == 0 || !core.icmp_limit.take(core.now_ms)) return false;
  std::size_t overhead = 0;
  Packet packet;
  Parsed inner;
  if (!find_tunnel(tables, flight, quoted, overhead, packet, inner)) return false;
  const bool v4 = is_v4(inner);
  trace.note(Step::parse, "A router beyond says that a packet in a tunnel was too big: its client is told what fits.");
  const std::uint32_t least = v4 ? kLeastMtu4 : kLeastMtu6;
  const auto mtu = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(said > overhead ? said - static_cast<std::uint32_t>(overhead) : 0, least, 0xffff));
  const std::uint32_t index = tables.route(inner.source, 0);
  if (index == kNone || !core.extras.room()) {
    core.drop(*flight.packet, index == kNone ? DropReason::no_route : DropReason::no_room);
    return true;
  }
  std::memmove(packet.data, flight.packet->data, error.network_at);
  store_be16(packet.data + error.network_at - 2, v4 ? wire::kTypeIpv4 : wire::kTypeIpv6);
  Packet answer = core.extras.buffer(kMostIcmpError, flight.packet->port);
  Flight part = flight;
  part.packet = &answer;
  if (answer.data != nullptr)  // from the VIP: a router's own address means nothing to the client
    answer.length = static_cast<std::uint32_t>(make_icmp_error(packet, inner, IcmpProblem::too_big, mtu, inner.destination, {answer.data, kMostIcmpError}));
  if (answer.data == nullptr || answer.length == 0 || parse(answer, part.parsed) != DropReason::none) {
    core.drop(*flight.packet, DropReason::bad_icmp_quote);
    return true;
  }
  answer.verdict = Verdict::forward;
  core.event(Event::icmp_errors_forwarded);
  put_on_link(core, tables, part, tables.adjacency(index), inner.source, trace);
  if constexpr (Trace::kDry) {
    *flight.packet = answer;
    return true;
  }
  if (answer.verdict == Verdict::forward) core.extras.add(answer);
  flight.packet->verdict = Verdict::held;
  return true;
}

template bool forward_tunnel_error(Core&, const Tables&, Flight&, const Quoted&, NoTrace&) noexcept;
template bool forward_tunnel_error(Core&, const Tables&, Flight&, const Quoted&, Recorder&) noexcept;

}  // namespace lvsd
