#include "engine/explain.h"
#include "engine/forward.h"
#include "engine/icmp_errors.h"

/// What is not a whole packet of a known transport to a service: neighbours that ask, ICMP, fragments, replies, and what is the kernel's.
namespace lvsd {

namespace {

/// Router and neighbour discovery (RFC 4861): no router forwards it, and a service that takes all ICMP is none of it.
[[nodiscard]] bool is_discovery(const Parsed& parsed) noexcept {
  constexpr std::uint8_t kFirst = 133, kLast = 137;
  const bool icmp = parsed.network == Network::v6 && parsed.protocol == wire::kIcmpv6 && (!parsed.is_fragment || parsed.is_first_fragment);
  return icmp && parsed.icmp_type >= kFirst && parsed.icmp_type <= kLast;
}

/// Sends an answer of ours in an extra; the packet that asked is done with.
void answer(Core& core, Packet& asked, Packet& reply, std::size_t length, Event what) noexcept {
  reply.length = static_cast<std::uint32_t>(length);
  reply.verdict = Verdict::forward;
  asked.verdict = Verdict::held;
  core.event(what);
  core.extras.add(reply);
}

template <class Trace>
[[nodiscard]] bool answer_neighbour(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  Address target;
  Packet& packet = *flight.packet;
  if (!asks_for_neighbour(packet, flight.parsed, target)) return false;
  if (tables.service_with(target, packet.port, image::kAnswerArp) == nullptr || !core.extras.room()) return false;
  Packet reply = core.extras.buffer(128, packet.port);
  if (reply.data == nullptr) return false;
  const std::size_t length = make_neighbour_answer(packet, flight.parsed, tables.ports()[packet.port].mac, {reply.data, 128});
  if (length == 0) return false;
  trace.note(Step::verdict, "Somebody asks for the VIP's MAC address: ours is answered.");
  answer(core, packet, reply, length, Event::arp_answered);
  return true;
}

template <class Trace>
[[nodiscard]] bool answer_echo(Core& core, Flight& flight, Trace& trace) noexcept {
  Packet& packet = *flight.packet;
  if (!core.extras.room()) return false;
  Packet reply = core.extras.buffer(packet.length, packet.port);
  if (reply.data == nullptr) return false;
  const std::size_t length = make_echo_reply(packet, flight.parsed, {reply.data, reply.tailroom});
  if (length == 0) return false;
  trace.note(Step::verdict, "An echo request to the VIP is answered by us: the service is set so.");
  answer(core, packet, reply, length, Event::echo_answered);
  return true;
}

/// ICMP that is no error. True: its fate is sealed.
template <class Trace>
[[nodiscard]] bool handle_icmp(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  const Service* const any = tables.any_service_of(flight.parsed.destination, flight.packet->port);
  if (any == nullptr) return false;
  const Service* const takes = tables.find_service(flight.parsed.destination, flight.parsed.protocol, 0, flight.packet->port);
  const std::uint8_t echo = takes != nullptr ? takes->echo : any->echo;
  if (echo == image::kEchoAnswer && is_echo_request(flight.parsed)) return answer_echo(core, flight, trace);
  if (takes == nullptr || echo == image::kEchoKernel) {
    trace.note(Step::service, "ICMP to a VIP that does not take it: the kernel's.");
    pass(core, *flight.packet);
    return true;
  }
  flight.service = takes;
  if (!translates(tables, *takes)) {
    flight.echo_id = 0;
  } else if (flight.echo_id == 0) {  // a later fragment has learned it
    flight.echo_id = echo_id_of(flight);
  }
  return false;
}

template <class Trace>
[[nodiscard]] bool is_reply(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  const Parsed& parsed = flight.parsed;
  if (!tables.is_nat_server(parsed.source, parsed.protocol, parsed.source_port) && !tables.is_pool_address(parsed.destination)) return false;
  if (is_icmp(parsed) && flight.echo_id == 0) flight.echo_id = echo_id_of(flight);
  return forward_reply(core, tables, flight, trace);
}

}  // namespace

template <class Trace>
void forward_rare(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  Packet& packet = *flight.packet;
  const Parsed& parsed = flight.parsed;
  flight.service = nullptr;  // flights are used again and again
  const bool ip = parsed.network == Network::v4 || parsed.network == Network::v6;
  const bool asks = parsed.network == Network::arp || (parsed.network == Network::v6 && parsed.icmp_type == wire::kNeighbourSolicitation);
  if (asks && answer_neighbour(core, tables, flight, trace)) return;
  if (!ip || (packet.data[0] & 1) != 0 || is_discovery(parsed)) {
    trace.note(Step::parse, "No unicast IP packet, or one that neighbours say to each other: the kernel's.");
    return pass(core, packet);
  }
  if (parsed.is_icmp_error) {
    if (forward_icmp_error(core, tables, flight, trace)) return;
    trace.note(Step::session, "An ICMP error that concerns no flow of ours: the kernel's.");
    return pass(core, packet);
  }
  if (parsed.is_fragment && !join_fragment(core, tables, flight, trace)) return;
  if (is_icmp(parsed)) {
    if (handle_icmp(core, tables, flight, trace)) return;
  } else {
    flight.service = tables.find_service(parsed.destination, parsed.protocol, parsed.destination_port, packet.port);
  }
  // a service that takes every address takes replies' destinations too: they are replies first
  const bool may_be_reply = flight.service == nullptr || flight.service->prefix == 0;
  if (may_be_reply && is_reply(core, tables, flight, trace)) return;
  if (flight.service != nullptr) return forward_to_service(core, tables, flight, trace);
  trace.service(tables, parsed, nullptr);
  pass(core, packet);
}

template void forward_rare(Core&, const Tables&, Flight&, NoTrace&) noexcept;
template void forward_rare(Core&, const Tables&, Flight&, Recorder&) noexcept;

}  // namespace lvsd
