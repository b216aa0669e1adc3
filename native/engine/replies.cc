#include "engine/explain.h"
#include "engine/forward.h"
#include "engine/icmp_errors.h"
#include "packet/checksum.h"
#include "packet/fragment.h"

/// What NAT servers answer, on its way to the client: it gets the address and port that the client used.
namespace lvsd {

namespace {

/// Where a reply goes and what it becomes.
struct Return {
  FlowKey key;
  Rewrite rewrite;
  std::uint32_t way;
  std::uint16_t echo_id;
};

[[nodiscard]] Return return_of(const Core& core, const Tables& tables, const Flight& flight, std::uint32_t session) noexcept {
  Return back{.key = core.sessions.key(session), .rewrite = {}, .way = kNone, .echo_id = 0};
  back.rewrite.new_source = back.key.vip;
  back.rewrite.new_source_port = back.key.vip_port;
  if (Sessions::expects_replies(core.sessions.marks(session), true)) {  // whatever the server's method is by now
    back.rewrite.new_destination = back.key.client;
    back.rewrite.new_destination_port = back.key.client_port;
    back.echo_id = flight.parsed.has_ports ? std::uint16_t{0} : back.key.client_port;
  }
  back.way = tables.route(back.key.client, static_cast<std::uint32_t>(flight.hash >> 32));
  return back;
}

template <class Trace>
void send_back(Core& core, const Tables& tables, Flight& flight, const Return& back, const Destination& from, Trace& trace) noexcept {
  trace.before_rewrite(*flight.packet, flight.parsed);
  if (back.echo_id != 0 && is_icmp(flight.parsed)) change_echo_id(*flight.packet, flight.parsed, back.echo_id);
  if (!Nat::apply(*flight.packet, flight.parsed, from, tables, back.rewrite)) {
    return core.drop(*flight.packet, DropReason::no_room);
  }
  trace.after_rewrite(*flight.packet, flight.parsed, nullptr);
  put_on_link(core, tables, flight, tables.adjacency(back.way), back.key.client, trace);
}

template <class Trace>
void send_back_in_fragments(Core& core, const Tables& tables, Flight& flight, const Return& back, const Destination& from,
                            std::uint16_t mtu, Trace& trace) noexcept {
  trace.note(Step::path, "It does not fit the way to the client and may be cut: it leaves in fragments.");
  Fragmenter cut(*flight.packet, flight.parsed, mtu);
  bool whole = cut.more();
  while (whole && cut.more()) {
    Packet piece = core.extras.buffer(mtu + flight.parsed.network_at, flight.packet->port);
    Flight part = flight;
    part.packet = &piece;
    whole = piece.data != nullptr && core.extras.room() && cut.next(piece) && parse(piece, part.parsed) == DropReason::none;
    if (!whole) break;
    part.parsed.has_ports = flight.parsed.has_ports;
    send_back(core, tables, part, back, from, trace);
    if (piece.verdict == Verdict::forward && !Trace::kDry) core.extras.add(piece);
    if (Trace::kDry) {
      *flight.packet = piece;
      return;
    }
  }
  if (!whole) return core.drop(*flight.packet, DropReason::no_room);
  flight.packet->verdict = Verdict::held;
  core.event(Event::fragmented);
}

template <class Trace>
void count_out(Core& core, const Tables& tables, const Flight& flight, const Destination& from, Trace&) noexcept {
  core.event(Event::replies);
  if constexpr (Trace::kDry) return;
  const std::uint32_t bytes = flight.parsed.packet_length();
  ServiceCounters& service = core.services[tables.service(from.service).id];
  ++service.packets_out;
  service.bytes_out += bytes;
  DestinationCounters& destination = core.destinations[flight.destination];
  ++destination.packets_out;
  destination.bytes_out += bytes;
}

}  // namespace

std::uint16_t echo_id_of(const Flight& flight) noexcept {
  const Parsed& parsed = flight.parsed;
  if (!is_icmp(parsed) || (parsed.is_fragment && !parsed.is_first_fragment)) return 0;
  const bool echo = is_v4(parsed) ? parsed.icmp_type == wire::kEchoRequest || parsed.icmp_type == wire::kEchoReply
                                  : parsed.icmp_type == wire::kEchoRequest6 || parsed.icmp_type == wire::kEchoReply6;
  const std::size_t at = std::size_t{parsed.transport_at} + offsetof(wire::Icmp, rest);
  return echo && at + 2 <= parsed.end ? load_be16(flight.packet->data + at) : std::uint16_t{0};
}

void change_echo_id(Packet& packet, const Parsed& parsed, std::uint16_t id) noexcept {
  if (parsed.is_fragment && !parsed.is_first_fragment) return;
  if (std::size_t{parsed.transport_at} + sizeof(wire::Icmp) > packet.length) return;
  std::uint8_t* const icmp = packet.data + parsed.transport_at;
  std::uint8_t* const field = icmp + offsetof(wire::Icmp, rest);
  SumChange change;
  const auto before = load<std::uint16_t>(field);
  store_be16(field, id);
  change.replace16(before, load<std::uint16_t>(field));
  change.apply_at(icmp + offsetof(wire::Icmp, checksum));
}

template <class Trace>
bool forward_reply(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  const Parsed& parsed = flight.parsed;
  const auto peer_port = static_cast<std::uint16_t>(parsed.destination_port | flight.echo_id);
  const std::uint32_t session = core.sessions.find_reverse(parsed.source, parsed.source_port, parsed.destination, peer_port,
                                                           parsed.protocol, core.now_ms);
  if (session == kNone) return false;
  flight.destination = core.sessions.destination(session);
  const Destination& from = tables.destination(flight.destination);
  if (from.state == kGone || from.state == kVacant) {
    trace.note(Step::session, "The server of this session was removed: the session ends.");
    if constexpr (!Trace::kDry) core.sessions.erase(session, true);
    return false;
  }
  flight.hash = core.sessions.hash_of(session);
  flight.service = &tables.service(from.service);
  const Return back = return_of(core, tables, flight, session);
  trace.reply(tables, back.key, flight.destination);
  if constexpr (!Trace::kDry) {
    core.sessions.touch(session, parsed.tcp_flags, true, *flight.service, core.now_ms);
  }
  count_out(core, tables, flight, from, trace);
  if (back.way == kNone) {
    trace.path(tables, nullptr, 0, parsed.packet_length());
    core.drop(*flight.packet, DropReason::no_route);
    return true;
  }
  const Adjacency& way = tables.adjacency(back.way);
  trace.path(tables, &way, way.mtu, parsed.packet_length());
  if (parsed.ttl <= 1) {
    send_ttl_exceeded(core, tables, flight, trace);
  } else if (parsed.packet_length() <= way.mtu) {
    send_back(core, tables, flight, back, from, trace);
  } else if (!parsed.dont_fragment) {
    send_back_in_fragments(core, tables, flight, back, from, way.mtu, trace);
  } else {
    trace.note(Step::path, "It does not fit the way to the client and must not be cut: the server is told what fits.");
    tell_sender(core, tables, *flight.packet, parsed, IcmpProblem::too_big, way.mtu);
    core.drop(*flight.packet, DropReason::too_big);
  }
  return true;
}

template bool forward_reply(Core&, const Tables&, Flight&, NoTrace&) noexcept;
template bool forward_reply(Core&, const Tables&, Flight&, Recorder&) noexcept;

}  // namespace lvsd
