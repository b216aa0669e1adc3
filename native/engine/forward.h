#pragma once
#include <cstdint>

#include "encap/direct.h"
#include "encap/gre.h"
#include "encap/gue.h"
#include "encap/ipip.h"
#include "encap/l3dsr.h"
#include "encap/link.h"
#include "encap/nat.h"
#include "engine/path.h"
#include "engine/trace.h"
#include "engine/worker_state.h"
#include "packet/headers.h"
#include "packet/parse.h"

/// The one body that forwards: look → recognize → take → settle → dispatch, each for one packet. worker.cc runs them over a batch, stage by stage, so that
/// what the next stage reads is on its way; explain.cc runs them over one packet with a Recorder. What is rare is out of line.
namespace lvsd {

/// Which of VPP's counters a packet belongs to.
enum class Acquaintance : std::uint8_t { existing, first, untracked };

/// What is known of one packet on its way: two cache lines.
struct alignas(64) Flight {
  Parsed parsed;
  Packet* packet = nullptr;
  const Service* service = nullptr;
  std::uint64_t hash = 0;             ///< of the session's key; also entropy, and which way among equal ones
  std::uint32_t destination = kNone;  ///< id
  std::uint32_t aimed = 0;            ///< Sessions::aim
  std::uint16_t echo_id = 0;          ///< of an ICMP echo through NAT: it stands for a port
  Acquaintance acquaintance = Acquaintance::existing;
  std::uint8_t marks = 0;             ///< of its session, Sessions::expects_replies
};
static_assert(sizeof(Flight) == 128);

[[nodiscard]] inline bool is_v4(const Parsed& parsed) noexcept { return parsed.network == Network::v4; }
[[nodiscard]] inline bool is_icmp(const Parsed& parsed) noexcept {
  return parsed.protocol == (is_v4(parsed) ? wire::kIcmp : wire::kIcmpv6);
}

/// Key of the session a client's packet belongs to.
[[nodiscard]] inline FlowKey key_of(const Flight& flight) noexcept {
  const Parsed& parsed = flight.parsed;
  return {.client = parsed.source,
          .vip = parsed.destination,
          .client_port = static_cast<std::uint16_t>(parsed.source_port | flight.echo_id),
          .vip_port = parsed.destination_port,
          .protocol = parsed.protocol};
}

inline void pass(Core& core, Packet& packet) noexcept {
  packet.verdict = Verdict::pass;
  core.event(Event::passed);
}

// ---------------------------------------------------------------- out of line: each is in the file named

/// forward_rare.cc: all that is not a whole packet of a known transport to a service. Decides about it completely.
template <class Trace>
void forward_rare(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept;
/// forward_new.cc: no session, or one that has ended. False: the packet's fate is sealed.
template <class Trace>
[[nodiscard]] bool settle_new(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept;
/// forward_new.cc: the session's server was removed. False: the packet's fate is sealed.
template <class Trace>
[[nodiscard]] bool settle_again(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept;
/// forward_new.cc: makes the flow's session, if it has one to this server, expect its replies by what the server's method goes by, NAT or
/// full NAT. False: that cannot be, and the session ends.
template <class Trace>
[[nodiscard]] bool expect_replies_anew(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept;
/// forward_new.cc: a client keeps its server as long as it has flows.
void touch_affinity(Core& core, const Flight& flight) noexcept;
/// forward_path.cc: TTL used up, too big, no way, this machine itself, neighbour unknown.
template <class Trace>
void send_without_way(Core& core, const Tables& tables, Flight& flight, const Destination& to, Trace& trace) noexcept;
template <class Trace>
void send_too_big(Core& core, const Tables& tables, Flight& flight, const Destination& to, Trace& trace) noexcept;
template <class Trace>
void send_ttl_exceeded(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept;
template <class Trace>
void wait_for_neighbour(Core& core, Flight& flight, const Adjacency& way, const Address& beyond, Trace& trace) noexcept;
/// replies.cc: a packet of a NAT server. False: it is no reply that we know.
template <class Trace>
[[nodiscard]] bool forward_reply(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept;
/// icmp_errors.cc: an ICMP error, either way. False: it concerns no flow of ours.
template <class Trace>
[[nodiscard]] bool forward_icmp_error(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept;
/// worker_fragments.cc. False: it is held or dropped, its fate is sealed. True: `parsed` has the ports of its datagram.
template <class Trace>
[[nodiscard]] bool join_fragment(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept;
/// Protocols whose header begins with two ports.
[[nodiscard]] constexpr bool has_ports(std::uint8_t protocol) noexcept {
  return protocol == wire::kTcp || protocol == wire::kUdp || protocol == wire::kSctp || protocol == wire::kDccp || protocol == wire::kUdpLite;
}
/// worker_fragments.cc: the ports of a later fragment's datagram. False: they are not known.
[[nodiscard]] bool recall_ports(const Core& core, Flight& flight) noexcept;
/// worker_fragments.cc: keeps the ports of a first fragment. The key that others wait under for it; 0: it is none of ours.
[[nodiscard]] std::uint64_t learn_first(Core& core, const Tables& tables, const Flight& first) noexcept;
/// worker_fragments.cc: those whose first fragment came in this batch, after it.
void forward_released_fragments(Core& core, const Tables& tables) noexcept;
void expire_fragments(Core& core) noexcept;
/// replies.cc: id of an ICMP echo, which stands for a port where NAT is at work.
[[nodiscard]] std::uint16_t echo_id_of(const Flight& flight) noexcept;
/// replies.cc: gives an ICMP echo another id; its checksum learns of it.
void change_echo_id(Packet& packet, const Parsed& parsed, std::uint16_t id) noexcept;

// ---------------------------------------------------------------- look

/// Whose a frame is by its destination MAC.
enum class Station : std::uint8_t { ours, several, another };

[[nodiscard]] inline Station station_of(const Tables& tables, const Packet& packet) noexcept {
  if (packet.port >= tables.ports().size() || packet.length < wire::kMacs) [[unlikely]] return Station::another;
  constexpr std::size_t kMacAt = offsetof(image::Port, mac);
  static_assert(kMacAt + 8 <= sizeof(image::Port));
  const auto* const port = reinterpret_cast<const std::uint8_t*>(&tables.ports()[packet.port]);
  // eight bytes each, of which six count
  if ((load<std::uint64_t>(packet.data) ^ load<std::uint64_t>(port + kMacAt)) << 16 == 0) [[likely]] return Station::ours;
  return (packet.data[0] & 1) != 0 ? Station::several : Station::another;
}
/// A promiscuous port sees other stations' frames.
[[nodiscard]] inline bool is_anothers(const Tables& tables, const Packet& packet) noexcept {
  return station_of(tables, packet) == Station::another;
}

/// Frames that were for us, summed up over a batch.
struct Received {
  std::uint64_t frames = 0, bytes = 0;
};

/// First look. True: a whole packet with ports, whose service is to be found; else its fate is sealed.
template <class Trace>
[[nodiscard]] inline bool look(Core& core, const Tables& tables, Flight& flight, Received& received, Trace& trace) noexcept {
  Packet& packet = *flight.packet;
  const Station station = station_of(tables, packet);
  if (station == Station::another) [[unlikely]] {
    trace.note(Step::parse, "The frame is for another station's MAC address: it is left alone.");
    packet.verdict = Verdict::pass;
    return false;
  }
  ++received.frames;
  received.bytes += packet.length;
  Parsed& parsed = flight.parsed;
  const DropReason refused = parse(packet, parsed);
  if (refused != DropReason::none) [[unlikely]] {
    core.drop(packet, refused);
    return false;
  }
  trace.parsed(packet, parsed);
  if (parsed.has_ports && !parsed.is_fragment && station == Station::ours) [[likely]] return true;
  forward_rare(core, tables, flight, trace);
  return false;
}

// ---------------------------------------------------------------- recognize, take

/// The session's hash, and the service, if it is a known one. False: ask_service.
[[nodiscard]] inline bool recognize(const Core& core, Flight& flight) noexcept {
  const Parsed& parsed = flight.parsed;
  flight.hash = core.sessions.hash(parsed.source, parsed.destination, parsed.source_port, parsed.destination_port, parsed.protocol,
                                   is_v4(parsed));
  return core.service_cache.find(parsed.destination, parsed.protocol, parsed.destination_port, flight.packet->port, flight.service);
}
inline void ask_service(Core& core, const Tables& tables, Flight& flight) noexcept {
  const Parsed& parsed = flight.parsed;
  flight.service = core.service_cache.ask(tables, parsed.destination, parsed.protocol, parsed.destination_port, flight.packet->port);
}

/// True: its service takes it; else its fate is sealed.
template <class Trace>
[[nodiscard]] inline bool take(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  if (flight.service == nullptr) [[unlikely]] {
    forward_rare(core, tables, flight, trace);
    return false;
  }
  trace.service(tables, flight.parsed, flight.service);
  return true;
}

// ---------------------------------------------------------------- settle

/// A session was found: it is the flow's, and goes on.
template <class Trace>
inline void follow_session(Core& core, const Tables& tables, Flight& flight, std::uint32_t session, Trace& trace) noexcept {
  flight.destination = core.sessions.destination(session);
  flight.marks = core.sessions.marks(session);
  trace.session_found(core.sessions, session, flight.destination, tables, core.now_ms);
  if constexpr (!Trace::kDry) {
    core.sessions.touch(session, flight.parsed.tcp_flags, false, *flight.service, core.now_ms);
    if (flight.service->is_persistent()) [[unlikely]] touch_affinity(core, flight);
  }
}

/// Which destination. False: the packet's fate is sealed.
/// @param session what was found for `flight.hash`; of a batch perhaps too early: settle_new looks again
template <class Trace>
[[nodiscard]] inline bool settle(Core& core, const Tables& tables, Flight& flight, std::uint32_t session, Trace& trace) noexcept {
  if (session == kNone || core.sessions.restarts(session, flight.parsed.tcp_flags)) [[unlikely]] {
    return settle_new(core, tables, flight, trace);
  }
  follow_session(core, tables, flight, session, trace);
  return true;
}
template <class Trace>
[[nodiscard]] inline bool settle(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  return settle(core, tables, flight, core.sessions.find(flight.hash, is_v4(flight.parsed), core.now_ms), trace);
}

// ---------------------------------------------------------------- send

/// A client's packet, counted once for its service and its destination.
inline void count_in(Core& core, const Flight& flight) noexcept {
  // all that is read comes first: the compiler keeps nothing across the store of a counter
  ServiceCounters& service = core.services[flight.service->id];
  DestinationCounters& destination = core.destinations[flight.destination];
  const std::uint32_t bytes = flight.parsed.packet_length();
  if (flight.acquaintance == Acquaintance::existing) [[likely]] {
    ++service.existing;
  } else {
    ++(flight.acquaintance == Acquaintance::first ? service.first : service.untracked);
  }
  service.bytes_in += bytes;
  ++destination.packets_in;
  destination.bytes_in += bytes;
}

/// What full NAT gave the flow. Looked up anew: since `settle`, other packets of the batch may have moved sessions about, or ended this one;
/// and who only explains has made none: then what it would be given.
[[nodiscard]] inline Snat snat_of(const Core& core, const Tables& tables, const Flight& flight) noexcept {
  const std::uint32_t session = core.sessions.find(flight.hash, is_v4(flight.parsed), core.now_ms);
  if (session != kNone && Sessions::expects_replies(core.sessions.marks(session), true)) [[likely]] return core.sessions.snat(session, tables);
  const FlowKey key = session != kNone ? core.sessions.key(session) : key_of(flight);
  return core.sessions.foresee_snat(flight.hash, key, tables, *flight.service, tables.destination(flight.destination),
                                    core.index, core.options.workers, core.now_ms);
}

// What is written into or around the packet, by method. GRE over IPv4 is inlined where it is used, the others are a call each: together they
// would be too much for the registers of one loop, and in one function each would save the registers of all.

[[nodiscard, gnu::always_inline]] inline Rewrite tunnel_rewrite(const Tables& tables, const Flight& flight) noexcept {
  return {.flow_hash = flight.hash, .tunnel_ttl = tables.settings().tunnel_ttl};
}
[[nodiscard, gnu::noinline]] inline bool carry_by_gre(const Tables& tables, Flight& flight, const Destination& to) noexcept {
  return Gre::apply(*flight.packet, flight.parsed, to, tables, tunnel_rewrite(tables, flight));
}
[[nodiscard, gnu::noinline]] inline bool carry_by_ipip(const Tables& tables, Flight& flight, const Destination& to) noexcept {
  return Ipip::apply(*flight.packet, flight.parsed, to, tables, tunnel_rewrite(tables, flight));
}
[[nodiscard, gnu::noinline]] inline bool carry_by_gue(const Tables& tables, Flight& flight, const Destination& to) noexcept {
  return Gue::apply(*flight.packet, flight.parsed, to, tables, tunnel_rewrite(tables, flight));
}
[[nodiscard, gnu::noinline]] inline bool carry_by_nat(const Tables& tables, Flight& flight, const Destination& to) noexcept {
  const Rewrite rewrite{.new_destination = to.address, .new_destination_port = to.port};
  return Nat::apply(*flight.packet, flight.parsed, to, tables, rewrite);
}
[[nodiscard, gnu::noinline]] inline bool carry_by_l3dsr(const Tables& tables, Flight& flight, const Destination& to) noexcept {
  const Rewrite rewrite{.dscp = tables.service(to.service).dscp};
  return L3dsr::apply(*flight.packet, flight.parsed, to, tables, rewrite);
}
[[nodiscard, gnu::noinline]] inline bool carry_direct(const Tables& tables, Flight& flight, const Destination& to) noexcept {
  return Direct::apply(*flight.packet, flight.parsed, to, tables, {});
}
/// Full NAT changes an echo's id as it changes a port. False: there is no source for it, and the client's own is not shown to the server.
[[nodiscard, gnu::noinline]] inline bool carry_by_full_nat(const Core& core, const Tables& tables, Flight& flight, const Destination& to) noexcept {
  const Snat snat = snat_of(core, tables, flight);
  if (snat.address.is_zero()) return false;
  if (flight.echo_id != 0) change_echo_id(*flight.packet, flight.parsed, snat.port);
  const Rewrite rewrite{.new_source = snat.address,
                        .new_destination = to.address,
                        .new_source_port = snat.port,
                        .new_destination_port = to.port};
  return Nat::apply(*flight.packet, flight.parsed, to, tables, rewrite);
}

template <class Trace>
[[nodiscard, gnu::noinline]] bool carry_otherwise(Core& core, const Tables& tables, Flight& flight, const Destination& to,
                                                  Trace& trace) noexcept {
  const bool full = to.method == image::kFullNat, translated = full || to.method == image::kMasquerade;
  if (translated && !Sessions::expects_replies(flight.marks, full)) [[unlikely]] {
    if (!expect_replies_anew(core, tables, flight, trace)) return false;
  }
  switch (to.method) {
    case image::kTunnel:
      if (to.tunnel == image::kGre) return carry_by_gre(tables, flight, to);
      return to.tunnel == image::kIpip ? carry_by_ipip(tables, flight, to) : carry_by_gue(tables, flight, to);
    case image::kMasquerade: return carry_by_nat(tables, flight, to);
    case image::kL3dsr: return carry_by_l3dsr(tables, flight, to);
    case image::kDirect: return carry_direct(tables, flight, to);
    case image::kFullNat: return carry_by_full_nat(core, tables, flight, to);
    default: return false;
  }
}
template <class Trace>
[[nodiscard, gnu::always_inline]] inline bool carry(Core& core, const Tables& tables, Flight& flight, const Destination& to,
                                                    Trace& trace) noexcept {
  if (!to.plain_gre4) return carry_otherwise(core, tables, flight, to, trace);
  return Gre::put<true, false>(*flight.packet, flight.parsed, to, tunnel_rewrite(tables, flight));
}

/// Link header and verdict: the last step of everything that goes out. What has gone out is counted at the end of the batch.
template <class Trace>
[[gnu::always_inline]] inline void put_on_link(Core& core, const Tables& tables, Flight& flight, const Adjacency& way, const Address& beyond,
                                               Trace& trace) noexcept {
  if (!put_link_header(*flight.packet, flight.parsed, way)) [[unlikely]] return core.drop(*flight.packet, DropReason::no_room);
  trace.link(tables, way);
  if ((way.flags & image::kResolved) == 0) [[unlikely]] return wait_for_neighbour(core, flight, way, beyond, trace);
}

/// Path, rewriting, link. `to` is alive; the packet was counted.
template <class Trace>
[[gnu::always_inline]] inline void send(Core& core, const Tables& tables, Flight& flight, const Destination& to, Trace& trace) noexcept {
  const std::uint32_t index = way_to(tables, to, flight.hash);
  if (index == kNone) [[unlikely]] return send_without_way(core, tables, flight, to, trace);
  const Adjacency& way = tables.adjacency(index);
  trace.path(tables, &way, to.mtu, flight.parsed.packet_length());
  if (flight.parsed.ttl <= 1 && takes_a_hop(to)) [[unlikely]] return send_ttl_exceeded(core, tables, flight, trace);
  if (flight.parsed.packet_length() > to.mtu) [[unlikely]] return send_too_big(core, tables, flight, to, trace);
  trace.before_rewrite(*flight.packet, flight.parsed);
  if (!carry(core, tables, flight, to, trace)) [[unlikely]] {
    return core.drop(*flight.packet, to.method == image::kFullNat ? DropReason::no_snat_port : DropReason::no_room);
  }
  trace.after_rewrite(*flight.packet, flight.parsed, &to);
  put_on_link(core, tables, flight, way, to.address, trace);
}

/// What settle chose: counted, sent.
template <class Trace>
[[gnu::always_inline]] inline void dispatch(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  const Destination* to = &tables.destination(flight.destination);
  if (to->state == kGone || to->state == kVacant) [[unlikely]] {
    if (!settle_again(core, tables, flight, trace)) return;
    to = &tables.destination(flight.destination);
  }
  trace.destination(tables, flight.destination);
  if constexpr (!Trace::kDry) count_in(core, flight);
  send(core, tables, flight, *to, trace);
}

/// All of it for a packet that did not come by the straight way: `parsed` has its ports.
template <class Trace>
inline void forward_to_service(Core& core, const Tables& tables, Flight& flight, Trace& trace) noexcept {
  trace.service(tables, flight.parsed, flight.service);
  flight.hash = core.sessions.hash(key_of(flight));
  if (settle(core, tables, flight, trace)) dispatch(core, tables, flight, trace);
}

}  // namespace lvsd
