#include "engine/icmp_errors.h"

#include "engine/explain.h"
#include "engine/fields_hash.h"
#include "engine/forward.h"

namespace lvsd {

namespace {

/// Our address on a port, of the family asked for; a router's answer to IPv6 may be link-local only if there is nothing else.
[[nodiscard]] Address address_on(const Tables& tables, std::uint16_t port, bool v4) noexcept {
  Address link_local;
  for (const image::LocalAddress& local : tables.addresses()) {
    if (local.port != port || local.address.is_v4() != v4) continue;
    if (v4 || local.address.bytes[0] != 0xfe || (local.address.bytes[1] & 0xc0) != 0x80) return local.address;
    link_local = local.address;
  }
  return link_local;
}

/// Id of the ICMP echo that an error quotes, 0 for other packets: it stands for a port where NAT is at work.
[[nodiscard]] std::uint16_t quoted_echo_id(const Flight& flight, const Quoted& quoted) noexcept {
  if (quoted.protocol != wire::kIcmp && quoted.protocol != wire::kIcmpv6) return 0;
  const std::size_t at = std::size_t{quoted.transport_at} + offsetof(wire::Icmp, rest);
  return at + 2 <= flight.parsed.end ? load_be16(flight.packet->data + at) : std::uint16_t{0};
}

/// The error concerns a flow from `client` to `vip`: the session's destination, or the one that the scheduler would choose for it.
template <class Trace>
[[nodiscard]] bool find_flow(Core& core, const Tables& tables, Flight& flight, const FlowKey& key, Trace& trace) noexcept {
  flight.hash = core.sessions.hash(key);
  const std::uint32_t session = core.sessions.find(flight.hash, is_v4(flight.parsed), core.now_ms);
  if (session != kNone && tables.destination(core.sessions.destination(session)).state != kGone) {
    flight.destination = core.sessions.destination(session);
    trace.session_found(core.sessions, session, flight.destination, tables, core.now_ms);
    return true;
  }
  trace.session_missed(key, flight.hash);
  const Service& service = *flight.service;
  const std::uint64_t fields = fields_hash(service.hash_fields, {.source = key.client,
                                                                 .destination = key.vip,
                                                                 .source_port = key.client_port,
                                                                 .destination_port = key.vip_port,
                                                                 .protocol = key.protocol,
                                                                 .ethernet = flight.packet->data});
  const Arrival arrival{.key = key, .fields_hash = fields, .now_ms = core.now_ms};
  flight.acquaintance = Acquaintance::untracked;
  flight.destination = core.choosers.foresee(tables, service, arrival);
  trace.scheduled(tables, service, arrival, flight.destination);
  return flight.destination != kNone;
}

/// What the server sent, somebody on the way to the client (or the client) complains about: to the server. What is quoted went from VIP
/// to client; the server knows it by its own address where NAT is at work.
template <class Trace>
[[nodiscard]] bool to_server(Core& core, const Tables& tables, Flight& flight, const Quoted& quoted, Trace& trace) noexcept {
  flight.service = tables.find_service(quoted.source, quoted.protocol, quoted.source_port, flight.packet->port);
  if (flight.service == nullptr || !(quoted.source == flight.parsed.destination)) return false;
  trace.note(Step::parse, "An ICMP error towards a VIP: the packet that it quotes tells whose it is.");
  trace.service(tables, flight.parsed, flight.service);
  const FlowKey key{.client = quoted.destination,
                    .vip = quoted.source,
                    .client_port = translates(tables, *flight.service)
                                       ? static_cast<std::uint16_t>(quoted.destination_port | quoted_echo_id(flight, quoted))
                                       : quoted.destination_port,
                    .vip_port = quoted.source_port,
                    .protocol = quoted.protocol};
  if (!find_flow(core, tables, flight, key, trace)) {
    if constexpr (!Trace::kDry) ++core.services[flight.service->id].no_server;
    core.drop(*flight.packet, DropReason::no_destination);
    return true;
  }
  const Destination& to = tables.destination(flight.destination);
  const bool nat = to.method == image::kMasquerade || to.method == image::kFullNat;
  if (to.method == image::kFullNat && flight.acquaintance == Acquaintance::untracked) {  // nobody knows what its client was called
    core.drop(*flight.packet, DropReason::icmp_no_session);
    return true;
  }
  trace.destination(tables, flight.destination);
  if constexpr (!Trace::kDry) {
    count_in(core, flight);
    core.event(Event::icmp_errors_forwarded);
  }
  if (nat && !is_for_us(tables, to)) {
    if (!expect_replies_anew(core, tables, flight, trace)) {
      core.drop(*flight.packet, to.method == image::kFullNat ? DropReason::no_snat_port : DropReason::session_table_full);
      return true;
    }
    Rewrite inside;
    inside.new_source = to.address;
    inside.new_source_port = to.port;
    if (to.method == image::kFullNat) {
      const Snat snat = snat_of(core, tables, flight);
      inside.new_destination = snat.address;
      inside.new_destination_port = snat.port;
    }
    translate_quoted(*flight.packet, flight.parsed, quoted, inside);
  }
  send(core, tables, flight, to, trace);
  return true;
}

/// What the client sent, the server or a router before it complains about: to the client. What is quoted is as we sent it.
template <class Trace>
[[nodiscard]] bool to_client(Core& core, const Tables& tables, Flight& flight, const Quoted& quoted, Trace& trace) noexcept {
  const auto peer_port = static_cast<std::uint16_t>(quoted.source_port | quoted_echo_id(flight, quoted));
  const std::uint32_t session = core.sessions.find_reverse(quoted.destination, quoted.destination_port, quoted.source, peer_port,
                                                           quoted.protocol, core.now_ms);
  if (session == kNone || !(flight.parsed.destination == quoted.source)) return false;
  const FlowKey key = core.sessions.key(session);
  flight.destination = core.sessions.destination(session);
  const Destination& from = tables.destination(flight.destination);
  if (from.state == kGone || from.state == kVacant) return false;
  flight.hash = core.sessions.hash_of(session);
  trace.note(Step::parse, "An ICMP error about a packet that we translated: it goes back to the client, as an error about the client's own packet.");
  trace.reply(tables, key, flight.destination);
  if (flight.parsed.ttl <= 1) {
    core.drop(*flight.packet, DropReason::ttl_exceeded);
    return true;
  }
  const std::uint32_t index = tables.route(key.client, static_cast<std::uint32_t>(flight.hash >> 32));
  if (index == kNone) {
    trace.path(tables, nullptr, 0, 0);
    core.drop(*flight.packet, DropReason::no_route);
    return true;
  }
  trace.before_rewrite(*flight.packet, flight.parsed);
  Rewrite inside;
  inside.new_destination = key.vip;
  inside.new_destination_port = key.vip_port;
  Rewrite outside;
  outside.new_source = key.vip;  // as ip_vs_nat_icmp: a router's own address means nothing to the client
  if (Sessions::expects_replies(core.sessions.marks(session), true)) {  // whatever the server's method is by now
    inside.new_source = outside.new_destination = key.client;
    inside.new_source_port = key.client_port;
  }
  translate_quoted(*flight.packet, flight.parsed, quoted, inside);
  if (!Nat::apply(*flight.packet, flight.parsed, from, tables, outside)) {
    core.drop(*flight.packet, DropReason::no_room);
    return true;
  }
  trace.after_rewrite(*flight.packet, flight.parsed, nullptr);
  core.event(Event::icmp_errors_forwarded);
  put_on_link(core, tables, flight, tables.adjacency(index), key.client, trace);
  return true;
}

}  // namespace

void tell_sender(Core& core, const Tables& tables, const Packet& packet, const Parsed& parsed, IcmpProblem problem,
                 std::uint16_t mtu) noexcept {
  if (!core.extras.room()) return;
  Address from = address_on(tables, packet.port, parsed.network == Network::v4);
  if (from.is_zero()) from = parsed.destination;
  Packet answer = core.extras.buffer(kMostIcmpError, packet.port);
  if (answer.data == nullptr) return;
  answer.length = static_cast<std::uint32_t>(make_icmp_error(packet, parsed, problem, mtu, from, {answer.data, kMostIcmpError}));
  if (answer.length == 0) return;
  if (!core.icmp_limit.take(core.now_ms)) {
    ++core.count->dropped[static_cast<std::size_t>(DropReason::rate_limited)];
    return;
  }
  answer.verdict = Verdict::forward;
  core.event(Event::icmp_errors_sent);
  core.extras.add(answer);
}

template <class Trace>
bool forward_icmp_error(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  Quoted quoted;
  if (!parse_quoted(*flight.packet, flight.parsed, quoted)) {
    if (tables.any_service_of(flight.parsed.destination, flight.packet->port) == nullptr) return false;
    core.drop(*flight.packet, DropReason::bad_icmp_quote);
    return true;
  }
  return to_client(core, tables, flight, quoted, trace) || to_server(core, tables, flight, quoted, trace) ||
         forward_tunnel_error(core, tables, flight, quoted, trace);
}

template bool forward_icmp_error(Core&, const Tables&, Flight&, NoTrace&) noexcept;
template bool forward_icmp_error(Core&, const Tables&, Flight&, Recorder&) noexcept;

}  // namespace lvsd
