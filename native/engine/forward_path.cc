#include "engine/explain.h"
#include "engine/forward.h"
#include "engine/icmp_errors.h"
#include "packet/fragment.h"

/// What does not get through as it is: no way, this machine itself, TTL used up, too big, neighbour unknown.
namespace lvsd {

namespace {

/// Each fragment goes its way by itself, as extras; the packet itself is done with.
template <class Trace>
void send_in_fragments(Core& core, const Tables& tables, Flight& flight, const Destination& to, Trace& trace) noexcept {
  Fragmenter cut(*flight.packet, flight.parsed, to.mtu);
  if (!cut.more()) return core.drop(*flight.packet, DropReason::too_big);
  trace.note(Step::path, "It does not fit the path and may be cut: it leaves in fragments, each carried by itself.");
  if constexpr (Trace::kDry) {  // the first of them stands for all
    Packet first = core.extras.buffer(to.mtu + flight.parsed.network_at, flight.packet->port);
    Flight part = flight;
    part.packet = &first;
    if (first.data == nullptr || !cut.next(first) || parse(first, part.parsed) != DropReason::none) return;
    send(core, tables, part, to, trace);
    *flight.packet = first;
    return;
  }
  bool whole = true;
  while (whole && cut.more()) {
    Packet piece = core.extras.buffer(to.mtu + flight.parsed.network_at, flight.packet->port);
    Flight part = flight;
    part.packet = &piece;
    whole = piece.data != nullptr && core.extras.room() && cut.next(piece) && parse(piece, part.parsed) == DropReason::none;
    if (!whole) break;
    part.parsed.source_port = flight.parsed.source_port;
    part.parsed.destination_port = flight.parsed.destination_port;
    part.parsed.has_ports = flight.parsed.has_ports;
    send(core, tables, part, to, trace);
    if (piece.verdict == Verdict::forward) core.extras.add(piece);
  }
  if (!whole) return core.drop(*flight.packet, DropReason::no_room);
  flight.packet->verdict = Verdict::held;
  core.event(Event::fragmented);
}

}  // namespace

template <class Trace>
void send_without_way(Core& core, const Tables& tables, Flight& flight, const Destination& to, Trace& trace) noexcept {
  if (is_for_us(tables, to)) {
    trace.note(Step::destination, "The server is this machine itself: the kernel gets the packet as it is.");
    return pass(core, *flight.packet);
  }
  trace.path(tables, nullptr, 0, flight.parsed.packet_length());
  core.drop(*flight.packet, DropReason::no_route);
}

template <class Trace>
void send_ttl_exceeded(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  trace.note(Step::path, "Its TTL is used up here: the sender is told (time exceeded).");
  tell_sender(core, tables, *flight.packet, flight.parsed, IcmpProblem::ttl_exceeded, 0);
  core.drop(*flight.packet, DropReason::ttl_exceeded);
}

template <class Trace>
void send_too_big(Core& core, const Tables& tables, Flight& flight, const Destination& to, Trace& trace) noexcept {
  if (!flight.parsed.dont_fragment) return send_in_fragments(core, tables, flight, to, trace);
  trace.note(Step::path, "It does not fit the path and must not be cut: the sender is told what fits.");
  tell_sender(core, tables, *flight.packet, flight.parsed, IcmpProblem::too_big, to.mtu);
  core.drop(*flight.packet, DropReason::too_big);
}

template <class Trace>
void wait_for_neighbour(Core& core, Flight& flight, const Adjacency& way, const Address& beyond, Trace& trace) noexcept {
  trace.note(Step::link, "The neighbour's MAC address is not known: it is asked for, and the packet waits up to 3 seconds.");
  if constexpr (Trace::kDry) {
    flight.packet->verdict = Verdict::held;
  } else {
    core.neighbours.hold(core, *flight.packet, way.next_hop.is_zero() ? beyond : way.next_hop, way.port);
  }
}

template void send_without_way(Core&, const Tables&, Flight&, const Destination&, NoTrace&) noexcept;
template void send_without_way(Core&, const Tables&, Flight&, const Destination&, Recorder&) noexcept;
template void send_too_big(Core&, const Tables&, Flight&, const Destination&, NoTrace&) noexcept;
template void send_too_big(Core&, const Tables&, Flight&, const Destination&, Recorder&) noexcept;
template void send_ttl_exceeded(Core&, const Tables&, Flight&, NoTrace&) noexcept;
template void send_ttl_exceeded(Core&, const Tables&, Flight&, Recorder&) noexcept;
template void wait_for_neighbour(Core&, Flight&, const Adjacency&, const Address&, NoTrace&) noexcept;
template void wait_for_neighbour(Core&, Flight&, const Adjacency&, const Address&, Recorder&) noexcept;

}  // namespace lvsd
